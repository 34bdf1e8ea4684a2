var e=Object.freeze({prefix:`fluent`,shadowRootMode:`open`,registry:globalThis.customElements}),t={darkRed:`dark-red`,cranberry:`cranberry`,red:`red`,pumpkin:`pumpkin`,peach:`peach`,marigold:`marigold`,gold:`gold`,brass:`brass`,brown:`brown`,forest:`forest`,seafoam:`seafoam`,darkGreen:`dark-green`,lightTeal:`light-teal`,teal:`teal`,steel:`steel`,blue:`blue`,royalBlue:`royal-blue`,cornflower:`cornflower`,navy:`navy`,lavender:`lavender`,purple:`purple`,grape:`grape`,lilac:`lilac`,pink:`pink`,magenta:`magenta`,plum:`plum`,beige:`beige`,mink:`mink`,platinum:`platinum`,anchor:`anchor`},n={neutral:`neutral`,brand:`brand`,colorful:`colorful`,...t},r=`${e.prefix}-avatar`,i=class{constructor(e,t,n=!1){this.evaluate=e,this.policy=t,this.isVolatile=n}},a;(function(e){e[e.needsArrayObservation=1101]=`needsArrayObservation`,e[e.onlySetDOMPolicyOnce=1201]=`onlySetDOMPolicyOnce`,e[e.bindingInnerHTMLRequiresTrustedTypes=1202]=`bindingInnerHTMLRequiresTrustedTypes`,e[e.twoWayBindingRequiresObservables=1203]=`twoWayBindingRequiresObservables`,e[e.hostBindingWithoutHost=1204]=`hostBindingWithoutHost`,e[e.unsupportedBindingBehavior=1205]=`unsupportedBindingBehavior`,e[e.directCallToHTMLTagNotAllowed=1206]=`directCallToHTMLTagNotAllowed`,e[e.onlySetTemplatePolicyOnce=1207]=`onlySetTemplatePolicyOnce`,e[e.cannotSetTemplatePolicyAfterCompilation=1208]=`cannotSetTemplatePolicyAfterCompilation`,e[e.blockedByDOMPolicy=1209]=`blockedByDOMPolicy`,e[e.invalidHydrationAttributeMarker=1210]=`invalidHydrationAttributeMarker`,e[e.duplicateRenderInstruction=1211]=`duplicateRenderInstruction`,e[e.missingElementDefinition=1401]=`missingElementDefinition`,e[e.noRegistrationForContext=1501]=`noRegistrationForContext`,e[e.noFactoryForResolver=1502]=`noFactoryForResolver`,e[e.invalidResolverStrategy=1503]=`invalidResolverStrategy`,e[e.cannotAutoregisterDependency=1504]=`cannotAutoregisterDependency`,e[e.cannotResolveKey=1505]=`cannotResolveKey`,e[e.cannotConstructNativeFunction=1506]=`cannotConstructNativeFunction`,e[e.cannotJITRegisterNonConstructor=1507]=`cannotJITRegisterNonConstructor`,e[e.cannotJITRegisterIntrinsic=1508]=`cannotJITRegisterIntrinsic`,e[e.cannotJITRegisterInterface=1509]=`cannotJITRegisterInterface`,e[e.invalidResolver=1510]=`invalidResolver`,e[e.invalidKey=1511]=`invalidKey`,e[e.noDefaultResolver=1512]=`noDefaultResolver`,e[e.cyclicDependency=1513]=`cyclicDependency`,e[e.connectUpdateRequiresController=1514]=`connectUpdateRequiresController`})(a||={});var o=e=>typeof e==`function`,s=e=>typeof e==`string`,c=()=>void 0,l=Object.create(null),u={warn(e,t){},error(e,t){return Error(`Error ${e}`)},addMessages(e){Object.assign(l,e)}},ee=Object.freeze([]);function d(){let e=new Map;return Object.freeze({register(t){return!e.has(t.type)&&(e.set(t.type,t),!0)},getByType(t){return e.get(t)},getForInstance(t){if(t!=null)return e.get(t.constructor)}})}function f(){let e=new WeakMap;return function(t){let n=e.get(t);if(n===void 0){let r=Reflect.getPrototypeOf(t);for(;n===void 0&&r!==null;)n=e.get(r),r=Reflect.getPrototypeOf(r);n=n===void 0?[]:n.slice(0),e.set(t,n)}return n}}function p(e){e.prototype.toJSON=c}var te=class extends i{createObserver(){return this}bind(e){return this.evaluate(e.source,e.context)}};p(te);function ne(e,t){return new te(e,t)}var re=class{constructor(e,t){this.sub1=void 0,this.sub2=void 0,this.spillover=void 0,this.subject=e,this.sub1=t}has(e){return this.spillover===void 0?this.sub1===e||this.sub2===e:this.spillover.indexOf(e)!==-1}subscribe(e){let t=this.spillover;if(t===void 0){if(this.has(e))return;if(this.sub1===void 0){this.sub1=e;return}if(this.sub2===void 0){this.sub2=e;return}this.spillover=[this.sub1,this.sub2,e],this.sub1=void 0,this.sub2=void 0}else t.indexOf(e)===-1&&t.push(e)}unsubscribe(e){let t=this.spillover;if(t===void 0)this.sub1===e?this.sub1=void 0:this.sub2===e&&(this.sub2=void 0);else{let n=t.indexOf(e);n!==-1&&t.splice(n,1)}}notify(e){let t=this.spillover,n=this.subject;if(t===void 0){let t=this.sub1,r=this.sub2;t!==void 0&&t.handleChange(n,e),r!==void 0&&r.handleChange(n,e)}else for(let r=0,i=t.length;r<i;++r)t[r].handleChange(n,e)}},ie=class{constructor(e){this.subscribers={},this.subjectSubscribers=null,this.subject=e}notify(e){var t,n;(t=this.subscribers[e])==null||t.notify(e),(n=this.subjectSubscribers)==null||n.notify(e)}subscribe(e,t){let n;n=t?this.subscribers[t]??(this.subscribers[t]=new re(this.subject)):this.subjectSubscribers??=new re(this.subject),n.subscribe(e)}unsubscribe(e,t){var n,r;t?(n=this.subscribers[t])==null||n.unsubscribe(e):(r=this.subjectSubscribers)==null||r.unsubscribe(e)}},m=[],ae=[],oe=globalThis.requestAnimationFrame,se=!0;function ce(){if(ae.length)throw ae.shift()}function le(e){try{e.call()}catch(e){if(se)ae.push(e),setTimeout(ce,0);else throw m.length=0,e}}function ue(){let e=0;for(;e<m.length;)if(le(m[e]),e++,e>1024){for(let t=0,n=m.length-e;t<n;t++)m[t]=m[t+e];m.length-=e,e=0}m.length=0}function de(e){m.push(e),m.length<2&&(se?oe(ue):ue())}var fe=Object.freeze({enqueue:de,next:()=>new Promise(de),process:ue,setMode:e=>se=e}),pe=Object.freeze({unknown:void 0,coupled:1}),h=(()=>{let e=fe.enqueue,t=/(:|&&|\|\||if|\?\.)/,n=new WeakMap,r,i=e=>{throw u.error(a.needsArrayObservation)};function c(e){let t=e.$fastController??n.get(e);return t===void 0&&(Array.isArray(e)?t=i(e):n.set(e,t=new ie(e))),t}let l=f();class ee{constructor(e){this.name=e,this.field=`_${e}`,this.callback=`${e}Changed`}getValue(e){return r!==void 0&&r.watch(e,this.name),e[this.field]}setValue(e,t){let n=this.field,r=e[n];if(r!==t){e[n]=t;let i=e[this.callback];o(i)&&i.call(e,r,t),c(e).notify(this.name)}}}class d extends re{constructor(e,t,n=!1){super(e,t),this.expression=e,this.isVolatileBinding=n,this.needsRefresh=!0,this.needsQueue=!0,this.isAsync=!0,this.first=this,this.last=null,this.propertySource=void 0,this.propertyName=void 0,this.notifier=void 0,this.next=void 0}setMode(e){this.isAsync=this.needsQueue=e}bind(e){let t=this.observe(e.source,e.context);return!e.isBound&&this.requiresUnbind(e)&&e.onUnbind(this),t}requiresUnbind(e){return e.sourceLifetime!==pe.coupled||this.first!==this.last||this.first.propertySource!==e.source}unbind(e){this.dispose()}observe(e,t){this.needsRefresh&&this.last!==null&&this.dispose();let n=r;r=this.needsRefresh?this:void 0,this.needsRefresh=this.isVolatileBinding;let i;try{i=this.expression(e,t)}finally{r=n}return i}disconnect(){this.dispose()}dispose(){if(this.last!==null){let e=this.first;for(;e!==void 0;)e.notifier.unsubscribe(this,e.propertyName),e=e.next;this.last=null,this.needsRefresh=this.needsQueue=this.isAsync}}watch(e,t){let n=this.last,i=c(e),a=n===null?this.first:{};if(a.propertySource=e,a.propertyName=t,a.notifier=i,i.subscribe(this,t),n!==null){if(!this.needsRefresh){let t;r=void 0,t=n.propertySource[n.propertyName],r=this,e===t&&(this.needsRefresh=!0)}n.next=a}this.last=a}handleChange(){this.needsQueue?(this.needsQueue=!1,e(this)):this.isAsync||this.call()}call(){this.last!==null&&(this.needsQueue=this.isAsync,this.notify(this))}*records(){let e=this.first;for(;e!==void 0;)yield e,e=e.next}}return p(d),Object.freeze({setArrayObserverFactory(e){i=e},getNotifier:c,track(e,t){r&&r.watch(e,t)},trackVolatile(){r&&(r.needsRefresh=!0)},notify(e,t){c(e).notify(t)},defineProperty(e,t){s(t)&&(t=new ee(t)),l(e).push(t),Reflect.defineProperty(e,t.name,{enumerable:!0,get(){return t.getValue(this)},set(e){t.setValue(this,e)}})},getAccessors:l,binding(e,t,n=this.isVolatileBinding(e)){return new d(e,t,n)},isVolatileBinding(e){return t.test(e.toString())}})})();function me(e,t){h.defineProperty(e,t)}var he=(()=>{let e=null;return{get(){return e},set(t){e=t}}})(),ge=Object.freeze({default:{index:0,length:0,get event(){return ge.getEvent()},eventDetail(){return this.event.detail},eventTarget(){return this.event.target}},getEvent(){return he.get()},setEvent(e){he.set(e)}}),_e=class extends i{createObserver(e){return h.binding(this.evaluate,e,this.isVolatile)}};function ve(e,t,n=h.isVolatileBinding(e)){return new _e(e,t,n)}var g=Object.freeze({none:0,attribute:1,booleanAttribute:2,property:3,content:4,tokenList:5,event:6}),ye=e=>e,be=globalThis.trustedTypes?globalThis.trustedTypes.createPolicy(`fast-html`,{createHTML:ye}):{createHTML:ye},xe=Object.freeze({createHTML(e){return be.createHTML(e)},protect(e,t,n,r){return r}}),Se=xe,Ce=Object.freeze({get policy(){return xe},setPolicy(e){if(xe!==Se)throw u.error(a.onlySetDOMPolicyOnce);xe=e},setAttribute(e,t,n){n==null?e.removeAttribute(t):e.setAttribute(t,n)},setBooleanAttribute(e,t,n){n?e.setAttribute(t,``):e.removeAttribute(t)}}),we=`boolean`,Te=`reflect`,Ee=Object.freeze({locate:f()}),De={toView(e){return e?``:null},fromView(e){return!!e}};function Oe(e){if(e==null)return null;let t=e*1;return isNaN(t)?null:t}var ke={toView(e){let t=Oe(e);return t&&t.toString()},fromView:Oe},Ae=class e{constructor(e,t,n=t.toLowerCase(),r=Te,i){this.guards=new Set,this.Owner=e,this.name=t,this.attribute=n,this.mode=r,this.converter=i,this.fieldName=`_${t}`,this.callbackName=`${t}Changed`,this.hasCallback=this.callbackName in e.prototype,r===we&&i===void 0&&(this.converter=De)}setValue(e,t){let n=e[this.fieldName],r=this.converter;r!==void 0&&(t=r.fromView(t)),n!==t&&(e[this.fieldName]=t,this.tryReflectToAttribute(e),this.hasCallback&&e[this.callbackName](n,t),e.$fastController.notify(this.name))}getValue(e){return h.track(e,this.name),e[this.fieldName]}onAttributeChangedCallback(e,t){this.guards.has(e)||(this.guards.add(e),this.mode===we?this.setValue(e,t!==null):this.setValue(e,t),this.guards.delete(e))}tryReflectToAttribute(e){let t=this.mode,n=this.guards;n.has(e)||t===`fromView`||fe.enqueue(()=>{n.add(e);let r=e[this.fieldName];switch(t){case Te:{let t=this.converter;Ce.setAttribute(e,this.attribute,t===void 0?r:t.toView(r));break}case we:Ce.setBooleanAttribute(e,this.attribute,r)}n.delete(e)})}static collect(t,...n){let r=[];n.push(Ee.locate(t));for(let i=0,a=n.length;i<a;++i){let a=n[i];if(a!==void 0)for(let n=0,i=a.length;n<i;++n){let i=a[n];s(i)?r.push(new e(t,i)):r.push(new e(t,i.property,i.attribute,i.mode,i.converter))}}return r}};function _(e,t){let n;function r(e,t){arguments.length>1&&(n.property=t),Ee.locate(e.constructor).push(n)}if(arguments.length>1)n={},r(e,t);else return n=e===void 0?{}:e,r}var je;function Me(e){return e.reduce((e,t)=>(t instanceof v?e.push(...Me(t.styles)):e.push(t),e),[])}var v=class e{get strategy(){return this._strategy===null&&(je||e.setDefaultStrategy(e.supportsAdoptedStyleSheets?Ne():Fe()),this.withStrategy(je)),this._strategy}constructor(e){this.styles=e,this.targets=new WeakSet,this._strategy=null}addStylesTo(e){this.strategy.addStylesTo(e),this.targets.add(e)}removeStylesFrom(e){this.strategy.removeStylesFrom(e),this.targets.delete(e)}isAttachedTo(e){return this.targets.has(e)}withStrategy(e){return this._strategy=new e(Me(this.styles)),this}static setDefaultStrategy(e){je=e}static normalize(t){return t===void 0?void 0:Array.isArray(t)?new e(t):t instanceof e?t:new e([t])}};v.supportsAdoptedStyleSheets=Array.isArray(document.adoptedStyleSheets)&&`replace`in CSSStyleSheet.prototype;function Ne(){let e=new Map;return class{constructor(t){this.sheets=t.map(t=>{if(t instanceof CSSStyleSheet)return t;let n=e.get(t);return n===void 0&&(n=new CSSStyleSheet,n.replaceSync(t),e.set(t,n)),n})}addStylesTo(e){let t=e;t.adoptedStyleSheets=[...t.adoptedStyleSheets,...this.sheets]}removeStylesFrom(e){let t=e;t.adoptedStyleSheets=t.adoptedStyleSheets.filter(e=>this.sheets.indexOf(e)===-1)}}}var Pe=0;function Fe(){return class{constructor(e){this.styles=e,this.styleClass=`fast-${++Pe}`}addStylesTo(e){let t=e===document?document.body:e;for(let e=0;e<this.styles.length;e++){let n=document.createElement(`style`);n.innerHTML=this.styles[e],n.className=this.styleClass,t.append(n)}}removeStylesFrom(e){let t=e===document?document.body:e,n=t.querySelectorAll(`.${this.styleClass}`);for(let e=0,r=n.length;e<r;++e)t.removeChild(n[e])}}}var Ie={},Le=new WeakMap,Re=d(),ze=Object.freeze({register(e){if(!Re.register(e))return!1;let t=Be(e.registry);return Object.prototype.hasOwnProperty.call(t,e.name)||h.defineProperty(t,e.name),t[e.name]=e.type,!0},getByType:Re.getByType,getForInstance:Re.getForInstance,whenRegistered:He});function Be(e=customElements){if(e===customElements)return Ie;let t=Le.get(e);return t||(t={},Le.set(e,t)),t}function Ve(e){return e===void 0?void 0:ze.getByType(e)}function He(e,t=customElements){let n=Be(t);Object.prototype.hasOwnProperty.call(n,e)||h.defineProperty(n,e);let r=Ve(n[e]);return r===void 0?new Promise(t=>{let r=h.getNotifier(n),i={handleChange:()=>{let a=Ve(n[e]);a!==void 0&&(r.unsubscribe(i,e),t(a))}};r.subscribe(i,e)}):Promise.resolve(r)}var Ue={mode:`open`},We={},Ge=new Set,Ke=new WeakMap,qe=new WeakMap,Je=new WeakMap,Ye=new WeakMap,Xe=new WeakMap;function Ze(e){return o(e)}function Qe(e){return typeof e?.then==`function`}function $e(e,t){if(qe.delete(e),e.template===void 0&&t!==void 0&&(e.template=t),e.template!==void 0)return Je.delete(e),Ke.delete(e),e.template}function et(e,t=e.registry,n){if(!n?.length)return;let r=e,i=Ye.get(r);if(!i?.has(t)){i===void 0&&(i=new WeakSet,Ye.set(r,i)),i.add(t);for(let t of n)t(e)}}function tt(e){return Xe.get(e)??null}function nt(e){if(e.template!==void 0)return Je.delete(e),e.template;let t=qe.get(e);if(t)return t;let n=Ke.get(e);if(!n)return;Je.delete(e);let r;try{r=n(e)}catch(t){throw Je.set(e,t),t}if(Qe(r)){let t=Promise.resolve(r).then(t=>$e(e,t)).catch(t=>{throw qe.delete(e),Je.set(e,t),t});return qe.set(e,t),t}return $e(e,r)}function rt(e,t){let n=e;t===void 0?Je.delete(n):Je.set(n,t)}var it=class e{get isDefined(){return this.platformDefined}constructor(e,t=e.definition){this.platformDefined=!1,s(t)&&(t={name:t}),this.type=e,this.name=t.name,this.registry=t.registry??customElements,Ze(t.template)?Ke.set(this,t.template):this.template=t.template;let n=e.prototype,r=Ae.collect(e,t.attributes),i=Array(r.length),a={},o={};for(let e=0,t=r.length;e<t;++e){let t=r[e];i[e]=t.attribute,a[t.name]=t,o[t.attribute]=t,h.defineProperty(n,t)}Reflect.defineProperty(e,"observedAttributes",{value:i,enumerable:!0}),this.attributes=r,this.propertyLookup=a,this.attributeLookup=o,this.shadowOptions=t.shadowOptions===void 0?Ue:t.shadowOptions===null?void 0:Object.assign(Object.assign({},Ue),t.shadowOptions),this.elementOptions=t.elementOptions===void 0?We:Object.assign(Object.assign({},We),t.elementOptions),this.styles=v.normalize(t.styles),this.schema=t.schema,ze.register(this)}define(e=this.registry,t){let n=this.type;if(!e.get(this.name)){if(et(this,e,t),this.template===void 0&&Ke.has(this))return Promise.resolve().then(()=>nt(this)).then(t=>{t!==void 0&&!e.get(this.name)&&(this.platformDefined=!0,e.define(this.name,n,this.elementOptions))}).catch(e=>{rt(this,e),h.notify(this,`template`)}),this;this.platformDefined=!0,e.define(this.name,n,this.elementOptions)}return this}static compose(t,n){let r=Ge.has(t)||ze.getByType(t)?new e(class extends t{},n):new e(t,n);return Promise.resolve(r)}static registerBaseType(e){Ge.add(e)}};it.getByType=ze.getByType,it.getForInstance=ze.getForInstance,h.defineProperty(it.prototype,`template`);var at={bubbles:!0,composed:!0,cancelable:!0},ot=`isConnected`,st=new WeakMap,ct=Symbol(`fast-late-attribute-observer`);function lt(e){return e.shadowRoot??st.get(e)??null}var ut,y;(function(e){e[e.connecting=0]=`connecting`,e[e.connected=1]=`connected`,e[e.disconnecting=2]=`disconnecting`,e[e.disconnected=3]=`disconnected`})(y||={});var dt=class e{get isConnected(){return h.track(this,ot),this.stage===y.connected}get context(){return this.view?.context??ge.default}get isBound(){return this.view?.isBound??!1}get sourceLifetime(){return this.view?.sourceLifetime}get template(){if(this._template===null){let e=this.definition;this.source.resolveTemplate?this._template=this.source.resolveTemplate():e.template&&(this._template=e.template??null)}return this._template}set template(e){this._template!==e&&(this._template=e,this.needsInitialization||this.renderTemplate(e))}get shadowOptions(){return this._shadowRootOptions}set shadowOptions(e){if(this._shadowRootOptions===void 0&&e!==void 0){this._shadowRootOptions=e;let t=this.source.shadowRoot;t?this.hasExistingShadowRoot=!0:(t=this.source.attachShadow(e),e.mode===`closed`&&st.set(this.source,t))}}get mainStyles(){if(this._mainStyles===null){let e=this.definition;this.source.resolveStyles?this._mainStyles=this.source.resolveStyles():e.styles&&(this._mainStyles=e.styles??null)}return this._mainStyles}set mainStyles(e){this._mainStyles!==e&&(this._mainStyles!==null&&this.removeStyles(this._mainStyles),this._mainStyles=e,this.needsInitialization||this.addStyles(e))}constructor(e,t){this.boundObservables=null,this.needsInitialization=!0,this.hasExistingShadowRoot=!1,this.isPrerendered=new Promise(e=>{this._resolvePrerendered=e}),this.isHydrated=new Promise(e=>{this._resolveHydrated=e}),this._template=null,this.stage=y.disconnected,this.guardBehaviorConnection=!1,this.behaviors=null,this.behaviorsConnected=!1,this._mainStyles=null,this.$fastController=this,this.view=null,this._notifier=new ie(e),this.source=e,this.definition=t,this.shadowOptions=t.shadowOptions;let n=Reflect.getPrototypeOf(e),r=n===null?[]:h.getAccessors(n);if(r.length>0){let t=this.boundObservables=Object.create(null);for(let n=0,i=r.length;n<i;++n){let i=r[n].name,a=e[i];a!==void 0&&(delete e[i],t[i]=a)}Object.keys(t).length===0&&(this.boundObservables=null)}this.captureBoundObservables()}get subject(){return this._notifier.subject}notify(e){this._notifier.notify(e)}subscribe(e,t){this._notifier.subscribe(e,t)}unsubscribe(e,t){this._notifier.unsubscribe(e,t)}onUnbind(e){var t;(t=this.view)==null||t.onUnbind(e)}addBehavior(e){let t=this.behaviors??=new Map,n=t.get(e)??0;n===0?(t.set(e,1),e.addedCallback&&e.addedCallback(this),e.connectedCallback&&!this.guardBehaviorConnection&&(this.stage===y.connected||this.stage===y.connecting)&&e.connectedCallback(this)):t.set(e,n+1)}removeBehavior(e,t=!1){let n=this.behaviors;if(n===null)return;let r=n.get(e);r!==void 0&&(r===1||t?(n.delete(e),e.disconnectedCallback&&this.stage!==y.disconnected&&e.disconnectedCallback(this),e.removedCallback&&e.removedCallback(this)):n.set(e,r-1))}addStyles(e){if(!e)return;let t=this.source;e instanceof HTMLElement?(lt(t)??this.source).append(e):e.isAttachedTo(t)||e.addStylesTo(t)}removeStyles(e){if(!e)return;let t=this.source;e instanceof HTMLElement?(lt(t)??t).removeChild(e):e.isAttachedTo(t)&&e.removeStylesFrom(t)}connect(){this.stage===y.disconnected&&(this.stage=y.connecting,this.captureBoundObservables(),this.syncLateAttributes(),this.observeLateAttributes(),this.bindObservables(),this.connectBehaviors(),this.needsInitialization?(this.renderTemplate(this.template),this.addStyles(this.mainStyles),this.needsInitialization=!1):this.view!==null&&this.view.bind(this.source),this.stage=y.connected,h.notify(this,ot))}bindObservables(){if(this.boundObservables!==null){let e=this.source,t=this.boundObservables,n=Object.keys(t);for(let r=0,i=n.length;r<i;++r){let i=n[r];e[i]=t[i]}this.boundObservables=null}}captureBoundObservables(){let e=this.source,t=Object.getOwnPropertyNames(e),n=t=>{let n=Reflect.getPrototypeOf(e);for(;n!==null;){let e=Reflect.getOwnPropertyDescriptor(n,t);if(e?.get||e?.set)return!0;n=Reflect.getPrototypeOf(n)}return!1},r=this.boundObservables;for(let i=0,a=t.length;i<a;++i){let a=t[i];if(!n(a))continue;let o=e[a];o===void 0?delete e[a]:(delete e[a],(r??=this.boundObservables=Object.create(null))[a]=o)}}syncLateAttributes(){let e=tt(this.definition);if(e!==null)for(let t of Object.keys(e))this.source.hasAttribute(t)&&this.onAttributeChangedCallback(t,null,this.source.getAttribute(t))}observeLateAttributes(){let e=tt(this.definition);if(e===null)return;let t=this.source;t[ct]===void 0&&(t[ct]=new MutationObserver(e=>{let n=t.$fastController,r=tt(n.definition);if(r!==null)for(let i=0,a=e.length;i<a;++i){let a=e[i].attributeName;a!==null&&r[a]!==void 0&&n.onAttributeChangedCallback(a,null,t.getAttribute(a))}}),t[ct].observe(t,{attributes:!0,attributeFilter:Object.keys(e)}))}connectBehaviors(){if(this.behaviorsConnected===!1){let e=this.behaviors;if(e!==null){this.guardBehaviorConnection=!0;for(let t of e.keys())t.connectedCallback&&t.connectedCallback(this);this.guardBehaviorConnection=!1}this.behaviorsConnected=!0}}disconnectBehaviors(){if(this.behaviorsConnected===!0){let e=this.behaviors;if(e!==null)for(let t of e.keys())t.disconnectedCallback&&t.disconnectedCallback(this);this.behaviorsConnected=!1}}disconnect(){this.stage===y.connected&&(this.stage=y.disconnecting,h.notify(this,ot),this.view!==null&&this.view.unbind(),this.disconnectBehaviors(),this.stage=y.disconnected)}onAttributeChangedCallback(e,t,n){let r=this.definition.attributeLookup[e];r!==void 0&&r.onAttributeChangedCallback(this.source,n)}emit(e,t,n){return this.stage===y.connected&&this.source.dispatchEvent(new CustomEvent(e,Object.assign(Object.assign({detail:t},at),n)))}renderTemplate(t){let n=this.source,r=lt(n)??n;if(this.view!==null)this.view.dispose(),this.view=null;else if((!this.needsInitialization||this.hasExistingShadowRoot)&&(!this.hasExistingShadowRoot||!this.needsInitialization))for(let e=r.firstChild;e!==null;e=r.firstChild)r.removeChild(e);if(t){let i=this.hasExistingShadowRoot&&this.needsInitialization,a=!1;i&&e.hydrationHook&&(a=e.hydrationHook(this,t,n,r)),a||this.renderClientSide(t,n,r),this._resolvePrerendered(i),this._resolveHydrated(a)}else this.needsInitialization&&(this._resolvePrerendered(!1),this._resolveHydrated(!1))}renderClientSide(e,t,n){if(this.hasExistingShadowRoot){for(let e=n.firstChild;e!==null;e=n.firstChild)n.removeChild(e);this.hasExistingShadowRoot=!1}this.view=e.render(t,n,t),this.view.sourceLifetime=pe.coupled}static forCustomElement(t,n=!1){let r=t.$fastController;if(r!==void 0&&!n)return r;let i=it.getForInstance(t);if(i===void 0)throw u.error(a.missingElementDefinition);return h.getNotifier(i).subscribe({handleChange:()=>{e.forCustomElement(t,!0),t.$fastController.connect()}},`template`),h.getNotifier(i).subscribe({handleChange:()=>{e.forCustomElement(t,!0),t.$fastController.connect()}},`shadowOptions`),t.$fastController=new ut(t,i)}static setStrategy(e){ut=e}static installHydrationHook(t){e.hydrationHook=t}};dt.hydrationHook=null,p(dt),dt.setStrategy(dt);function ft(e){return`adoptedStyleSheets`in e?e:lt(e)??e.getRootNode()}var pt=class e{constructor(t){let n=e.styleSheetCache;this.sheets=t.map(e=>{if(e instanceof CSSStyleSheet)return e;let t=n.get(e);return t===void 0&&(t=new CSSStyleSheet,t.replaceSync(e),n.set(e,t)),t})}addStylesTo(e){vt(ft(e),this.sheets)}removeStylesFrom(e){yt(ft(e),this.sheets)}};pt.styleSheetCache=new Map;var mt=0,ht=()=>`fast-${++mt}`;function gt(e){return e===document?document.body:e}var _t=class{constructor(e){this.styles=e,this.styleClass=ht()}addStylesTo(e){e=gt(ft(e));let t=this.styles,n=this.styleClass;for(let r=0;r<t.length;r++){let i=document.createElement(`style`);i.innerHTML=t[r],i.className=n,e.append(i)}}removeStylesFrom(e){e=gt(ft(e));let t=e.querySelectorAll(`.${this.styleClass}`);for(let n=0,r=t.length;n<r;++n)e.removeChild(t[n])}},vt=(e,t)=>{e.adoptedStyleSheets=[...e.adoptedStyleSheets,...t]},yt=(e,t)=>{e.adoptedStyleSheets=e.adoptedStyleSheets.filter(e=>t.indexOf(e)===-1)};if(v.supportsAdoptedStyleSheets){try{document.adoptedStyleSheets.push(),document.adoptedStyleSheets.splice(),vt=(e,t)=>{e.adoptedStyleSheets.push(...t)},yt=(e,t)=>{for(let n of t){let t=e.adoptedStyleSheets.indexOf(n);t!==-1&&e.adoptedStyleSheets.splice(t,1)}}}catch{}v.setDefaultStrategy(pt)}else v.setDefaultStrategy(_t);function bt(e){let t=class extends e{constructor(){super(),dt.forCustomElement(this)}$emit(e,t,n){return this.$fastController.emit(e,t,n)}connectedCallback(){this.$fastController.connect()}disconnectedCallback(){this.$fastController.disconnect()}attributeChangedCallback(e,t,n){this.$fastController.onAttributeChangedCallback(e,t,n)}};return it.registerBaseType(t),t}function xt(e){return typeof e?.then==`function`}function St(e,t,n){return Array.isArray(t)&&(n=t,t=void 0),(o(e)?it.compose(e,t):it.compose(this,e)).then(e=>{et(e,e.registry,n);let t=nt(e);return xt(t)?t.then(()=>e.define().type):e.define().type})}function Ct(e){return bt(e)}var wt=Object.assign(bt(HTMLElement),{from:Ct,define:St}),Tt=d(),Et=Object.freeze({getForInstance:Tt.getForInstance,getByType:Tt.getByType,define(e){return Tt.register({type:e}),e}});function Dt(e,t){let n=[],r=``;for(let i=0,a=e.length-1;i<a;++i){r+=e[i];let a=t[i];Et.getForInstance(a)!==void 0&&(a=a.createCSS()),a instanceof v||a instanceof CSSStyleSheet?(r.trim()!==``&&(n.push(r),r=``),n.push(a)):r+=a}return r+=e[e.length-1],r.trim()!==``&&n.push(r),n}var b=((e,...t)=>new v(Dt(e,t))),Ot=class{constructor(e){this.value=e.length===0?``:e.length===1?e[0]:new v(e)}createCSS(){return this.value}};Et.define(Ot),b.partial=(e,...t)=>new Ot(Dt(e,t));var kt=`fast-${Math.random().toString(36).substring(2,8)}`,At=`${kt}{`,jt=`}${kt}`,Mt=jt.length,Nt=0,Pt=()=>`${kt}-${++Nt}`,Ft=Object.freeze({interpolation:e=>`${At}${e}${jt}`,attribute:e=>`${Pt()}="${At}${e}${jt}"`,comment:e=>`<!--${At}${e}${jt}-->`}),It=Object.freeze({parse(e,t){let n=e.split(At);if(n.length===1)return null;let r=[];for(let e=0,i=n.length;e<i;++e){let i=n[e],a=i.indexOf(jt),o;if(a===-1)o=i;else{let e=i.substring(0,a);r.push(t[e]),o=i.substring(a+Mt)}o!==``&&r.push(o)}return r}}),Lt=d(),x=Object.freeze({getForInstance:Lt.getForInstance,getByType:Lt.getByType,define(e,t){return t||={},t.type=e,Lt.register(t),e},assignAspect(e,t){if(!t)e.aspectType=g.content;else switch(e.sourceAspect=t,t[0]){case`:`:e.targetAspect=t.substring(1),e.aspectType=e.targetAspect===`classList`?g.tokenList:g.property;break;case`?`:e.targetAspect=t.substring(1),e.aspectType=g.booleanAttribute;break;case`@`:e.targetAspect=t.substring(1),e.aspectType=g.event;break;default:e.targetAspect=t,e.aspectType=g.attribute}}}),Rt=class{constructor(e){this.options=e}createHTML(e){return Ft.attribute(e(this))}createBehavior(){return this}};p(Rt);var zt=class extends Rt{get id(){return this._id}set id(e){this._id=e,this._controllerProperty=`${e}-c`}bind(e){let t=e.targets[this.targetNodeId];t[this._controllerProperty]=e,this.updateTarget(e.source,this.computeNodes(t)),this.observe(t),e.onUnbind(this)}unbind(e){let t=e.targets[this.targetNodeId];this.updateTarget(e.source,ee),this.disconnect(t),t[this._controllerProperty]=null}getSource(e){return e[this._controllerProperty].source}updateTarget(e,t){e[this.options.property]=t}computeNodes(e){let t=this.getNodes(e);return`filter`in this.options&&(t=t.filter(this.options.filter)),t}},Bt=/fe-b\$\$start\$\$(\d+)\$\$(.+)\$\$fe-b/,Vt=/fe-b\$\$end\$\$(\d+)\$\$(.+)\$\$fe-b/,Ht=/fe-repeat\$\$start\$\$(\d+)\$\$fe-repeat/,Ut=/fe-repeat\$\$end\$\$(\d+)\$\$fe-repeat/,Wt=/^(?:.{0,1000})fe-eb\$\$start\$\$(.+?)\$\$fe-eb/,Gt=/fe-eb\$\$end\$\$(.{0,1000})\$\$fe-eb(?:.{0,1000})$/;function Kt(e){return e&&e.nodeType===Node.COMMENT_NODE}var S=Object.freeze({attributeMarkerName:`data-fe`,legacyAttributeMarkerName:`data-fe-b`,legacyCompactAttributeMarkerName:`data-fe-c`,contentBindingStartMarker(){return`fe:b`},contentBindingEndMarker(){return`fe:/b`},repeatStartMarker(){return`fe:r`},repeatEndMarker(){return`fe:/r`},elementBoundaryStartMarker(){return`fe:e`},elementBoundaryEndMarker(){return`fe:/e`},isContentBindingStartMarker(e){return e===`fe:b`||Bt.test(e)},isContentBindingEndMarker(e){return e===`fe:/b`||Vt.test(e)},isRepeatViewStartMarker(e){return e===`fe:r`||Ht.test(e)},isRepeatViewEndMarker(e){return e===`fe:/r`||Ut.test(e)},isElementBoundaryStartMarker(e){return Kt(e)&&(e.data===`fe:e`||Wt.test(e.data))},isElementBoundaryEndMarker(e){return Kt(e)&&(e.data===`fe:/e`||Gt.test(e.data))},parseAttributeBindingCount(e){let t=e.getAttribute(this.attributeMarkerName);if(t===null)return null;let n=t.trim();if(!/^\d+$/.test(n))throw u.error(a.invalidHydrationAttributeMarker,{value:t});let r=parseInt(n,10);if(r<1)throw u.error(a.invalidHydrationAttributeMarker,{value:t});return r},parseLegacyAttributeBindingIndices(e){let t=[],n=e.getAttribute(this.legacyAttributeMarkerName);if(n!==null)for(let e of n.trim().split(/\s+/)){if(e===``)continue;let r=Number(e);if(!Number.isInteger(r)||r<0)throw u.error(a.invalidHydrationAttributeMarker,{value:n});t.push(r)}let r=`${this.legacyAttributeMarkerName}-`,i=`${this.legacyCompactAttributeMarkerName}-`;for(let n of e.getAttributeNames())if(n.startsWith(r)){let e=Number(n.slice(r.length));if(!Number.isInteger(e)||e<0)throw u.error(a.invalidHydrationAttributeMarker,{value:n});t.push(e)}else if(n.startsWith(i)){let[e,r]=n.slice(i.length).split(`-`).map(e=>Number(e));if(!Number.isInteger(e)||!Number.isInteger(r)||e<0||r<1)throw u.error(a.invalidHydrationAttributeMarker,{value:n});for(let n=0;n<r;n++)t.push(e+n)}return t.length===0?null:t},removeLegacyAttributeBindingMarkers(e){e.removeAttribute(this.legacyAttributeMarkerName);for(let t of e.getAttributeNames())(t.startsWith(`${this.legacyAttributeMarkerName}-`)||t.startsWith(`${this.legacyCompactAttributeMarkerName}-`))&&e.removeAttribute(t)},parseLegacyContentBindingStartIndex(e){return qt(Bt,e)}});function qt(e,t){let n=e.exec(t);return n===null?null:Number(n[1])}var Jt=Symbol.for(`fe-hydration`);function Yt(e){return e[Jt]===Jt}var Xt=`unknown`;function Zt(e,t){return`Hydration mismatch in <${e}>${t?`: ${t}`:``}. Install hydrationDebugger() from "@microsoft/fast-element/hydration.js" and pass it as enableHydration({ debugger: hydrationDebugger() }) for an "Expected / Received" report including the SSR HTML snippet.`}var Qt="content following `<!--fe:b-->` content binding marker",$t="matching `<!--fe:/b-->` content binding close marker",en="matching `<!--fe:/e-->` element boundary close marker";function tn(e){return`no more attribute bindings (template defines ${e})`}function nn(e){return`no more content bindings (template defines ${e})`}function rn(e,t){return Zt((e??Xt).toLowerCase(),t)}var an={formatBindingMismatch(e,t,n,r){return{message:rn(r,void 0)}},formatStructuralError(e,t,n){return{message:rn(t,n)}}};function C(){return an}function w(e){if(e)return e.getRootNode().host?.nodeName}var on=class extends Error{constructor(e,t,n,r,i){super(e),this.factories=t,this.node=n,this.expected=r,this.received=i}};function sn(e){return e.nodeType===Node.COMMENT_NODE}function cn(e){return e.nodeType===Node.TEXT_NODE}function ln(e,t){let n=document.createRange();return n.setStart(e,0),n.setEnd(t,sn(t)||cn(t)?t.data.length:t.childNodes.length),n}function un(e,t,n){let r=ln(e,t),i=r.commonAncestorContainer,a=document.createTreeWalker(i,NodeFilter.SHOW_ELEMENT+NodeFilter.SHOW_COMMENT+NodeFilter.SHOW_TEXT,{acceptNode(e){return r.comparePoint(e,0)===0?NodeFilter.FILTER_ACCEPT:NodeFilter.FILTER_REJECT}}),o={},s={},c=pn(n),l=c,u=a.currentNode=e;for(;u!==null;){switch(u.nodeType){case Node.ELEMENT_NODE:{let e=u,t=S.parseLegacyAttributeBindingIndices(e);if(t!==null){for(let r of t){let t=r+c,i=n[t];if(!i){let t=tn(n.length),r=C().formatStructuralError(u,w(u),t);throw new on(r.message,n,e,r.expected,r.received)}mn(i,u,o),l=Math.max(l,t+1)}S.removeLegacyAttributeBindingMarkers(e);break}let r=S.parseAttributeBindingCount(e);if(r!==null){for(let e=0;e<r;e++){let e=n[l++];if(!e){let e=tn(n.length),t=C().formatStructuralError(u,w(u),e);throw new on(t.message,n,u,t.expected,t.received)}mn(e,u,o)}e.removeAttribute(S.attributeMarkerName)}break}case Node.COMMENT_NODE:{let e=u.data;if(S.isElementBoundaryStartMarker(u))u.data=``,fn(a,n,u);else if(S.isContentBindingStartMarker(e)){let t=S.parseLegacyContentBindingStartIndex(e),r=t===null?l++:t+c,i=n[r];if(l=Math.max(l,r+1),!i){let e=nn(n.length),t=C().formatStructuralError(u,w(u),e);throw new on(t.message,n,u,t.expected,t.received)}dn(u,a,i,n,o,s)}break}}u=a.nextNode()}return r.detach(),{targets:o,boundaries:s}}function dn(e,t,n,r,i,a){let o=[],s=t.nextSibling();if(e.data=``,s===null){let t=Qt,n=C().formatStructuralError(e,w(e),t);throw new on(n.message,r,e,n.expected,n.received)}let c=s,l=0;for(;s!==null;){if(sn(s)){if(S.isContentBindingStartMarker(s.data))l++;else if(S.isContentBindingEndMarker(s.data)){if(l===0)break;l--}}o.push(s),s=t.nextSibling()}if(s===null){let t=$t,n=C().formatStructuralError(e,w(e),t);throw new on(n.message,r,e,n.expected,n.received)}s.data=``,o.length===1&&cn(o[0])?mn(n,o[0],i):(s!==c&&s.previousSibling!==null&&(a[n.targetNodeId]={first:c,last:s.previousSibling}),mn(n,s.parentNode.insertBefore(document.createTextNode(``),s),i))}function fn(e,t,n){let r=0,i=e.nextSibling();for(;i!==null;){if(sn(i)){if(S.isElementBoundaryStartMarker(i))i.data=``,r++;else if(S.isElementBoundaryEndMarker(i)){if(r===0){i.data=``;return}i.data=``,r--}}i=e.nextSibling()}let a=en,o=C().formatStructuralError(n,w(n),a);throw new on(o.message,t,n,o.expected,o.received)}function pn(e){let t=0;for(let n=0,r=e.length;n<r&&e[n].targetNodeId===`h`;++n)t++;return t}function mn(e,t,n){if(e.targetNodeId===void 0)throw Error(`Factory could not be target to the node`);n[e.targetNodeId]=t}function hn(e,t){let n=e.parentNode,r=e,i;for(;r!==t;){if(i=r.nextSibling,!i)throw Error(`Unmatched first/last child inside "${t.getRootNode().host.nodeName}".`);n.removeChild(r),r=i}n.removeChild(t)}var gn=class{constructor(){this.index=0,this.length=0}get event(){return ge.getEvent()}get isEven(){return this.index%2==0}get isOdd(){return this.index%2!=0}get isFirst(){return this.index===0}get isInMiddle(){return!this.isFirst&&!this.isLast}get isLast(){return this.index===this.length-1}eventDetail(){return this.event.detail}eventTarget(){return this.event.target}},_n=class extends gn{constructor(e,t,n){super(),this.fragment=e,this.factories=t,this.targets=n,this.behaviors=null,this.unbindables=[],this.source=null,this.isBound=!1,this.sourceLifetime=pe.unknown,this._skipAttrUpdates=!1,this.isPrerendered=Promise.resolve(!1),this.isHydrated=Promise.resolve(!1),this.context=this,this.firstChild=e.firstChild,this.lastChild=e.lastChild}appendTo(e){e.appendChild(this.fragment)}insertBefore(e){if(this.fragment.hasChildNodes())e.parentNode.insertBefore(this.fragment,e);else{let t=this.lastChild;if(e.previousSibling===t)return;let n=e.parentNode,r=this.firstChild,i;for(;r!==t;)i=r.nextSibling,n.insertBefore(r,e),r=i;n.insertBefore(t,e)}}remove(){let e=this.fragment,t=this.lastChild,n=this.firstChild,r;for(;n!==t;)r=n.nextSibling,e.appendChild(n),n=r;e.appendChild(t)}dispose(){hn(this.firstChild,this.lastChild),this.unbind()}onUnbind(e){this.unbindables.push(e)}bind(e,t=this){if(this.source===e&&this.context===t)return;let n=this.behaviors;if(n===null){this.source=e,this.context=t,this.behaviors=n=Array(this.factories.length);let r=this.factories;for(let e=0,t=r.length;e<t;++e){let t=r[e].createBehavior();t.bind(this),n[e]=t}}else{this.source!==null&&this.evaluateUnbindables(),this.isBound=!1,this.source=e,this.context=t;for(let e=0,t=n.length;e<t;++e)n[e].bind(this)}this.isBound=!0}unbind(){this.isBound&&this.source!==null&&(this.evaluateUnbindables(),this.source=null,this.context=this,this.isBound=!1)}evaluateUnbindables(){let e=this.unbindables;for(let t=0,n=e.length;t<n;++t)e[t].unbind(this);e.length=0}static disposeContiguousBatch(e){if(e.length!==0){hn(e[0].firstChild,e[e.length-1].lastChild);for(let t=0,n=e.length;t<n;++t)e[t].unbind()}}};p(_n),h.defineProperty(_n.prototype,`index`),h.defineProperty(_n.prototype,`length`);var vn,yn={unhydrated:`unhydrated`,hydrating:`hydrating`,hydrated:`hydrated`},bn=class extends Error{constructor(e,t,n,r,i,a){super(e),this.factory=t,this.fragment=n,this.templateString=r,this.expected=i,this.received=a}},xn=class extends gn{get hydrationStage(){return this._hydrationStage}get targets(){return this._targets}get bindingViewBoundaries(){return this._bindingViewBoundaries}constructor(e,t,n,r){super(),this.firstChild=e,this.lastChild=t,this.sourceTemplate=n,this.hostBindingTarget=r,this[vn]=Jt,this.context=this,this.source=null,this.isBound=!1,this.sourceLifetime=pe.unknown,this.unbindables=[],this.fragment=null,this.behaviors=null,this._hydrationStage=yn.unhydrated,this._bindingViewBoundaries={},this._targets={},this.factories=n.compile().factories}insertBefore(e){if(this.fragment!==null){if(this.fragment.hasChildNodes())e.parentNode.insertBefore(this.fragment,e);else{let t=this.lastChild;if(e.previousSibling===t)return;let n=e.parentNode,r=this.firstChild,i;for(;r!==t;)i=r.nextSibling,n.insertBefore(r,e),r=i;n.insertBefore(t,e)}}}appendTo(e){this.fragment!==null&&e.appendChild(this.fragment)}remove(){let e=this.fragment||=document.createDocumentFragment(),t=this.lastChild,n=this.firstChild,r;for(;n!==t;){if(r=n.nextSibling,!r)throw Error(`Unmatched first/last child inside "${t.getRootNode().host.nodeName}".`);e.appendChild(n),n=r}e.appendChild(t)}bind(e,t=this){if(this.source===e&&this.context===t)return;this.hydrationStage!==yn.hydrated&&(this._hydrationStage=yn.hydrating);let n=this.behaviors;if(n===null){this.source=e,this.context=t;try{let{targets:e,boundaries:t}=un(this.firstChild,this.lastChild,this.factories);this._targets=e,this._bindingViewBoundaries=t}catch(e){if(e instanceof on){let t=this.sourceTemplate.html;typeof t!=`string`&&(t=t.innerHTML),e.templateString=t}throw e}this.behaviors=n=Array(this.factories.length);let r=this.factories;for(let e=0,t=r.length;e<t;++e){let t=r[e];if(t.targetNodeId===`h`&&this.hostBindingTarget&&mn(t,this.hostBindingTarget,this._targets),t.targetNodeId in this.targets){let r=t.createBehavior();r.bind(this),n[e]=r}else{let e=this.sourceTemplate.html;typeof e!=`string`&&(e=e.innerHTML);let n=ln(this.firstChild,this.lastChild).cloneContents(),r=C().formatBindingMismatch(t,this.firstChild,this.lastChild,w(this.firstChild));throw new bn(r.message,t,n,e,r.expected,r.received)}}}else{this.source!==null&&this.evaluateUnbindables(),this.isBound=!1,this.source=e,this.context=t;for(let e=0,t=n.length;e<t;++e)n[e].bind(this)}this.isBound=!0,this._hydrationStage=yn.hydrated}unbind(){this.isBound&&this.source!==null&&(this.evaluateUnbindables(),this.source=null,this.context=this,this.isBound=!1)}dispose(){hn(this.firstChild,this.lastChild),this.unbind()}onUnbind(e){this.unbindables.push(e)}evaluateUnbindables(){let e=this.unbindables;for(let t=0,n=e.length;t<n;++t)e[t].unbind(this);e.length=0}};vn=Jt,p(xn);function Sn(e){return e.create!==void 0}function Cn(e,t,n,r){if(n??=``,Sn(n)){e.textContent=``;let t=e.$fastView;if(t===void 0){if(Yt(r)&&Yt(n)&&r.bindingViewBoundaries[this.targetNodeId]!==void 0&&r.hydrationStage!==yn.hydrated){let e=r.bindingViewBoundaries[this.targetNodeId];t=n.hydrate(e.first,e.last)}else t=n.create()}else e.$fastTemplate!==n&&(t.isComposed&&(t.remove(),t.unbind()),t=n.create());t.isComposed?t.needsBindOnly&&(t.needsBindOnly=!1,t.bind(r.source,r.context)):(t.isComposed=!0,t.bind(r.source,r.context),t.insertBefore(e),e.$fastView=t,e.$fastTemplate=n)}else{let t=e.$fastView;if(t!==void 0&&t.isComposed&&(t.isComposed=!1,t.remove(),t.needsBindOnly?t.needsBindOnly=!1:t.unbind()),t===void 0&&Yt(r)&&r.hydrationStage!==yn.hydrated){let e=r.bindingViewBoundaries[this.targetNodeId];e!==void 0&&(hn(e.first,e.last),delete r.bindingViewBoundaries[this.targetNodeId])}e.textContent=n}}function wn(e,t,n){let r=`${this.id}-t`,i=e[r]??(e[r]={v:0,cv:Object.create(null)}),a=i.cv,o=i.v,s=e[t];if(n!=null&&n.length){let e=n.split(/\s+/);for(let t=0,n=e.length;t<n;++t){let n=e[t];n!==``&&(a[n]=o,s.add(n))}}if(i.v=o+1,o!==0){--o;for(let e in a)a[e]===o&&s.remove(e)}}var Tn={[g.attribute]:Ce.setAttribute,[g.booleanAttribute]:Ce.setBooleanAttribute,[g.property]:(e,t,n)=>e[t]=n,[g.content]:Cn,[g.tokenList]:wn,[g.event]:()=>void 0},En=class{constructor(e){this.updateTarget=null,this.aspectType=g.content,this.dataBinding=e}createHTML(e){return Ft.interpolation(e(this))}createBehavior(){if(this.updateTarget===null){let e=Tn[this.aspectType],t=this.dataBinding.policy??this.policy;if(!e)throw u.error(a.unsupportedBindingBehavior);this.data=`${this.id}-d`,this.updateTarget=t.protect(this.targetTagName,this.aspectType,this.targetAspect,e)}return this}bind(e){let t=e.targets[this.targetNodeId];switch(this.aspectType){case g.event:t[this.data]=e,t.addEventListener(this.targetAspect,this,this.dataBinding.options);break;case g.content:e.onUnbind(this);default:{let n=t[this.data]??(t[this.data]=this.dataBinding.createObserver(this,this));n.target=t,n.controller=e;let r=n.bind(e);if(e._skipAttrUpdates&&(this.aspectType===g.attribute||this.aspectType===g.booleanAttribute))break;this.updateTarget(t,this.targetAspect,r,e);break}}}unbind(e){let t=e.targets[this.targetNodeId].$fastView;t!==void 0&&t.isComposed&&(t.unbind(),t.needsBindOnly=!0)}handleEvent(e){let t=e.currentTarget[this.data];if(t.isBound){ge.setEvent(e);let n=this.dataBinding.evaluate(t.source,t.context);ge.setEvent(null),n!==!0&&e.preventDefault()}}handleChange(e,t){let n=t.controller;if(!n.isBound)return;let r=t.target;this.updateTarget(r,this.targetAspect,t.bind(n),n)}};x.define(En,{aspected:!0});var Dn=(e,t)=>`${e}.${t}`,On={},T={index:0,node:null};function kn(e){e.startsWith(`fast-`)||u.warn(a.hostBindingWithoutHost,{name:e})}var An=new Proxy(document.createElement(`div`),{get(e,t){kn(t);let n=Reflect.get(e,t);return o(n)?n.bind(e):n},set(e,t,n){return kn(t),Reflect.set(e,t,n)}}),jn=class{constructor(e,t,n){this.fragment=e,this.directives=t,this.policy=n,this.proto=null,this.nodeIds=new Set,this.descriptors={},this.factories=[]}addFactory(e,t,n,r,i){this.nodeIds.has(n)||(this.nodeIds.add(n),this.addTargetDescriptor(t,n,r)),e.id=e.id??Pt(),e.targetNodeId=n,e.targetTagName=i,e.policy=e.policy??this.policy,this.factories.push(e)}freeze(){return this.proto=Object.create(null,this.descriptors),this}addTargetDescriptor(e,t,n){let r=this.descriptors;if(t===`r`||t===`h`||r[t])return;if(!r[e]){let t=e.lastIndexOf(`.`),n=e.substring(0,t),r=parseInt(e.substring(t+1),10);this.addTargetDescriptor(n,e,r)}let i=On[t];if(!i){let r=`_${t}`;On[t]=i={get(){return this[r]??(this[r]=this[e].childNodes[n])}}}r[t]=i}createView(e){let t=this.fragment.cloneNode(!0),n=Object.create(this.proto);n.r=t,n.h=e??An;for(let e of this.nodeIds)Reflect.get(n,e);return new _n(t,this.factories,n)}};function Mn(e,t,n,r,i,a=!1){let o=n.attributes,s=e.directives;for(let c=0,l=o.length;c<l;++c){let u=o[c],ee=u.value,d=It.parse(ee,s),f=null;d===null?a&&(f=new En(ne(()=>ee,e.policy)),x.assignAspect(f,u.name)):f=Rn.aggregate(d,e.policy),f!==null&&(n.removeAttributeNode(u),c--,l--,e.addFactory(f,t,r,i,n.tagName))}}function Nn(e,t,n,r,i){let a=It.parse(t.textContent,e.directives);if(a===null)return T.node=t.nextSibling,T.index=i+1,T;let o,c=o=t;for(let t=0,l=a.length;t<l;++t){let l=a[t];t!==0&&(i++,r=Dn(n,i),o=c.parentNode.insertBefore(document.createTextNode(``),c.nextSibling)),s(l)?o.textContent=l:(o.textContent=` `,x.assignAspect(l),e.addFactory(l,n,r,i,null)),c=o}return T.index=i+1,T.node=c.nextSibling,T}function Pn(e,t,n){let r=0,i=t.firstChild;for(;i;){let t=Fn(e,n,i,r);i=t.node,r=t.index}}function Fn(e,t,n,r){let i=Dn(t,r);switch(n.nodeType){case 1:Mn(e,t,n,i,r),Pn(e,n,i);break;case 3:return Nn(e,n,t,i,r);case 8:{let a=It.parse(n.data,e.directives);a!==null&&e.addFactory(Rn.aggregate(a),t,i,r,null);break}}return T.index=r+1,T.node=n.nextSibling,T}function In(e,t){return e&&e.nodeType===8&&It.parse(e.data,t)!==null}var Ln=`TEMPLATE`,Rn={compile(e,t,n=Ce.policy){let r;if(s(e)){r=document.createElement(Ln),r.innerHTML=n.createHTML(e);let t=r.content.firstElementChild;t!==null&&t.tagName===Ln&&(r=t)}else r=e;!r.content.firstChild&&!r.content.lastChild&&r.content.appendChild(document.createComment(``));let i=document.adoptNode(r.content),a=new jn(i,t,n);return Mn(a,``,r,`h`,0,!0),(In(i.firstChild,t)||i.childNodes.length===1&&Object.keys(t).length>0)&&i.insertBefore(document.createComment(``),i.firstChild),Pn(a,i,`r`),T.node=null,a.freeze()},setDefaultStrategy(e){this.compile=e},aggregate(e,t=Ce.policy){if(e.length===1)return e[0];let n,r=!1,i,a=e.length,o=e.map(e=>s(e)?()=>e:(n=e.sourceAspect||n,r||=e.dataBinding.isVolatile,i||=e.dataBinding.policy,e.dataBinding.evaluate)),c=new En(ve((e,t)=>{let n=``;for(let r=0;r<a;++r)n+=o[r](e,t);return n},i??t,r));return x.assignAspect(c,n),c}},zn=class extends Rt{bind(e){e.source[this.options]=e.targets[this.targetNodeId]}};x.define(zn);var Bn=e=>new zn(e),Vn=/([ \x09\x0a\x0c\x0d])([^\0-\x1F\x7F-\x9F "'>=/]+)([ \x09\x0a\x0c\x0d]*=[ \x09\x0a\x0c\x0d]*(?:[^ \x09\x0a\x0c\x0d"'`<>=]*|"[^"]*|'[^']*))$/,Hn=Object.create(null),Un=class{constructor(e,t=Hn){this.html=e,this.factories=t}createHTML(e){let t=this.factories;for(let n in t)e(t[n]);return this.html}};Un.empty=new Un(``),x.define(Un);function Wn(e,t,n,r=x.getForInstance(e)){if(r.aspected){let n=Vn.exec(t);n!==null&&x.assignAspect(e,n[2])}return e.createHTML(n)}var Gn=class e{constructor(e,t={},n){this.policy=n,this.result=null,this.html=e,this.factories=t}compile(){return this.result===null&&(this.result=Rn.compile(this.html,this.factories,this.policy)),this.result}inline(){return new Un(s(this.html)?this.html:this.html.innerHTML,this.factories)}withPolicy(e){if(this.result)throw u.error(a.cannotSetTemplatePolicyAfterCompilation);if(this.policy)throw u.error(a.onlySetTemplatePolicyOnce);return this.policy=e,this}render(e,t,n){let r=this.create(n);return r.bind(e),r.appendTo(t),r}create(e){return this.compile().createView(e)}static create(t,n,r){let a=``,s=Object.create(null),c=e=>{let t=e.id??=Pt();return s[t]=e,t};for(let e=0,r=t.length-1;e<r;++e){let r=t[e],s=n[e],l;if(a+=r,o(s))s=new En(ve(s));else if(s instanceof i)s=new En(s);else if(!(l=x.getForInstance(s))){let e=s;s=new En(ne(()=>e))}a+=Wn(s,r,c,l)}return new e(a+t[t.length-1],s,r)}};p(Gn);var E=((e,...t)=>{if(Array.isArray(e)&&Array.isArray(e.raw))return Gn.create(e,t);throw u.error(a.directCallToHTMLTagNotAllowed)});E.partial=e=>new Un(e);var Kn=`slotchange`,qn=class extends zt{observe(e){e.addEventListener(Kn,this)}disconnect(e){e.removeEventListener(Kn,this)}getNodes(e){return e.assignedNodes(this.options)}handleEvent(e){let t=e.currentTarget;this.updateTarget(this.getSource(t),this.computeNodes(t))}};x.define(qn);function Jn(e){return s(e)&&(e={property:e}),new qn(e)}var Yn=`:host([hidden]){display:none}`;function Xn(e){return`${Yn}:host{display:${e}}`}var Zn=`var(--colorNeutralForeground1)`,Qn=`var(--colorNeutralForeground1Hover)`,$n=`var(--colorNeutralForeground1Pressed)`,er=`var(--colorNeutralForeground2)`,tr=`var(--colorNeutralForeground2Hover)`,nr=`var(--colorNeutralForeground2Pressed)`,rr=`var(--colorNeutralForeground2BrandHover)`,ir=`var(--colorNeutralForeground2BrandPressed)`,D=`var(--colorNeutralForeground3)`,ar=`var(--colorNeutralForegroundDisabled)`,or=`var(--colorNeutralForegroundOnBrand)`,sr=`var(--colorNeutralForegroundInverted)`,cr=`var(--colorNeutralForegroundStaticInverted)`,lr=`var(--colorBrandForeground1)`,ur=`var(--colorBrandForeground2)`,dr=`var(--colorNeutralForeground1Static)`,fr=`var(--colorNeutralBackground1)`,pr=`var(--colorNeutralBackground1Hover)`,mr=`var(--colorNeutralBackground1Pressed)`,hr=`var(--colorNeutralBackground4)`,gr=`var(--colorNeutralBackground5)`,_r=`var(--colorNeutralBackground6)`,vr=`var(--colorSubtleBackground)`,yr=`var(--colorSubtleBackgroundHover)`,br=`var(--colorSubtleBackgroundPressed)`,xr=`var(--colorTransparentBackground)`,Sr=`var(--colorTransparentBackgroundHover)`,Cr=`var(--colorTransparentBackgroundPressed)`,wr=`var(--colorNeutralBackgroundDisabled)`,Tr=`var(--colorBrandBackground)`,Er=`var(--colorBrandBackgroundHover)`,Dr=`var(--colorBrandBackgroundPressed)`,Or=`var(--colorBrandBackgroundStatic)`,kr=`var(--colorBrandBackground2)`,Ar=`var(--colorNeutralStrokeAccessible)`,jr=`var(--colorNeutralStroke1)`,Mr=`var(--colorNeutralStroke1Hover)`,Nr=`var(--colorNeutralStroke1Pressed)`,Pr=`var(--colorNeutralStroke2)`,Fr=`var(--colorNeutralStrokeOnBrand2)`,Ir=`var(--colorBrandStroke1)`,Lr=`var(--colorBrandStroke2)`,Rr=`var(--colorNeutralStrokeDisabled)`,zr=`var(--colorTransparentStroke)`,Br=`var(--colorStrokeFocus2)`,Vr=`var(--colorPaletteRedBackground1)`,Hr=`var(--colorPaletteRedBackground2)`,Ur=`var(--colorPaletteRedBackground3)`,Wr=`var(--colorPaletteRedBorder1)`,Gr=`var(--colorPaletteRedForeground1)`,Kr=`var(--colorPaletteRedForeground2)`,qr=`var(--colorPaletteRedForeground3)`,Jr=`var(--colorPaletteGreenBackground1)`,Yr=`var(--colorPaletteGreenBackground3)`,Xr=`var(--colorPaletteGreenBorder2)`,Zr=`var(--colorPaletteGreenForeground1)`,Qr=`var(--colorPaletteGreenForeground2)`,$r=`var(--colorPaletteGreenForeground3)`,ei=`var(--colorPaletteDarkOrangeBackground1)`,ti=`var(--colorPaletteDarkOrangeBackground3)`,ni=`var(--colorPaletteDarkOrangeBorder1)`,ri=`var(--colorPaletteDarkOrangeForeground1)`,ii=`var(--colorPaletteDarkOrangeForeground3)`,ai=`var(--colorPaletteYellowBackground1)`,oi=`var(--colorPaletteYellowBackground3)`,si=`var(--colorPaletteYellowBorder1)`,ci=`var(--colorPaletteYellowForeground2)`,li=`var(--colorPaletteMarigoldBackground2)`,ui=`var(--colorPaletteMarigoldForeground2)`,di=`var(--colorPaletteAnchorBackground2)`,fi=`var(--colorPaletteAnchorForeground2)`,pi=`var(--colorPaletteBeigeBackground2)`,mi=`var(--colorPaletteBeigeForeground2)`,hi=`var(--colorPaletteBlueBackground2)`,gi=`var(--colorPaletteBlueForeground2)`,_i=`var(--colorPaletteBrassBackground2)`,vi=`var(--colorPaletteBrassForeground2)`,yi=`var(--colorPaletteBrownBackground2)`,bi=`var(--colorPaletteBrownForeground2)`,xi=`var(--colorPaletteCornflowerBackground2)`,Si=`var(--colorPaletteCornflowerForeground2)`,Ci=`var(--colorPaletteCranberryBackground2)`,wi=`var(--colorPaletteCranberryForeground2)`,Ti=`var(--colorPaletteDarkGreenBackground2)`,Ei=`var(--colorPaletteDarkGreenForeground2)`,Di=`var(--colorPaletteDarkRedBackground2)`,Oi=`var(--colorPaletteDarkRedForeground2)`,ki=`var(--colorPaletteForestBackground2)`,Ai=`var(--colorPaletteForestForeground2)`,ji=`var(--colorPaletteGoldBackground2)`,Mi=`var(--colorPaletteGoldForeground2)`,Ni=`var(--colorPaletteGrapeBackground2)`,Pi=`var(--colorPaletteGrapeForeground2)`,Fi=`var(--colorPaletteLavenderBackground2)`,Ii=`var(--colorPaletteLavenderForeground2)`,Li=`var(--colorPaletteLightTealBackground2)`,Ri=`var(--colorPaletteLightTealForeground2)`,zi=`var(--colorPaletteLilacBackground2)`,Bi=`var(--colorPaletteLilacForeground2)`,Vi=`var(--colorPaletteMagentaBackground2)`,Hi=`var(--colorPaletteMagentaForeground2)`,Ui=`var(--colorPaletteMinkBackground2)`,Wi=`var(--colorPaletteMinkForeground2)`,Gi=`var(--colorPaletteNavyBackground2)`,Ki=`var(--colorPaletteNavyForeground2)`,qi=`var(--colorPalettePeachBackground2)`,Ji=`var(--colorPalettePeachForeground2)`,Yi=`var(--colorPalettePinkBackground2)`,Xi=`var(--colorPalettePinkForeground2)`,Zi=`var(--colorPalettePlatinumBackground2)`,Qi=`var(--colorPalettePlatinumForeground2)`,$i=`var(--colorPalettePlumBackground2)`,ea=`var(--colorPalettePlumForeground2)`,ta=`var(--colorPalettePumpkinBackground2)`,na=`var(--colorPalettePumpkinForeground2)`,ra=`var(--colorPalettePurpleBackground2)`,ia=`var(--colorPalettePurpleForeground2)`,aa=`var(--colorPaletteRoyalBlueBackground2)`,oa=`var(--colorPaletteRoyalBlueForeground2)`,sa=`var(--colorPaletteSeafoamBackground2)`,ca=`var(--colorPaletteSeafoamForeground2)`,la=`var(--colorPaletteSteelBackground2)`,ua=`var(--colorPaletteSteelForeground2)`,da=`var(--colorPaletteTealBackground2)`,fa=`var(--colorPaletteTealForeground2)`,pa=`var(--borderRadiusNone)`,ma=`var(--borderRadiusSmall)`,ha=`var(--borderRadiusMedium)`,ga=`var(--borderRadiusLarge)`,_a=`var(--borderRadiusXLarge)`,va=`var(--borderRadiusCircular)`,ya=`var(--fontFamilyBase)`,ba=`var(--fontSizeBase100)`,xa=`var(--fontSizeBase200)`,Sa=`var(--fontSizeBase300)`,Ca=`var(--fontSizeBase400)`,wa=`var(--fontSizeBase500)`,Ta=`var(--fontSizeBase600)`,Ea=`var(--fontWeightRegular)`,Da=`var(--fontWeightSemibold)`,Oa=`var(--lineHeightBase100)`,ka=`var(--lineHeightBase200)`,Aa=`var(--lineHeightBase300)`,ja=`var(--lineHeightBase400)`,Ma=`var(--shadow2)`,Na=`var(--shadow4)`,Pa=`var(--shadow8)`,Fa=`var(--shadow16)`,Ia=`var(--shadow28)`,La=`var(--strokeWidthThin)`,Ra=`var(--strokeWidthThick)`,za=`var(--strokeWidthThicker)`,Ba=`var(--strokeWidthThickest)`,Va=`var(--spacingHorizontalXXS)`,Ha=`var(--spacingHorizontalXS)`,Ua=`var(--spacingHorizontalSNudge)`,Wa=`var(--spacingHorizontalS)`,Ga=`var(--spacingHorizontalM)`,Ka=`var(--spacingHorizontalL)`,qa=`var(--durationFaster)`,Ja=`var(--durationSlower)`,Ya=`var(--durationUltraSlow)`,Xa=`var(--curveAccelerateMax)`,Za=`var(--curveAccelerateMid)`,Qa=`var(--curveAccelerateMin)`,$a=`var(--curveDecelerateMax)`,eo=`var(--curveDecelerateMid)`,to=`var(--curveDecelerateMin)`,no=`var(--curveEasyEaseMax)`,ro=`var(--curveEasyEase)`,O={fastOutSlowInMax:$a,fastOutSlowInMid:eo,fastOutSlowInMin:to,slowOutFastInMax:Xa,slowOutFastInMid:Za,slowOutFastInMin:Qa,fastEase:no,normalEase:ro,nullEasing:`var(--curveLinear)`},io=b`
  ${Xn(`inline-grid`)} :host {
    position: relative;
    place-items: center;
    place-content: center;
    grid-template: 1fr / 1fr;
    flex-shrink: 0;
    width: 32px;
    height: 32px;
    font-family: ${ya};
    font-weight: ${Da};
    font-size: ${Sa};
    border-radius: ${va};
    color: ${D};
    background-color: ${_r};
    contain: layout style;
  }

  .monogram,
  .default-icon {
    grid-area: 1 / 1 / -1 / -1;
  }

  .monogram:empty {
    display: none;
  }

  .default-slot:is(.has-slotted, :has-slotted) ~ .default-icon,
  .default-slot:is(.has-slotted, :has-slotted) ~ .monogram,
  :host(:is([name]):not([name=''])) .default-icon,
  :host(:is([initials]):not([initials=''])) .default-icon {
    display: none;
  }

  .default-icon,
  ::slotted(svg) {
    width: 20px;
    height: 20px;
    font-size: 20px;
  }

  ::slotted(img) {
    box-sizing: border-box;
    width: 100%;
    height: 100%;
    border-radius: ${va};
  }

  ::slotted([slot='badge']) {
    position: absolute;
    bottom: 0;
    right: 0;
    box-shadow: 0 0 0 ${La} ${fr};
  }

  :host([size='64']) ::slotted([slot='badge']),
  :host([size='72']) ::slotted([slot='badge']),
  :host([size='96']) ::slotted([slot='badge']),
  :host([size='120']) ::slotted([slot='badge']),
  :host([size='128']) ::slotted([slot='badge']) {
    box-shadow: 0 0 0 ${Ra} ${fr};
  }

  :host([size='16']),
  :host([size='20']),
  :host([size='24']) {
    font-size: ${ba};
    font-weight: ${Ea};
  }

  :host([size='16']) {
    width: 16px;
    height: 16px;
  }

  :host([size='20']) {
    width: 20px;
    height: 20px;
  }

  :host([size='24']) {
    width: 24px;
    height: 24px;
  }

  :host([size='16']) .default-icon,
  :host([size='16']) ::slotted(svg) {
    width: 12px;
    height: 12px;
    font-size: 12px;
  }

  :host([size='20']) .default-icon,
  :host([size='24']) .default-icon,
  :host([size='20']) ::slotted(svg),
  :host([size='24']) ::slotted(svg) {
    width: 16px;
    height: 16px;
    font-size: 16px;
  }

  :host([size='28']) {
    width: 28px;
    height: 28px;
    font-size: ${xa};
  }

  :host([size='36']) {
    width: 36px;
    height: 36px;
  }

  :host([size='40']) {
    width: 40px;
    height: 40px;
  }

  :host([size='48']),
  :host([size='56']) {
    font-size: ${Ca};
  }

  :host([size='48']) {
    width: 48px;
    height: 48px;
  }

  :host([size='48']) .default-icon,
  :host([size='48']) ::slotted(svg) {
    width: 24px;
    height: 24px;
    font-size: 24px;
  }

  :host([size='56']) {
    width: 56px;
    height: 56px;
  }

  :host([size='56']) .default-icon,
  :host([size='56']) ::slotted(svg) {
    width: 28px;
    height: 28px;
    font-size: 28px;
  }

  :host([size='64']),
  :host([size='72']),
  :host([size='96']) {
    font-size: ${wa};
  }

  :host([size='64']) .default-icon,
  :host([size='72']) .default-icon,
  :host([size='64']) ::slotted(svg),
  :host([size='72']) ::slotted(svg) {
    width: 32px;
    height: 32px;
    font-size: 32px;
  }

  :host([size='64']) {
    width: 64px;
    height: 64px;
  }

  :host([size='72']) {
    width: 72px;
    height: 72px;
  }

  :host([size='96']) {
    width: 96px;
    height: 96px;
  }

  :host([size='96']) .default-icon,
  :host([size='120']) .default-icon,
  :host([size='128']) .default-icon,
  :host([size='96']) ::slotted(svg),
  :host([size='120']) ::slotted(svg),
  :host([size='128']) ::slotted(svg) {
    width: 48px;
    height: 48px;
    font-size: 48px;
  }

  :host([size='120']),
  :host([size='128']) {
    font-size: ${Ta};
  }

  :host([size='120']) {
    width: 120px;
    height: 120px;
  }

  :host([size='128']) {
    width: 128px;
    height: 128px;
  }

  :host([shape='square']) {
    border-radius: ${ha};
  }

  :host([shape='square'][size='20']),
  :host([shape='square'][size='24']) {
    border-radius: ${ma};
  }

  :host([shape='square'][size='56']),
  :host([shape='square'][size='64']),
  :host([shape='square'][size='72']) {
    border-radius: ${ga};
  }
  :host([shape='square'][size='96']),
  :host([shape='square'][size='120']),
  :host([shape='square'][size='128']) {
    border-radius: ${_a};
  }

  :host([data-color='brand']) {
    color: ${cr};
    background-color: ${Or};
  }

  :host([data-color='dark-red']) {
    color: ${Oi};
    background-color: ${Di};
  }

  :host([data-color='cranberry']) {
    color: ${wi};
    background-color: ${Ci};
  }

  :host([data-color='red']) {
    color: ${Kr};
    background-color: ${Hr};
  }

  :host([data-color='pumpkin']) {
    color: ${na};
    background-color: ${ta};
  }

  :host([data-color='peach']) {
    color: ${Ji};
    background-color: ${qi};
  }

  :host([data-color='marigold']) {
    color: ${ui};
    background-color: ${li};
  }

  :host([data-color='gold']) {
    color: ${Mi};
    background-color: ${ji};
  }

  :host([data-color='brass']) {
    color: ${vi};
    background-color: ${_i};
  }

  :host([data-color='brown']) {
    color: ${bi};
    background-color: ${yi};
  }

  :host([data-color='forest']) {
    color: ${Ai};
    background-color: ${ki};
  }

  :host([data-color='seafoam']) {
    color: ${ca};
    background-color: ${sa};
  }

  :host([data-color='dark-green']) {
    color: ${Ei};
    background-color: ${Ti};
  }

  :host([data-color='light-teal']) {
    color: ${Ri};
    background-color: ${Li};
  }

  :host([data-color='teal']) {
    color: ${fa};
    background-color: ${da};
  }

  :host([data-color='steel']) {
    color: ${ua};
    background-color: ${la};
  }

  :host([data-color='blue']) {
    color: ${gi};
    background-color: ${hi};
  }

  :host([data-color='royal-blue']) {
    color: ${oa};
    background-color: ${aa};
  }

  :host([data-color='cornflower']) {
    color: ${Si};
    background-color: ${xi};
  }

  :host([data-color='navy']) {
    color: ${Ki};
    background-color: ${Gi};
  }

  :host([data-color='lavender']) {
    color: ${Ii};
    background-color: ${Fi};
  }

  :host([data-color='purple']) {
    color: ${ia};
    background-color: ${ra};
  }

  :host([data-color='grape']) {
    color: ${Pi};
    background-color: ${Ni};
  }

  :host([data-color='lilac']) {
    color: ${Bi};
    background-color: ${zi};
  }

  :host([data-color='pink']) {
    color: ${Xi};
    background-color: ${Yi};
  }

  :host([data-color='magenta']) {
    color: ${Hi};
    background-color: ${Vi};
  }

  :host([data-color='plum']) {
    color: ${ea};
    background-color: ${$i};
  }

  :host([data-color='beige']) {
    color: ${mi};
    background-color: ${pi};
  }

  :host([data-color='mink']) {
    color: ${Wi};
    background-color: ${Ui};
  }

  :host([data-color='platinum']) {
    color: ${Qi};
    background-color: ${Zi};
  }

  :host([data-color='anchor']) {
    color: ${fi};
    background-color: ${di};
  }

  :host([active]) {
    /* Work-around for text pixel snapping at the end of the animation */
    transform: perspective(1px);
    transition-property: transform, opacity;
    transition-duration: ${Ya}, ${qa};
    transition-delay: ${O.fastEase}, ${O.nullEasing};
  }

  :host([active])::before {
    content: '';
    position: absolute;
    top: 0;
    left: 0;
    bottom: 0;
    right: 0;
    border-radius: inherit;
    transition-property: margin, opacity;
    transition-duration: ${Ya}, ${Ja};
    transition-delay: ${O.fastEase}, ${O.nullEasing};
  }
  :host([active])::before {
    box-shadow: ${Pa};
    border-style: solid;
    border-color: ${Or};
  }

  :host([active][appearance='shadow'])::before {
    border-style: none;
    border-color: none;
  }

  :host([active]:not([appearance='shadow']))::before {
    margin: calc(-2 * ${Ra});
    border-width: ${Ra};
  }

  :host([size='56'][active]:not([appearance='shadow']))::before,
  :host([size='64'][active]:not([appearance='shadow']))::before {
    margin: calc(-2 * ${za});
    border-width: ${za};
  }

  :host([size='72'][active]:not([appearance='shadow']))::before,
  :host([size='96'][active]:not([appearance='shadow']))::before,
  :host([size='120'][active]:not([appearance='shadow']))::before,
  :host([size='128'][active]:not([appearance='shadow']))::before {
    margin: calc(-2 * ${Ba});
    border-width: ${Ba};
  }

  :host([size='20'][active][appearance])::before,
  :host([size='24'][active][appearance])::before,
  :host([size='28'][active][appearance])::before {
    box-shadow: ${Na};
  }

  :host([size='56'][active][appearance])::before,
  :host([size='64'][active][appearance])::before {
    box-shadow: ${Fa};
  }

  :host([size='72'][active][appearance])::before,
  :host([size='96'][active][appearance])::before,
  :host([size='120'][active][appearance])::before,
  :host([size='128'][active][appearance])::before {
    box-shadow: ${Ia};
  }

  :host([active][appearance='ring'])::before {
    box-shadow: none;
  }

  :host([active='inactive']) {
    opacity: 0.8;
    transform: scale(0.875);
    transition-property: transform, opacity;
    transition-duration: ${Ya}, ${qa};
    transition-delay: ${O.fastOutSlowInMin}, ${O.nullEasing};
  }

  :host([active='inactive'])::before {
    margin: 0;
    opacity: 0;
    transition-property: margin, opacity;
    transition-duration: ${Ya}, ${Ja};
    transition-delay: ${O.fastOutSlowInMin}, ${O.nullEasing};
  }

  @media screen and (prefers-reduced-motion: reduce) {
    :host([active]) {
      transition-duration: 0.01ms;
    }

    :host([active])::before {
      transition-duration: 0.01ms;
      transition-delay: 0.01ms;
    }
  }
`,ao=E`<svg
  width="1em"
  height="1em"
  viewBox="0 0 20 20"
  class="default-icon"
  fill="currentcolor"
  aria-hidden="true"
>
  <path
    d="M10 2a4 4 0 100 8 4 4 0 000-8zM7 6a3 3 0 116 0 3 3 0 01-6 0zm-2 5a2 2 0 00-2 2c0 1.7.83 2.97 2.13 3.8A9.14 9.14 0 0010 18c1.85 0 3.58-.39 4.87-1.2A4.35 4.35 0 0017 13a2 2 0 00-2-2H5zm-1 2a1 1 0 011-1h10a1 1 0 011 1c0 1.3-.62 2.28-1.67 2.95A8.16 8.16 0 0110 17a8.16 8.16 0 01-4.33-1.05A3.36 3.36 0 014 13z"
  ></path>
</svg>`;function oo(){return E`
    <slot class="default-slot" ${Jn(`slottedDefaults`)} ${Bn(`defaultSlot`)}></slot>
    <span class="monogram" ${Bn(`monogram`)}>${e=>e.initials}</span>
    ${ao}
    <slot name="badge"></slot>
  `}var so=oo(),co={name:r,registry:e.registry,styles:io,template:so};function k(e,t,n,r){var i=arguments.length,a=i<3?t:r===null?r=Object.getOwnPropertyDescriptor(t,n):r,o;if(typeof Reflect==`object`&&typeof Reflect.decorate==`function`)a=Reflect.decorate(e,t,n,r);else for(var s=e.length-1;s>=0;s--)(o=e[s])&&(a=(i<3?o(a):i>3?o(t,n,a):o(t,n))||a);return i>3&&a&&Object.defineProperty(t,n,a),a}var lo=/[\(\[\{][^\)\]\}]*[\)\]\}]/g,uo=/[\0-\u001F\!-/:-@\[-`\{-\u00BF\u0250-\u036F\uD800-\uFFFF]/g,fo=/^\d+[\d\s]*(:?ext|x|)\s*\d+$/i,po=/\s+/g,mo=/[\u0600-\u06FF\u0750-\u077F\u08A0-\u08FF\u1100-\u11FF\u3130-\u318F\uA960-\uA97F\uAC00-\uD7AF\uD7B0-\uD7FF\u3040-\u309F\u30A0-\u30FF\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF]|[\uD840-\uD869][\uDC00-\uDED6]/;function ho(e,t,n){let r=``,i=e.split(` `);return i.length!==0&&(r+=i[0].charAt(0).toUpperCase()),n||(i.length===2?r+=i[1].charAt(0).toUpperCase():i.length===3&&(r+=i[2].charAt(0).toUpperCase())),t&&r.length>1?r.charAt(1)+r.charAt(0):r}function go(e){return e=e.replace(lo,``),e=e.replace(uo,``),e=e.replace(po,` `),e=e.trim(),e}function _o(e,t,n){return!e||(e=go(e),mo.test(e)||!n?.allowPhoneInitials&&fo.test(e))?``:ho(e,t,n?.firstInitialOnly)}var vo=class extends wt{defaultSlotChanged(){if(!CSS.supports(`selector(:has-slotted)`)){let e=this.defaultSlot.assignedElements();this.defaultSlot.classList.toggle(`has-slotted`,e.length>0)}fe.enqueue(()=>{this.cleanupSlottedContent()})}monogramChanged(){this.updateMonogram()}slottedDefaultsChanged(){this.defaultSlot&&this.cleanupSlottedContent()}nameChanged(){this.updateMonogram()}initialsChanged(){this.updateMonogram()}constructor(){super(),this.slottedDefaults=[],this.elementInternals=this.attachInternals(),this.elementInternals.role=`img`}generateInitials(){return this.initials||_o(this.name,window.getComputedStyle(this).direction===`rtl`)}updateMonogram(){this.monogram&&(this.monogram.textContent=this.generateInitials()??``)}cleanupSlottedContent(){this.normalize(),CSS.supports(`selector(:has-slotted)`)||this.defaultSlot.classList.toggle(`has-slotted`,!!this.slottedDefaults.length),this.innerText.trim()||this.slottedDefaults.forEach(e=>{e.nodeType===Node.TEXT_NODE&&e.remove()})}};k([me],vo.prototype,`defaultSlot`,void 0),k([me],vo.prototype,`monogram`,void 0),k([me],vo.prototype,`slottedDefaults`,void 0),k([_],vo.prototype,`name`,void 0),k([_],vo.prototype,`initials`,void 0);var yo=class e extends vo{handleChange(e,t){switch(t){case`color`:case`colorId`:this.generateColor()}}generateInitials(){if(!this.name&&!this.initials)return;let e=this.size??32;return this.initials||_o(this.name,window.getComputedStyle(this).direction===`rtl`,{firstInitialOnly:e<=16})}generateColor(){let t=this.color===n.colorful;this.currentColor,this.currentColor=t&&this.colorId?this.colorId:t?e.colors[bo(this.name??``)%e.colors.length]:this.color??n.neutral,this.setAttribute(`data-color`,this.currentColor)}static{this.colors=Object.values(t)}connectedCallback(){super.connectedCallback(),h.getNotifier(this).subscribe(this),this.generateColor()}disconnectedCallback(){super.disconnectedCallback(),h.getNotifier(this).unsubscribe(this)}};k([_],yo.prototype,`active`,void 0),k([_],yo.prototype,`shape`,void 0),k([_],yo.prototype,`appearance`,void 0),k([_({converter:ke})],yo.prototype,`size`,void 0),k([_],yo.prototype,`color`,void 0),k([_({attribute:`color-id`})],yo.prototype,`colorId`,void 0);var bo=e=>{let t=0;for(let n=e.length-1;n>=0;n--){let r=e.charCodeAt(n),i=n%8;t^=(r<<i)+(r>>8-i)}return t};yo.define(co);var xo={filled:`filled`,ghost:`ghost`,outline:`outline`,tint:`tint`},So={brand:`brand`,danger:`danger`,important:`important`,informative:`informative`,severe:`severe`,subtle:`subtle`,success:`success`,warning:`warning`},Co=`${e.prefix}-badge`,wo=b.partial`
  ${Xn(`inline-flex`)} :host {
    position: relative;
    box-sizing: border-box;
    align-items: center;
    justify-content: center;
    font-family: ${ya};
    font-weight: ${Da};
    font-size: ${xa};
    line-height: ${ka};
    min-width: 20px;
    height: 20px;
    padding-inline: calc(${Ha} + ${Va});
    border-radius: ${va};
    border-color: ${zr};
    background-color: ${Tr};
    color: ${or};
    contain: content;
  }

  ::slotted(svg) {
    font-size: 12px;
  }

  :host(:not([appearance='ghost']))::after {
    position: absolute;
    content: '';
    top: 0;
    left: 0;
    bottom: 0;
    right: 0;
    border-style: solid;
    border-width: ${La};
    border-color: inherit;
    border-radius: inherit;
  }
`,To=b.partial`
  :host([size='tiny']) {
    width: 6px;
    height: 6px;
    font-size: 4px;
    line-height: 4px;
    padding-inline: 0;
    min-width: unset;
  }
  :host([size='tiny']) ::slotted(svg) {
    font-size: 6px;
  }
  :host([size='extra-small']) {
    width: 10px;
    height: 10px;
    font-size: 6px;
    line-height: 6px;
    padding-inline: 0;
    min-width: unset;
  }
  :host([size='extra-small']) ::slotted(svg) {
    font-size: 10px;
  }
  :host([size='small']) {
    min-width: 16px;
    height: 16px;
    font-size: ${ba};
    line-height: ${Oa};
    padding-inline: calc(${Va} + ${Va});
  }
  :host([size='small']) ::slotted(svg) {
    font-size: 12px;
  }
  :host([size='large']) {
    min-width: 24px;
    height: 24px;
    font-size: ${xa};
    line-height: ${ka};
    padding-inline: calc(${Ha} + ${Va});
  }
  :host([size='large']) ::slotted(svg) {
    font-size: 16px;
  }
  :host([size='extra-large']) {
    min-width: 32px;
    height: 32px;
    font-size: ${xa};
    line-height: ${ka};
    padding-inline: calc(${Ua} + ${Va});
  }
  :host([size='extra-large']) ::slotted(svg) {
    font-size: 20px;
  }
`,Eo=b.partial`
  :host([color='danger']) {
    background-color: ${Ur};
    color: ${or};
  }

  :host([color='important']) {
    background-color: ${Zn};
    color: ${fr};
  }

  :host([color='informative']) {
    background-color: ${gr};
    color: ${D};
  }

  :host([color='severe']) {
    background-color: ${ti};
    color: ${or};
  }

  :host([color='subtle']) {
    background-color: ${fr};
    color: ${Zn};
  }

  :host([color='success']) {
    background-color: ${Yr};
    color: ${or};
  }

  :host([color='warning']) {
    background-color: ${oi};
    color: ${dr};
  }
`,Do=b.partial`
  :host([appearance='ghost']) {
    color: ${lr};
    background-color: initial;
  }

  :host([appearance='ghost'][color='danger']) {
    color: ${qr};
  }

  :host([appearance='ghost'][color='important']) {
    color: ${Zn};
  }

  :host([appearance='ghost'][color='informative']) {
    color: ${D};
  }

  :host([appearance='ghost'][color='severe']) {
    color: ${ii};
  }

  :host([appearance='ghost'][color='subtle']) {
    color: ${sr};
  }

  :host([appearance='ghost'][color='success']) {
    color: ${$r};
  }

  :host([appearance='ghost'][color='warning']) {
    color: ${ci};
  }
`,Oo=b.partial`
  :host([appearance='outline']) {
    border-color: currentColor;
    color: ${lr};
    background-color: initial;
  }

  :host([appearance='outline'][color='danger']) {
    color: ${qr};
  }

  :host([appearance='outline'][color='important']) {
    color: ${D};
    border-color: ${Ar};
  }

  :host([appearance='outline'][color='informative']) {
    color: ${D};
    border-color: ${Pr};
  }

  :host([appearance='outline'][color='severe']) {
    color: ${ii};
  }

  :host([appearance='outline'][color='subtle']) {
    color: ${cr};
  }

  :host([appearance='outline'][color='success']) {
    color: ${Qr};
  }

  :host([appearance='outline'][color='warning']) {
    color: ${ci};
  }
`,ko=b`
  :host([shape='square']) {
    border-radius: ${pa};
  }

  :host([shape='rounded']) {
    border-radius: ${ha};
  }

  :host([shape='rounded']:is([size='tiny'], [size='extra-small'], [size='small'])) {
    border-radius: ${ma};
  }

  ${b.partial`
  :host([appearance='tint']) {
    background-color: ${kr};
    color: ${ur};
    border-color: ${Lr};
  }

  :host([appearance='tint'][color='danger']) {
    background-color: ${Vr};
    color: ${Gr};
    border-color: ${Wr};
  }

  :host([appearance='tint'][color='important']) {
    background-color: ${D};
    color: ${fr};
    border-color: ${zr};
  }

  :host([appearance='tint'][color='informative']) {
    background-color: ${hr};
    color: ${D};
    border-color: ${Pr};
  }

  :host([appearance='tint'][color='severe']) {
    background-color: ${ei};
    color: ${ri};
    border-color: ${ni};
  }

  :host([appearance='tint'][color='subtle']) {
    background-color: ${fr};
    color: ${D};
    border-color: ${Pr};
  }

  :host([appearance='tint'][color='success']) {
    background-color: ${Jr};
    color: ${Zr};
    border-color: ${Xr};
  }

  :host([appearance='tint'][color='warning']) {
    background-color: ${ai};
    color: ${ci};
    border-color: ${si};
  }
`}
  ${Oo}
  ${Do}
  ${Eo}
  ${To}
  ${wo}

  @media (forced-colors: active) {
    :host,
    :host([appearance='outline']),
    :host([appearance='tint']) {
      border-color: CanvasText;
    }
  }
`;function Ao(e){return e?typeof e==`string`?new Un(e):`inline`in e?e.inline():e:Un.empty}var jo=class{};function Mo(e){return E` <slot name="end" ${Bn(`end`)}>${Ao(e.end)}</slot> `.inline()}function No(e){return E` <slot name="start" ${Bn(`start`)}>${Ao(e.start)}</slot> `.inline()}function Po(e={}){return E`
    ${No(e)}
    <slot>${Ao(e.defaultContent)}</slot>
    ${Mo(e)}
  `}var Fo=Po(),Io={name:Co,registry:e.registry,styles:ko,template:Fo};function Lo(e,...t){let n=Ee.locate(e);t.forEach(t=>{Object.getOwnPropertyNames(t.prototype).forEach(n=>{n!==`constructor`&&Object.defineProperty(e.prototype,n,Object.getOwnPropertyDescriptor(t.prototype,n))}),Ee.locate(t).forEach(e=>n.push(e))})}var Ro=class extends wt{constructor(){super(...arguments),this.appearance=xo.filled,this.color=So.brand}};k([_],Ro.prototype,`appearance`,void 0),k([_],Ro.prototype,`color`,void 0),k([_],Ro.prototype,`shape`,void 0),k([_],Ro.prototype,`size`,void 0),Lo(Ro,jo),Ro.define(Io);var zo={submit:`submit`,reset:`reset`,button:`button`},Bo=`${e.prefix}-button`,Vo=b`
  ${b`
  ${Xn(`inline-flex`)}

  :host {
    --icon-spacing: ${Ua};
    position: relative;
    contain: layout style;
    vertical-align: middle;
    align-items: center;
    box-sizing: border-box;
    justify-content: center;
    text-align: center;
    text-decoration-line: none;
    margin: 0;
    min-height: 32px;
    outline-style: none;
    background-color: ${fr};
    color: ${Zn};
    border: ${La} solid ${jr};
    padding: 0 ${Ga};
    min-width: 96px;
    border-radius: ${ha};
    font-size: ${Sa};
    font-family: ${ya};
    font-weight: ${Da};
    line-height: ${Aa};
    transition-duration: ${qa};
    transition-property: background, border, color;
    transition-timing-function: ${ro};
    cursor: pointer;
    user-select: none;
  }

  .content {
    display: inherit;
  }

  :host(:hover) {
    background-color: ${pr};
    color: ${Qn};
    border-color: ${Mr};
  }

  :host(:hover:active) {
    background-color: ${mr};
    border-color: ${Nr};
    color: ${$n};
    outline-style: none;
  }

  :host(:focus-visible) {
    border-color: ${zr};
    outline: ${Ra} solid ${zr};
    box-shadow: ${Na}, 0 0 0 2px ${Br};
  }

  @media screen and (prefers-reduced-motion: reduce) {
    :host {
      transition-duration: 0.01ms;
    }
  }

  ::slotted(svg) {
    font-size: 20px;
    height: 20px;
    width: 20px;
    fill: currentColor;
  }

  ::slotted([slot='start']) {
    margin-inline-end: var(--icon-spacing);
  }

  ::slotted([slot='end']),
  [slot='end'] {
    flex-shrink: 0;
    margin-inline-start: var(--icon-spacing);
  }

  :host([icon-only]) {
    min-width: 32px;
    max-width: 32px;
  }

  :host([size='small']) {
    --icon-spacing: ${Ha};
    min-height: 24px;
    min-width: 64px;
    padding: 0 ${Wa};
    border-radius: ${ma};
    font-size: ${xa};
    line-height: ${ka};
    font-weight: ${Ea};
  }

  :host([size='small'][icon-only]) {
    min-width: 24px;
    max-width: 24px;
  }

  :host([size='large']) {
    min-height: 40px;
    border-radius: ${ga};
    padding: 0 ${Ka};
    font-size: ${Ca};
    line-height: ${ja};
  }

  :host([size='large'][icon-only]) {
    min-width: 40px;
    max-width: 40px;
  }

  :host([size='large']) ::slotted(svg) {
    font-size: 24px;
    height: 24px;
    width: 24px;
  }

  :host(:is([shape='circular'], [shape='circular']:focus-visible)) {
    border-radius: ${va};
  }

  :host(:is([shape='square'], [shape='square']:focus-visible)) {
    border-radius: ${pa};
  }

  :host([appearance='primary']) {
    background-color: ${Tr};
    color: ${or};
    border-color: transparent;
  }

  :host([appearance='primary']:hover) {
    background-color: ${Er};
  }

  :host([appearance='primary']:is(:hover, :hover:active):not(:focus-visible)) {
    border-color: transparent;
  }

  :host([appearance='primary']:is(:hover, :hover:active)) {
    color: ${or};
  }

  :host([appearance='primary']:hover:active) {
    background-color: ${Dr};
  }

  :host([appearance='primary']:focus-visible) {
    border-color: ${or};
    box-shadow: ${Ma}, 0 0 0 2px ${Br};
  }

  :host([appearance='outline']) {
    background-color: ${xr};
  }

  :host([appearance='outline']:hover) {
    background-color: ${Sr};
  }

  :host([appearance='outline']:hover:active) {
    background-color: ${Cr};
  }

  :host([appearance='subtle']) {
    background-color: ${vr};
    color: ${er};
    border-color: transparent;
  }

  :host([appearance='subtle']:hover) {
    background-color: ${yr};
    color: ${tr};
    border-color: transparent;
  }

  :host([appearance='subtle']:hover:active) {
    background-color: ${br};
    color: ${nr};
    border-color: transparent;
  }

  :host([appearance='subtle']:hover) ::slotted(svg) {
    fill: ${rr};
  }

  :host([appearance='subtle']:hover:active) ::slotted(svg) {
    fill: ${ir};
  }

  :host([appearance='transparent']) {
    background-color: ${xr};
    color: ${er};
  }

  :host([appearance='transparent']:hover) {
    background-color: ${Sr};
    color: ${rr};
  }

  :host([appearance='transparent']:hover:active) {
    background-color: ${Cr};
    color: ${ir};
  }

  :host(:is([appearance='transparent'], [appearance='transparent']:is(:hover, :active))) {
    border-color: transparent;
  }
`}

  :host(:is(:disabled, [disabled], [disabled-focusable], [appearance]:disabled, [appearance][disabled], [appearance][disabled-focusable])),
  :host(:is(:disabled, [disabled], [disabled-focusable], [appearance]:disabled, [appearance][disabled], [appearance][disabled-focusable]):hover),
  :host(:is(:disabled, [disabled], [disabled-focusable], [appearance]:disabled, [appearance][disabled], [appearance][disabled-focusable]):hover:active) {
    background-color: ${wr};
    border-color: ${Rr};
    color: ${ar};
    cursor: not-allowed;
  }

  :host([appearance='primary']:is(:disabled, [disabled], [disabled-focusable])),
  :host([appearance='primary']:is(:disabled, [disabled], [disabled-focusable]):is(:hover, :hover:active)) {
    border-color: transparent;
  }

  :host([appearance='outline']:is(:disabled, [disabled], [disabled-focusable])),
  :host([appearance='outline']:is(:disabled, [disabled], [disabled-focusable]):is(:hover, :hover:active)) {
    background-color: ${xr};
  }

  :host([appearance='subtle']:is(:disabled, [disabled], [disabled-focusable])),
  :host([appearance='subtle']:is(:disabled, [disabled], [disabled-focusable]):is(:hover, :hover:active)) {
    background-color: ${xr};
    border-color: transparent;
  }

  :host([appearance='transparent']:is(:disabled, [disabled], [disabled-focusable])),
  :host([appearance='transparent']:is(:disabled, [disabled], [disabled-focusable]):is(:hover, :hover:active)) {
    border-color: transparent;
    background-color: ${xr};
  }

  @media (forced-colors: active) {
    :host {
      background-color: ButtonFace;
      color: ButtonText;
    }

    :host(:is(:hover, :focus-visible)) {
      border-color: Highlight !important;
    }

    :host([appearance='primary']:not(:is(:hover, :focus-visible))) {
      background-color: Highlight;
      color: HighlightText;
      forced-color-adjust: none;
    }

    :host(
        :is(
            :disabled,
            [disabled],
            [disabled-focusable],
            [appearance]:disabled,
            [appearance][disabled],
            [appearance][disabled-focusable]
          )
      ) {
      background-color: ButtonFace;
      color: GrayText;
      border-color: ButtonText;
    }
  }
`;function Ho(e={}){return E`
    <template
      @click="${(e,t)=>e.clickHandler(t.event)}"
      @keypress="${(e,t)=>e.keypressHandler(t.event)}"
    >
      ${No(e)}
      <span class="content" part="content">
        <slot ${Jn(`defaultSlottedContent`)}></slot>
      </span>
      ${Mo(e)}
    </template>
  `}var Uo=Ho(),Wo={name:Bo,registry:e.registry,styles:Vo,template:Uo};function Go(e){let t=e.ownerDocument;e?.isConnected&&e?.hasAttribute(`autofocus`)&&e?.checkVisibility?.({contentVisibilityAuto:!0,visibilityProperty:!0})&&[null,e,t.body,t.documentElement].includes(t.activeElement)&&fe.enqueue(()=>{e.focus()})}var A=class extends wt{disabledChanged(){this.setTabIndex()}disabledFocusableChanged(e,t){this.elementInternals&&(this.elementInternals.ariaDisabled=`${!!t}`)}get form(){return this.elementInternals.form}static{this.formAssociated=!0}get labels(){return Object.freeze(Array.from(this.elementInternals.labels))}typeChanged(e,t){t!==zo.submit&&(this.formSubmissionFallbackControl?.remove(),this.shadowRoot?.querySelector(`slot[name="internal"]`)?.remove())}clickHandler(e){if(e&&this.disabledFocusable)e.stopImmediatePropagation();else return this.press(),!0}connectedCallback(){super.connectedCallback(),this.elementInternals.ariaDisabled=`${!!this.disabledFocusable}`,this.setTabIndex(),Go(this)}constructor(){super(),this.disabledFocusable=!1,this.elementInternals=this.attachInternals(),this.elementInternals.role=`button`}createAndInsertFormSubmissionFallbackControl(){let e=this.formSubmissionFallbackControlSlot??document.createElement(`slot`);e.setAttribute(`name`,`internal`),this.shadowRoot?.appendChild(e),this.formSubmissionFallbackControlSlot=e;let t=this.formSubmissionFallbackControl??document.createElement(`button`);t.style.display=`none`,t.setAttribute(`type`,`submit`),t.setAttribute(`slot`,`internal`),this.formNoValidate&&t.toggleAttribute(`formnovalidate`,!0),this.elementInternals.form?.id&&t.setAttribute(`form`,this.elementInternals.form.id),this.name&&t.setAttribute(`name`,this.name),this.value&&t.setAttribute(`value`,this.value),this.formAction&&t.setAttribute(`formaction`,this.formAction??``),this.formEnctype&&t.setAttribute(`formenctype`,this.formEnctype??``),this.formMethod&&t.setAttribute(`formmethod`,this.formMethod??``),this.formTarget&&t.setAttribute(`formtarget`,this.formTarget??``),this.append(t),this.formSubmissionFallbackControl=t}formDisabledCallback(e){this.disabled=e}keypressHandler(e){if(e&&this.disabledFocusable)e.stopImmediatePropagation();else if(e.key===`Enter`||e.key===` `)this.click();else return!0}press(){switch(this.type){case zo.reset:this.resetForm();break;case zo.submit:this.submitForm()}}resetForm(){this.elementInternals.form?.reset()}setTabIndex(){this.disabled?this.removeAttribute(`tabindex`):this.tabIndex=Number(this.getAttribute(`tabindex`)??0)<0?-1:0}submitForm(){if(this.elementInternals.form&&!this.disabled&&this.type===zo.submit){if(!this.name&&!this.formAction&&!this.formEnctype&&!this.formAttribute&&!this.formMethod&&!this.formNoValidate&&!this.formTarget)this.elementInternals.form.requestSubmit();else try{this.elementInternals.setFormValue(this.value??``),this.elementInternals.form.requestSubmit(this)}catch{this.createAndInsertFormSubmissionFallbackControl(),this.elementInternals.setFormValue(null),this.elementInternals.form.requestSubmit(this.formSubmissionFallbackControl)}}}};k([me],A.prototype,`defaultSlottedContent`,void 0),k([_({mode:`boolean`})],A.prototype,`disabled`,void 0),k([_({attribute:`disabled-focusable`,mode:`boolean`})],A.prototype,`disabledFocusable`,void 0),k([_({attribute:`formaction`})],A.prototype,`formAction`,void 0),k([_({attribute:`form`})],A.prototype,`formAttribute`,void 0),k([_({attribute:`formenctype`})],A.prototype,`formEnctype`,void 0),k([_({attribute:`formmethod`})],A.prototype,`formMethod`,void 0),k([_({attribute:`formnovalidate`,mode:`boolean`})],A.prototype,`formNoValidate`,void 0),k([_({attribute:`formtarget`})],A.prototype,`formTarget`,void 0),k([_],A.prototype,`name`,void 0),k([_],A.prototype,`type`,void 0),k([_],A.prototype,`value`,void 0);var Ko=class extends A{constructor(){super(...arguments),this.iconOnly=!1}};k([_],Ko.prototype,`appearance`,void 0),k([_],Ko.prototype,`shape`,void 0),k([_],Ko.prototype,`size`,void 0),k([_({attribute:`icon-only`,mode:`boolean`})],Ko.prototype,`iconOnly`,void 0),Lo(Ko,jo),Ko.define(Wo);var qo=`${e.prefix}-spinner`,Jo=b`
  ${Xn(`inline-flex`)}

  :host {
    --duration: 1.5s;
    --indicatorSize: ${za};
    --size: 32px;
    height: var(--size);
    width: var(--size);
    contain: strict;
    content-visibility: auto;
  }

  :host([size='tiny']) {
    --indicatorSize: ${Ra};
    --size: 20px;
  }
  :host([size='extra-small']) {
    --indicatorSize: ${Ra};
    --size: 24px;
  }
  :host([size='small']) {
    --indicatorSize: ${Ra};
    --size: 28px;
  }
  :host([size='large']) {
    --indicatorSize: ${za};
    --size: 36px;
  }
  :host([size='extra-large']) {
    --indicatorSize: ${za};
    --size: 40px;
  }
  :host([size='huge']) {
    --indicatorSize: ${Ba};
    --size: 44px;
  }

  .progress,
  .background,
  .spinner,
  .start,
  .end,
  .indicator {
    position: absolute;
    inset: 0;
  }

  .progress,
  .spinner,
  .indicator {
    animation: none var(--duration) infinite ${ro};
  }

  .progress {
    animation-timing-function: linear;
    animation-name: spin-linear;
  }

  .background {
    border: var(--indicatorSize) solid ${Lr};
    border-radius: 50%;
  }

  :host([appearance='inverted']) .background {
    border-color: rgba(255, 255, 255, 0.2);
  }

  .spinner {
    animation-name: spin-swing;
  }

  .start {
    overflow: hidden;
    right: 50%;
  }

  .end {
    overflow: hidden;
    left: 50%;
  }

  .indicator {
    color: ${Ir};
    box-sizing: border-box;
    border-radius: 50%;
    border: var(--indicatorSize) solid transparent;
    border-block-start-color: currentcolor;
    border-right-color: currentcolor;
  }

  :host([appearance='inverted']) .indicator {
    color: ${Fr};
  }

  .start .indicator {
    rotate: 135deg; /* Starts 9 o'clock */
    inset: 0 -100% 0 0;
    animation-name: spin-start;
  }

  .end .indicator {
    rotate: 135deg; /* Ends at 3 o'clock */
    inset: 0 0 0 -100%;
    animation-name: spin-end;
  }

  @keyframes spin-linear {
    100% {
      transform: rotate(360deg);
    }
  }

  @keyframes spin-swing {
    0% {
      transform: rotate(-135deg);
    }
    50% {
      transform: rotate(0deg);
    }
    100% {
      transform: rotate(225deg);
    }
  }

  @keyframes spin-start {
    0%,
    100% {
      transform: rotate(0deg);
    }
    50% {
      transform: rotate(-80deg);
    }
  }

  @keyframes spin-end {
    0%,
    100% {
      transform: rotate(0deg);
    }
    50% {
      transform: rotate(70deg);
    }
  }

  @media (forced-colors: active) {
    .background {
      display: none;
    }
    .indicator {
      border-color: Canvas;
      border-block-start-color: Highlight;
      border-right-color: Highlight;
    }
  }
`,Yo=E`
  <slot name="indicator">
    <div class="background"></div>
    <div class="progress">
      <div class="spinner">
        <div class="start">
          <div class="indicator"></div>
        </div>
        <div class="end">
          <div class="indicator"></div>
        </div>
      </div>
    </div>
  </slot>
`,Xo={name:qo,registry:e.registry,styles:Jo,template:Yo},Zo=class extends wt{constructor(){super(),this.elementInternals=this.attachInternals(),this.elementInternals.role=`progressbar`}},Qo=class extends Zo{};k([_],Qo.prototype,`size`,void 0),k([_],Qo.prototype,`appearance`,void 0),Qo.define(Xo);var $o={subscribe:()=>void 0,unsubscribe:()=>void 0,notify:()=>void 0};for(let e of[`avatar`,`badge`,`button`,`spinner`])customElements.whenDefined(`fluent-${e}`).then(e=>{let t=new e;Object.defineProperty(t.$fastController.definition,"$fastController",{value:$o})});var j=class extends Error{trouble;waitS;constructor(e,t=0){super(e),this.trouble=e,this.waitS=t}},es=class extends j{tid;expected;found;final;constructor(e,t,n,r){super(`untrusted`),this.tid=e,this.expected=t,this.found=n,this.final=r}};function ts(){return new j(navigator.onLine?`away`:`offline`)}function ns(e,t=!1){let n=Math.min(Number(e.headers.get(`Retry-After`))||1,60);switch(e.status){case 401:return new j(`signed-out`);case 403:return new j(`rights`);case 404:return t?new j(`gone`):new j(`away`,n);case 429:return new j(`busy`,n);case 502:case 503:case 504:return new j(`away`,n);default:return new j(`fault`)}}var rs=8e3;async function is(e,t,n){try{return await fetch(e,{...t,signal:as(n),credentials:`omit`})}catch(e){throw n?.aborted?e:ts()}}function as(e){let t=new AbortController;for(let n of[AbortSignal.timeout(rs),e])n?.aborted?t.abort(n.reason):n?.addEventListener(`abort`,()=>t.abort(n.reason),{once:!0});return t.signal}function M(e,t=``){let n=new Headers({Accept:`application/json`});return t&&n.set(`Content-Type`,t),e&&n.set(`Authorization`,`Bearer ${e}`),n}var os=class{debounceMs=80;fingerprint=``;ask({op:e,args:t,token:n,signal:r}){let i=`/v1/people/${encodeURIComponent(t.id??``)}`;switch(e){case`me`:return is(`/v1/me`,{headers:M(n)},r);case`people.search`:return is(`/v1/people/search`,{method:`POST`,body:JSON.stringify(t),headers:M(n,`application/json`)},r);case`people.person`:return is(i,{headers:M(n)},r);case`people.vcard`:return is(`${i}/vcard`,{headers:M(n)},r)}}},ss=class{token;onReach=()=>void 0;onKeyChange=()=>void 0;road=new os;constructor(e){this.token=e}me(){return this.read(`me`,{})}search(e,t,n){return this.read(`people.search`,{text:e,fold:`company`,...t?{cursor:t}:{}},n)}person(e,t){return this.read(`people.person`,{id:e},t)}async vcard(e){let t=await this.ask(`people.vcard`,{id:e}),n=t.headers.get(`Content-Type`)?.startsWith(`text/vcard`);return this.body(n?t.blob():Promise.reject(TypeError(`no vCard`)))}async ways(){return await this.open({headers:M(``)})}async signIn(e,t){let n={method:`POST`,body:JSON.stringify({name:e,password:t}),headers:M(``,`application/json`)};return(await this.open(n)).session}async open(e){let t=await this.told(is(`/v1/sign-in`,e));if(!t.ok)throw ns(t);return this.body(t.json())}async read(e,t,n){return await this.body((await this.ask(e,t,n)).json(),n)}async body(e,t){let n=await e.catch(()=>void 0);if(t?.aborted)throw t.reason;if(typeof n==`object`&&n)return n;throw this.onReach(!1),ts()}async ask(e,t,n){let r=await this.token(),i=await this.told(this.road.ask({op:e,args:t,token:r,signal:n}));if(i.status===401){let a=await this.token(r);a&&(i=await this.told(this.road.ask({op:e,args:t,token:a,signal:n})))}if(i.ok)return i;throw ns(i,e===`people.person`||e===`people.vcard`)}async told(e){try{let t=await e;return this.onReach(t.status<500),t}catch(e){throw e instanceof es&&this.onKeyChange(e),e instanceof j&&this.onReach(!1),e}}};function N(e,t={},...n){let r=document.createElement(e);for(let[e,n]of Object.entries(t))if(e===`on`)for(let[e,t]of Object.entries(n))r.addEventListener(e,t);else n!=null&&n!==!1&&r.setAttribute(e,n===!0?``:String(n));return r.append(...n.filter(e=>!!e||e===``)),r}var cs=`http://www.w3.org/2000/svg`,ls={search:`M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM13 13l4 4`,clear:`M5 5l10 10M15 5 5 15`,call:`M5.6 3.2 7.4 3l1.6 3.6-1.7 1.7c.8 1.9 2.4 3.5 4.4 4.4l1.7-1.7L17 12.6l-.2 1.8c-.1 1.2-1.100 2.200-2.400 2.100C8.500 16.200 3.800 11.500 3.500 5.600c-.1-1.300.9-2.300 2.100-2.400Z`,chat:`M10 3.500a6.500 6.500 0 0 1 0 13c-1.100 0-2.200-.3-3.100-.7L3.500 16.500l.7-3.400A6.500 6.500 0 0 1 10 3.500Z`,mail:`M3 5.500h14v9H3ZM3 6l7 5 7-5`,copy:`M7 6.500h9v10H7ZM4 13.500v-10h9`,star:`m10 3 2.100 4.500 4.900.6-3.600 3.400.9 4.900L10 14l-4.300 2.400.9-4.900L3 8.100l4.900-.6Z`,vcard:`M3 4.500h14v11H3ZM8 8.200a1.700 1.700 0 1 0 0 .1M5.200 13c.3-1.600 1.400-2.200 2.800-2.200s2.500.6 2.800 2.200M13 8.500h2M13 11h2`,open:`M8 4.500H4v11.500h11.500V12M11 4h5v5M16 4l-7 7`,back:`M12 4.500 6.500 10l5.500 5.500M6.500 10H17`,company:`M4 16.500v-13h8v13M12 7.500h4v9M3 16.500h14M6.500 6.500h3M6.500 9.500h3M6.500 12.500h3`,lock:`M5 9h10v7.500H5ZM7 9V6.500a3 3 0 0 1 6 0V9M10 12v1.500`,out:`M12 6V3.500H3.500v13H12V14M8 10h9M14 7l3 3-3 3`};function us(e,t=!1){let n=document.createElementNS(cs,`svg`);n.setAttribute(`viewBox`,`0 0 20 20`),n.setAttribute(`aria-hidden`,`true`),n.setAttribute(`class`,t?`icon filled`:`icon`);let r=document.createElementNS(cs,`path`);return r.setAttribute(`d`,ls[e]),n.append(r),n}function P(e,t,n={}){let r=n.only??!1;return N(`fluent-button`,{role:`button`,appearance:n.primary?`primary`:r?`subtle`:`outline`,"icon-only":r,"aria-label":r&&e,title:r&&e,"aria-pressed":n.pressed===void 0?null:String(n.pressed),class:n.class,on:{click:t}},n.icon&&ds(`start`,n.icon,n.filled??!1,r),r?null:e)}function ds(e,t,n,r){let i=us(t,n);return r||i.setAttribute(`slot`,e),i}var fs={app:`Firmenkontakte`,"search.label":`Personen, Firmen, Nummern suchen`,"search.placeholder":`Name, Firma oder Nummer`,"search.clear":`Suche leeren`,"search.hint":`Wortanfänge in beliebiger Reihenfolge, Initialen oder ein Teil der Nummer genügen.`,"search.results":`Suchergebnisse`,"search.more":`Weitere anzeigen`,"search.mean":`Meinten Sie {text}?`,"search.none":`Niemand gefunden`,"search.none.hint":`Prüfen Sie die Schreibweise, oder versuchen Sie es mit weniger Buchstaben, der Firma oder den letzten Ziffern der Nummer.`,"hits.one":`{count} Treffer`,"hits.other":`{count} Treffer`,"hits.many":`{count} Treffer oder mehr`,"hits.folded":`{count} weitere bei {company}`,"start.favourites":`Favoriten`,"start.recents":`Zuletzt`,"start.empty":`Hier stehen Ihre Favoriten und letzten Kontakte`,"start.empty.hint":`Sie bleiben auf diesem Gerät. Suchen Sie zuerst jemanden, und markieren Sie häufig Angerufene mit dem Stern.`,"found.in":`Gefunden in: {fields}`,"card.none":`Wählen Sie jemanden, um die Karte zu sehen`,"card.back":`Zurück zur Liste`,"card.reach":`Nummern und Adressen`,"card.details":`Angaben`,"card.origin":`aus {source}`,"card.records":`Datensätze`,"card.changed":`geändert {date}`,"card.customer":`Kundenseite`,"card.gone":`Diesen Kontakt gibt es nicht mehr, oder Sie dürfen ihn nicht mehr sehen.`,"card.remove":`Aus der Liste entfernen`,call:`Anrufen`,"call.name":`{name} anrufen`,"call.number":`{number} anrufen`,"call.choose":`Welche Nummer von {name}?`,"call.cancel":`Abbrechen`,chat:`Chat`,"chat.with":`Chat mit {name}`,mail:`E-Mail`,"mail.to":`E-Mail an {address}`,"copy.number":`{number} kopieren`,copied:`Kopiert: {text}`,"copy.failed":`Hier lässt sich nichts kopieren`,vcard:`Als vCard speichern`,"vcard.failed":`Die vCard war nicht zu bekommen`,open:`In {source} öffnen`,"favourite.add":`{name} zu den Favoriten`,"favourite.remove":`{name} aus den Favoriten entfernen`,"favourite.full":`Sie haben schon {count} Favoriten. Entfernen Sie erst einen`,"signin.name":`Benutzername`,"signin.password":`Passwort`,"signin.go":`Anmelden`,"signin.wrong":`Diesen Benutzer mit diesem Passwort gibt es nicht.`,"signin.often":`Zu viele falsche Passwörter. Versuchen Sie es {when} wieder.`,"signin.ended":`Ihre Sitzung ist zu Ende. Melden Sie sich neu an.`,"signin.entra":`Mit Microsoft anmelden`,"signin.blocked":`Der Browser hat kein Fenster zum Anmelden geöffnet. Erlauben Sie es dieser Seite und versuchen Sie es noch einmal.`,"signin.refused":`Sie wurden nicht angemeldet. Versuchen Sie es noch einmal oder fragen Sie einen Administrator.`,"signin.close":`Sie können dieses Fenster schließen.`,"signin.failed":`Teams konnte Sie nicht anmelden`,"signin.failed.hint":`Versuchen Sie es noch einmal. Bleibt es dabei, muss ein Administrator die App für Ihre Organisation freigeben.`,"signin.none":`Hier kann sich noch niemand anmelden`,"signin.none.hint":`Ein Administrator muss einen Benutzer oder die Anmeldung mit Entra einrichten.`,signout:`Abmelden`,"state.ready":`Verzeichnis erreichbar`,"state.away":`Verzeichnis unerreichbar`,"error.offline":`Sie sind offline`,"error.offline.hint":`Es geht von selbst weiter, sobald die Verbindung wieder da ist. Favoriten und letzte Kontakte bleiben auf diesem Gerät.`,"error.away":`Das Verzeichnis ist nicht erreichbar`,"error.away.hint":`Es liegt nicht an Ihrer Suche: Der Server antwortet nicht. Es wird von selbst wieder versucht.`,"error.busy":`Das waren zu viele Anfragen auf einmal`,"error.busy.hint":`Es wird {when} von selbst wieder versucht.`,"error.rights":`Sie dürfen keine Kontaktquelle sehen`,"error.rights.hint":`Ein Administrator von Rufname kann Ihnen Rechte geben. Öffnen Sie diese Seite danach neu.`,"error.fault":`Auf dem Server ist etwas schiefgegangen`,"error.fault.hint":`Versuchen Sie es noch einmal. Bleibt es dabei, sagen Sie Ihrem Administrator, wann es war.`,"error.unregistered":`Ihre Organisation hat hier noch kein Verzeichnis`,"error.unregistered.hint":`Ein Administrator muss es einmal bei diesem Relay anmelden.`,"error.untrusted":`Diese Antwort ist nicht die Ihres Verzeichnisses`,"error.untrusted.hint":`Sie wurde ungelesen verworfen. Versuchen Sie es noch einmal. Bleibt es so, sagen Sie es Ihrem Administrator.`,"error.clock":`Die Uhr dieses Geräts geht falsch`,"error.clock.hint":`Stellen Sie Datum und Zeit, und versuchen Sie es noch einmal: falsch datierte Fragen werden nicht beantwortet.`,"changed.title":`Das ist nicht das bisherige Verzeichnis`,"changed.package":`Die App, die Ihre Organisation installiert hat, nennt ein anderes Verzeichnis. Es wurde nichts gefragt. Sagen Sie es Ihrem Administrator: Entweder muss die App aktualisiert werden, oder jemand steht zwischen Ihnen und dem Verzeichnis.`,"changed.seen":`Es wurde nichts gefragt. Zeigen Sie Ihrem Administrator diese Ziffern: Sind die neuen richtig, wurde das Verzeichnis neu eingerichtet; wenn nicht, steht jemand zwischen Ihnen und dem Verzeichnis.`,"changed.expected":`Bisher bekannt`,"changed.found":`Jetzt vorgefunden`,"changed.accept":`Die neuen Ziffern sind richtig: weiter`,sealed:`Versiegelt für Ihr Verzeichnis`,"sealed.hint":`Nur das Verzeichnis Ihrer Organisation und diese Seite können lesen, was Sie suchen und was gefunden wird. Ihr Administrator kann Ihnen sagen, ob diese Ziffern die des Verzeichnisses sind:`,"sealed.close":`Schließen`,retry:`Noch einmal`,"kind.work":`Büro`,"kind.mobile":`Mobil`,"kind.home":`Privat`,"kind.fax":`Fax`,"kind.company":`Firma`,"kind.other":`Weitere`,"field.display_name":`Name`,"field.given_name":`Vorname`,"field.surname":`Nachname`,"field.title":`Titel`,"field.company":`Firma`,"field.department":`Abteilung`,"field.job":`Position`,"field.street":`Straße`,"field.postcode":`PLZ`,"field.city":`Ort`,"field.country":`Land`,"field.url":`Link`,"field.photo":`Bild`,"field.birthday":`Geburtstag`,"field.notes":`Notizen`,"field.emails":`E-Mail`,"field.phones":`Nummer`,"field.custom":`Feld {number}`},ps={app:`Company contacts`,"search.label":`Search people, companies, numbers`,"search.placeholder":`Name, company or number`,"search.clear":`Clear the search`,"search.hint":`Type the beginnings of words in any order, initials, or part of a number.`,"search.results":`Search results`,"search.more":`Show more`,"search.mean":`Did you mean {text}?`,"search.none":`Nobody found`,"search.none.hint":`Check the spelling, or try fewer letters, the company, or the last digits of the number.`,"hits.one":`{count} hit`,"hits.other":`{count} hits`,"hits.many":`{count} hits or more`,"hits.folded":`{count} more of {company}`,"start.favourites":`Favourites`,"start.recents":`Recent`,"start.empty":`Your favourites and recent contacts appear here`,"start.empty.hint":`They stay on this device. Search for somebody to begin, and mark those you call often with the star.`,"found.in":`Found in: {fields}`,"card.none":`Choose somebody to see the card`,"card.back":`Back to the list`,"card.reach":`Numbers and addresses`,"card.details":`Details`,"card.origin":`from {source}`,"card.records":`Records`,"card.changed":`changed {date}`,"card.customer":`Customer page`,"card.gone":`This contact is no longer there, or you may no longer see it.`,"card.remove":`Remove from the list`,call:`Call`,"call.name":`Call {name}`,"call.number":`Call {number}`,"call.choose":`Which number of {name}?`,"call.cancel":`Cancel`,chat:`Chat`,"chat.with":`Chat with {name}`,mail:`Mail`,"mail.to":`Mail to {address}`,"copy.number":`Copy {number}`,copied:`Copied: {text}`,"copy.failed":`This cannot be copied here`,vcard:`Save as vCard`,"vcard.failed":`The vCard could not be fetched`,open:`Open in {source}`,"favourite.add":`Add {name} to favourites`,"favourite.remove":`Remove {name} from favourites`,"favourite.full":`You have {count} favourites already. Remove one first`,"signin.name":`User name`,"signin.password":`Password`,"signin.go":`Sign in`,"signin.wrong":`There is no user with this name and password.`,"signin.often":`Too many wrong passwords. Try again {when}.`,"signin.ended":`Your session has ended. Sign in again.`,"signin.entra":`Sign in with Microsoft`,"signin.blocked":`The browser opened no window to sign in. Allow this page to open one, then try again.`,"signin.refused":`You were not signed in. Try again, or ask an administrator.`,"signin.close":`You can close this window.`,"signin.failed":`Teams could not sign you in`,"signin.failed.hint":`Try again. If it stays like this, an administrator has to allow the app for your organisation.`,"signin.none":`Nobody can sign in here yet`,"signin.none.hint":`An administrator has to set up a user, or the sign-in with Entra.`,signout:`Sign out`,"state.ready":`Directory reachable`,"state.away":`Directory not reachable`,"error.offline":`You are offline`,"error.offline.hint":`It goes on by itself as soon as the connection is back. Favourites and recent contacts stay on this device.`,"error.away":`The directory cannot be reached`,"error.away.hint":`It is not your search: the server does not answer. It is tried again by itself.`,"error.busy":`Those were too many requests at once`,"error.busy.hint":`It is tried again by itself {when}.`,"error.rights":`You may not see any source of contacts`,"error.rights.hint":`An administrator of Rufname can give you rights. Open this page again then.`,"error.fault":`Something went wrong on the server`,"error.fault.hint":`Try again. If it stays like this, tell your administrator when it happened.`,"error.unregistered":`Your organisation has no directory here yet`,"error.unregistered.hint":`An administrator has to register it with this relay once.`,"error.untrusted":`This answer is not your directory's`,"error.untrusted.hint":`It was thrown away unread. Try again. If it stays like this, tell your administrator.`,"error.clock":`The clock of this device is wrong`,"error.clock.hint":`Set date and time, then try again: questions that are dated wrongly are not answered.`,"changed.title":`This is not the directory that it was`,"changed.package":`The app that your organisation installed names another directory. Nothing was asked. Tell your administrator: either the app has to be updated, or somebody stands between you and the directory.`,"changed.seen":`Nothing was asked. Show your administrator these digits: if the new ones are right, the directory was set up anew; if not, somebody stands between you and the directory.`,"changed.expected":`Known until now`,"changed.found":`Found now`,"changed.accept":`The new digits are right: go on`,sealed:`Sealed for your directory`,"sealed.hint":`Only your organisation's directory and this page can read what you search and what is found. Your administrator can tell you whether these digits are the directory's:`,"sealed.close":`Close`,retry:`Try again`,"kind.work":`Work`,"kind.mobile":`Mobile`,"kind.home":`Home`,"kind.fax":`Fax`,"kind.company":`Company`,"kind.other":`Other`,"field.display_name":`Name`,"field.given_name":`Given name`,"field.surname":`Surname`,"field.title":`Title`,"field.company":`Company`,"field.department":`Department`,"field.job":`Job`,"field.street":`Street`,"field.postcode":`Postcode`,"field.city":`City`,"field.country":`Country`,"field.url":`Link`,"field.photo":`Photo`,"field.birthday":`Birthday`,"field.notes":`Notes`,"field.emails":`E-mail`,"field.phones":`Number`,"field.custom":`Field {number}`},ms={de:fs,en:ps},F=`en`,hs=new Intl.PluralRules(F);function gs(e){let t=(e||navigator.language||`en`).toLowerCase().split(/[-_]/)[0]??``;F=t in ms?t:`en`,hs=new Intl.PluralRules(F),document.documentElement.lang=F,document.title=`Rufname – ${I(`app`)}`}function I(e,t={}){return(ms[F]?.[e]??ps[e]).replace(/\{(\w+)\}/g,(e,n)=>String(t[n]??``))}function _s(e,t){return I(t?hs.select(e)===`one`?`hits.one`:`hits.other`:`hits.many`,{count:e})}function vs(e){return new Intl.RelativeTimeFormat(F).format(e,`second`)}var ys={};function bs(e){ys=e}function xs(e){let[t,n]=e.split(`.`);if(t===`custom`)return ys[e]??I(`field.custom`,{number:n??``}).trim();let r=`field.${t}`;return r in ps?I(r):e}function Ss(e){let t=`kind.${e}`;return I(t in ps?t:`kind.other`)}function Cs(e){let t=new Date(e);return Number.isNaN(t.getTime())?e:new Intl.DateTimeFormat(F,{dateStyle:`medium`}).format(t)}var ws=2e3,Ts=1e3,Es=class{person;me;acts;element;frame;origin;asked=new Map;listen=e=>this.take(e);constructor(e,t,n){this.person=e,this.me=t,this.acts=n,this.origin=new URL(t.customer_page).origin,this.frame=N(`iframe`,{class:`customer`,title:I(`card.customer`),sandbox:`allow-scripts allow-same-origin allow-forms allow-popups`,referrerpolicy:`no-referrer`,loading:`lazy`,src:t.customer_page,on:{load:()=>this.tell()}}),this.element=N(`section`,{},N(`h3`,{},I(`card.customer`)),this.frame),addEventListener(`message`,this.listen)}update(e){this.person=e,this.tell()}close(){removeEventListener(`message`,this.listen)}tell(){this.frame.contentWindow?.postMessage(Os(this.person,this.me),this.origin)}take(e){if(e.origin!==this.origin||e.source!==this.frame.contentWindow)return;let t=e.data;if(typeof t!=`object`||!t)return;let n=typeof t.value==`string`?t.value.slice(0,ws):``;switch(t.type){case`refresh`:this.acts.refresh();break;case`sendEmail`:/^[^\s@<>,;:]+@[^\s@<>,;:]+$/.test(n)&&this.once(`sendEmail`,()=>this.acts.sendEmail(n));break;case`callPhoneNumber`:Ds(n)&&this.once(`callPhoneNumber`,()=>this.acts.callPhoneNumber(Ds(n)));break;case`copyText`:n&&this.once(`copyText`,()=>this.acts.copyText(n))}}once(e,t){let n=performance.now();n-(this.asked.get(e)??-1e3)<Ts||(this.asked.set(e,n),t())}};function Ds(e){if(!/^\+?[\d\s()/.\u2010-\u2015-]{3,40}$/.test(e))return``;let t=(/^\s*(\+|00)/.test(e)?e.replace(/\(\s*0\s*\)/,``):e).replace(/[^\d+]/g,``);return t.length>1?t:``}function Os(e,t){let n=t=>e.fields.find(e=>e.name===t)?.text??``,r=e.fields.filter(e=>e.name.startsWith(`custom.`));return{user:{tenantId:t.tenant,id:t.user,name:t.name},contact:{id:e.id,personal:{displayName:e.name,firstName:n(`given_name`),lastName:n(`surname`),title:n(`title`),birthday:n(`birthday`),notes:n(`notes`)},phoneNumbers:e.numbers.map(e=>({type:e.kind,number:e.e164,displayNumber:e.display})),emails:e.emails.map(e=>({address:e.address})),company:{name:n(`company`),department:n(`department`),position:n(`job`),street:n(`street`),zipCode:n(`postcode`),city:n(`city`),country:n(`country`),url:e.link??``},customFields:Object.fromEntries(r.map(({name:e,text:t})=>[e.slice(7),t])),dbFields:Object.fromEntries(e.fields.map(({name:e,text:t})=>[e,t]))}}}var ks=80,As=class{host;say;used;constructor(e,t,n){this.host=e,this.say=t,this.used=n}call(e){let t=js(e);t.length===1?this.dial(e,t[0]):t.length>1&&this.choose(e,t)}callFirst(e){let t=js(e)[0];t&&this.dial(e,t)}dial(e,t){this.used(e),this.host.call(t.call).catch(()=>this.say(I(`error.fault`)))}chat(e,t){this.used(e),this.host.chat(t).catch(()=>this.say(I(`error.fault`)))}mail(e,t){this.used(e),this.host.mail(t).catch(()=>this.say(I(`error.fault`)))}async copy(e){let t=e.length>ks?`${[...e].slice(0,ks).join(``)}…`:e;this.say(await Ms(e)?I(`copied`,{text:t}):I(`copy.failed`))}choose(e,t){let n=document.activeElement,r=()=>i.close(),i=N(`dialog`,{class:`choice`,"aria-labelledby":`choice-title`,on:{click:a}},N(`h2`,{id:`choice-title`},I(`call.choose`,{name:L(e)})),...t.map(t=>N(`fluent-button`,{class:`number`,role:`button`,appearance:`subtle`,on:{click:()=>{r(),this.dial(e,t)}}},N(`span`,{class:`kind`},Ss(t.kind)),N(`span`,{class:`display`},t.display))),P(I(`call.cancel`),r,{class:`cancel`}));function a(e){e.target===i&&r()}i.addEventListener(`close`,()=>{i.remove(),n instanceof HTMLElement&&n.focus()}),document.body.append(i),i.showModal()}};function L(e){return e.name||e.company||e.numbers?.[0]?.display||e.emails?.[0]?.address||`…`}function js(e){return(e.numbers??[]).filter(e=>e.kind!==`fax`)}async function Ms(e){try{return await navigator.clipboard.writeText(e),!0}catch{let t=N(`textarea`,{class:`unseen`,readonly:!0});t.value=e;let n=document.activeElement;document.body.append(t),t.select();let r=document.execCommand(`copy`);return t.remove(),n instanceof HTMLElement&&n.focus(),r}}function Ns(e,t,n,r){let i=[e.job,e.department,e.company===e.name?``:e.company,e.city],a=Rs(e.company??``,e.spans,`company`),o=i.filter(Boolean).map(t=>t===e.company?a:[t]),s=(e.numbers??[])[zs(e)],c=e.name||!s?Rs(L(e),e.spans,`display_name`):Bs(s.display,e);return N(`div`,{role:`row`,id:n,class:`row`,"data-id":e.id,"aria-selected":`false`},N(`div`,{role:`gridcell`,class:`person`,on:{click:()=>r.open(e)}},Ps(e),N(`div`,{class:`words`},N(`div`,{class:`name`},...c),o.length?N(`div`,{class:`about`},...Vs(o)):null,N(`div`,{class:`found`},s&&e.name?N(`span`,{class:`number`},...Bs(s.display,e)):null,...Is(e,t),Ls(e)))),N(`div`,{role:`gridcell`,class:`acts`},js(e).length?P(I(`call.name`,{name:L(e)}),()=>r.call(e),{icon:`call`,only:!0}):null,Fs(e,r)))}function Ps(e,t=36){let n={size:t,color:`colorful`,"aria-hidden":`true`,class:`portrait`};if(e.company_record)return N(`fluent-avatar`,{...n,shape:`square`},us(`company`));let r=Hs(e.name);return N(`fluent-avatar`,{...n,name:r&&e.name,initials:r})}function Fs(e,t){let n=t.isFavourite(e.id),r=P(I(n?`favourite.remove`:`favourite.add`,{name:L(e)}),()=>{t.favour(e,!n);let i=Fs(e,t);r.replaceWith(i),i.focus();for(let n of document.querySelectorAll(`[data-star="${CSS.escape(e.id)}"]`))n!==i&&n.replaceWith(Fs(e,t))},{icon:`star`,filled:n,only:!0,pressed:n});return r.dataset.star=e.id,r}function Is(e,t){let n=new Map(t.map(e=>[e.id,e.name]));return e.sources.map(e=>N(`fluent-badge`,{appearance:`tint`,size:`small`,class:`source`},N(`span`,{},n.get(e)??e)))}function Ls(e){let t=[`display_name`,`given_name`,`surname`,`company`,`department`,`job`,`city`],n=(e.matched??[]).filter(e=>!t.includes(e)&&!e.startsWith(`phones.`)),r=[...new Set(n.map(xs))].join(`, `);return r?N(`span`,{class:`elsewhere`},I(`found.in`,{fields:r})):null}function Rs(e,t,n){let r=[...e],i=[],a=0,o=(t??[]).filter(e=>e.field===n&&!e.at);for(let{start:e,end:t}of o.sort((e,t)=>e.start-t.start))e<a||t>r.length||(i.push(r.slice(a,e).join(``),N(`mark`,{},r.slice(e,t).join(``))),a=t);return i.push(r.slice(a).join(``)),i.filter(e=>e!==``)}function zs(e){return(e.spans??[]).find(e=>e.field.startsWith(`phones`))?.at??0}function Bs(e,t){let n=(t.spans??[]).find(e=>e.field.startsWith(`phones`));if(!n)return[e];let r=0,[i,a]=[-1,-1];return[...e].forEach((e,t)=>{/\d/.test(e)&&(r===n.start&&(i=t),r+=1,r===n.end&&(a=t+1))}),i<0||a<0?[e]:[e.slice(0,i),N(`mark`,{},e.slice(i,a)),e.slice(a)]}function Vs(e){return e.flatMap((e,t)=>[t?` · `:``,N(`bdi`,{},...e)])}function Hs(e){let t=e.replace(/\(.*?\)|,.*/g,``).split(/\s+/).filter(e=>/^\p{L}/u.test(e)),[n=``]=t[0]??``,[r=``]=t.length>1?t.at(-1)??``:``;return(n+r).toLocaleUpperCase()}var Us=new Set([`display_name`,`photo`]),Ws=class{person;api;host;reach;acts;element;customer;constructor(e,t,n,r,i,a){this.person=e,this.api=n,this.host=r,this.reach=i,this.acts=a,t.customer_page&&(this.customer=new Es(e,t,{refresh:()=>a.refresh(),sendEmail:e=>i.mail(this.person,e),callPhoneNumber:e=>i.dial(this.person,{kind:`other`,e164:e,display:e,call:e,source:``}),copyText:e=>void i.copy(e)})),this.element=N(`article`,{class:`card`,"aria-labelledby":`card-name`},...this.parts(),this.customer?.element)}update(e){this.person=e;for(let e of[...this.element.children])e!==this.customer?.element&&e.remove();this.element.prepend(...this.parts().filter(e=>e!==null)),this.customer?.update(e)}parts(){return[this.head(),this.actions(),this.ways(),this.details(),this.records()]}focus(){this.element.querySelector(`#card-name`)?.focus()}close(){this.customer?.close()}head(){let e=[`job`,`department`,`company`].map(e=>this.text(e));return N(`header`,{},P(I(`card.back`),()=>this.acts.back(),{icon:`back`,only:!0,class:`back`}),Ps(this.person,56),N(`div`,{class:`words`},N(`h2`,{id:`card-name`,tabindex:`-1`},L(this.person)),N(`div`,{class:`about`},...Vs(e.filter(e=>e&&e!==this.person.name).map(e=>[e])))),Fs(this.asHit(),this.acts))}actions(){let{person:e,reach:t}=this,n=e.emails.find(e=>e.chat),r=e.emails[0];return N(`div`,{class:`actions`},js(e).length?P(I(`call`),()=>t.call(e),{icon:`call`,primary:!0}):null,n?P(I(`chat`),()=>t.chat(e,n.address),{icon:`chat`}):null,r?P(I(`mail`),()=>t.mail(e,r.address),{icon:`mail`}):null,P(I(`vcard`),()=>void this.save(),{icon:`vcard`}),e.link?this.link(e.link):null)}link(e){let t=this.source(this.field(`url`)?.source??Gs(this.person));return N(`a`,{class:`open`,href:e,target:`_blank`,rel:`noopener noreferrer`,on:{click:t=>{t.preventDefault(),this.host.open(e)}}},us(`open`),I(`open`,{source:t}))}ways(){let{person:e,reach:t}=this;if(!e.numbers.length&&!e.emails.length)return null;let n=e.numbers.map(n=>N(`li`,{},N(`span`,{class:`label`},Ss(n.kind)),N(`span`,{class:`value`},n.display),this.origin(n.source),N(`span`,{class:`acts`},n.kind===`fax`?null:P(I(`call.number`,{number:n.display}),()=>t.dial(e,n),{icon:`call`,only:!0}),P(I(`copy.number`,{number:n.display}),()=>void t.copy(n.e164),{icon:`copy`,only:!0})))),r=e.emails.map(n=>N(`li`,{},N(`span`,{class:`label`},I(`field.emails`)),N(`span`,{class:`value`},n.address),this.origin(n.source),N(`span`,{class:`acts`},n.chat?P(I(`chat.with`,{name:n.address}),()=>t.chat(e,n.address),{icon:`chat`,only:!0}):null,P(I(`mail.to`,{address:n.address}),()=>t.mail(e,n.address),{icon:`mail`,only:!0}),P(I(`copy.number`,{number:n.address}),()=>void t.copy(n.address),{icon:`copy`,only:!0}))));return N(`section`,{},N(`h3`,{},I(`card.reach`)),N(`ul`,{class:`ways`},...n,...r))}details(){let e=this.person.fields.filter(({name:e})=>!Us.has(e)&&!(e===`url`&&this.person.link)).map(e=>N(`div`,{},N(`dt`,{},xs(e.name)),N(`dd`,{},N(`span`,{class:`value`},e.text),this.origin(e.source))));return e.length?N(`section`,{},N(`h3`,{},I(`card.details`)),N(`dl`,{},...e)):null}records(){let{person:e}=this,t=e.changed?` · ${I(`card.changed`,{date:Cs(e.changed)})}`:``;return N(`section`,{class:`records`},N(`h3`,{},I(`card.records`)),N(`ul`,{},...e.records.map((e,n)=>{let r=e.indexOf(`:`),[i,a]=[e.slice(0,r),e.slice(r+1)].map(decodeURIComponent);return N(`li`,{},`${this.source(i)}: ${a}${n?``:t}`)})))}origin(e){return N(`span`,{class:`origin`},I(`card.origin`,{source:this.source(e)}))}source(e){return this.person.sources.find(t=>t.id===e)?.name??e}field(e){return this.person.fields.find(t=>t.name===e)}text(e){return this.field(e)?.text??``}asHit(){let{id:e,name:t,numbers:n,emails:r,sources:i}=this.person;return{id:e,name:t,numbers:n,emails:r,sources:i.map(e=>e.id),company:this.text(`company`)}}async save(){try{let e=URL.createObjectURL(await this.api.vcard(this.person.id));N(`a`,{href:e,download:`${L(this.person)}.vcf`}).click(),setTimeout(()=>URL.revokeObjectURL(e),6e4)}catch(e){if(!(e instanceof j))throw e;this.acts.say(I(`vcard.failed`))}}};function Gs(e){return e.sources[0]?.id??``}var Ks=2,qs=class{acts;moved;unfolded;element;rows=[];active=-1;made=0;folded=0;constructor(e,t,n,r){this.acts=t,this.moved=n,this.unfolded=r,this.element=N(`div`,{id:`results`,role:`grid`,"aria-label":e,class:`list`})}show(e){this.rows=[],this.made=0,this.folded=0;let t=e.filter(e=>e.hits.length).map((e,t)=>{let n=e.title?[N(`div`,{role:`row`,class:`title`},N(`span`,{role:`columnheader`,"aria-colspan":2,id:`group-${t}`},e.title))]:[];return N(`div`,{role:`rowgroup`,"aria-labelledby":e.title?`group-${t}`:null},...n,...e.hits.flatMap(t=>this.addWithFolded(t,e.sources)))});this.element.replaceChildren(...t),this.element.hidden=!t.length,this.move(-1)}append(e,t){let n=this.element.lastElementChild,r=this.rows.length,i=new Set(this.rows.map(e=>e.hit.id));for(let r of e)i.has(r.id)||n?.append(...this.addWithFolded(r,t));return r}refresh(e,t,n){for(let[r,i]of this.rows.entries()){if(i.hit.id!==e)continue;let a=i.element.contains(document.activeElement),o=Ns(t,n,i.element.id,this.acts);if(o.setAttribute(`aria-selected`,i.element.getAttribute(`aria-selected`)??`false`),o.classList.toggle(`opened`,i.element.classList.contains(`opened`)),a)return;i.element.replaceWith(o),this.rows[r]={element:o,hit:t}}}get people(){return this.rows.length+this.folded}get inSight(){let[e,t]=[this.element.parentElement?.clientHeight??0,this.rows[0]?.element.offsetHeight??0];return Math.max(1,Math.floor(Math.min(e,innerHeight)/(t||1))-1)}step(e){let t=Math.min(Math.max(this.active+e,-1),this.rows.length-1),n=t!==this.active;return this.move(t),n}stepTo(e){this.step(e-this.active)}get hasActive(){return this.active>=0}current(){return this.rows[Math.max(this.active,0)]?.hit}mark(e){for(let{element:t,hit:n}of this.rows)t.classList.toggle(`opened`,n.id===e)}opening(e){let t=this.rows.findIndex(({hit:t})=>t.id===e);t>=0&&this.active>=0&&t!==this.active&&this.move(t),this.mark(e)}addWithFolded(e,t){let n=e.folded??[],r=[e,...n.slice(0,Ks)].map(e=>this.make(e,t));this.rows.push(...r);let i=n.slice(Ks);this.folded+=i.length;let a=r.map(e=>e.element);return i.length?[...a,this.fold(e,i,t)]:a}fold(e,t,n){let r=N(`div`,{role:`row`,class:`fold`},N(`span`,{role:`gridcell`,"aria-colspan":2},P(I(`hits.folded`,{count:t.length,company:e.company||e.name}),()=>{let e=t.map(e=>this.make(e,n)),i=this.rows.findIndex(e=>e.element===r.previousElementSibling)+1;this.rows[this.active]?.element.setAttribute(`aria-selected`,`false`),this.rows.splice(i,0,...e),this.folded-=t.length,r.replaceWith(...e.map(e=>e.element)),this.move(i),this.unfolded()})));return r}make(e,t){return{element:Ns(e,t,`row-${this.made++}`,this.acts),hit:e}}move(e){this.rows[this.active]?.element.setAttribute(`aria-selected`,`false`),this.active=e;let t=this.rows[e]?.element;t?.setAttribute(`aria-selected`,`true`),t?.scrollIntoView({block:`nearest`}),this.moved(t?.id??``)}},Js=5;function Ys(e,t,n){return N(`div`,{class:`hint`},us(n),N(`p`,{class:`title`},I(e)),N(`p`,{},I(t)))}function Xs(e,t,n){let r=n?.querySelector(`.trouble[data-trouble="${e.trouble}"]`)??Qs(e,()=>t(!1));Zs.get(r)?.abort();let i=new AbortController;Zs.set(r,i);let a=()=>{r.isConnected&&!i.signal.aborted&&t(!0)};return e.trouble===`offline`?addEventListener(`online`,a,{once:!0,signal:i.signal}):e.trouble===`busy`?window.setTimeout(a,e.waitS*1e3):e.trouble===`away`&&window.setTimeout(a,Math.max(e.waitS,Js)*1e3),r}var Zs=new WeakMap;function Qs(e,t){let[n,r]=$s(e);return N(`div`,{class:`trouble`,role:`alert`,"data-trouble":e.trouble},N(`p`,{class:`title`},n),N(`p`,{},r),e.trouble===`rights`?null:P(I(`retry`),t))}function $s({trouble:e,waitS:t}){switch(e){case`offline`:return[I(`error.offline`),I(`error.offline.hint`)];case`away`:return[I(`error.away`),I(`error.away.hint`)];case`busy`:return[I(`error.busy`),I(`error.busy.hint`,{when:vs(t)})];case`rights`:return[I(`error.rights`),I(`error.rights.hint`)];case`unregistered`:return[I(`error.unregistered`),I(`error.unregistered.hint`)];case`untrusted`:return[I(`error.untrusted`),I(`error.untrusted.hint`)];case`clock`:return[I(`error.clock`),I(`error.clock.hint`)];case`gone`:return[I(`card.gone`),``];default:return[I(`error.fault`),I(`error.fault.hint`)]}}var ec=300,tc=2,nc=3,rc=/[\p{Script=Han}\uac00-\ud7a3]/u,ic=/\p{Surrogate}/gu;function ac(e){let t=e.replace(/[\s+()/.-]/g,``);return/^\d+$/.test(t)?t.length>=nc:[...e.trim()].length>=tc||rc.test(e)}var oc={cursor:``,more:!1},sc=class{api;finding;text=``;cursor=``;timer=0;running;unanswered=oc;answered=!1;constructor(e,t){this.api=e,this.finding=t}get isAnswered(){return this.answered}type(e){this.stop(),this.text=e.replace(ic,``).trim(),this.answered=!ac(this.text),this.answered?this.finding.idle():this.timer=window.setTimeout(()=>void this.ask(oc),this.api.road.debounceMs)}hurry(){!this.answered&&!this.running&&this.again()}again(){let e=this.unanswered;this.stop(),ac(this.text)&&this.ask(e)}more(){this.cursor&&!this.running&&this.ask({cursor:this.cursor,more:!0})}stop(){window.clearTimeout(this.timer),this.running?.abort(),this.running=void 0,this.cursor=``,this.unanswered=oc}async ask({cursor:e,more:t}){this.running?.abort();let n=this.running=new AbortController,r=window.setTimeout(()=>this.finding.slow(),ec);try{let r=await this.api.search(this.text,e,n.signal);for(;r.cursor&&!r.hits.length&&!n.signal.aborted;)e=r.cursor,r=await this.api.search(this.text,e,n.signal);if(n.signal.aborted)return;this.cursor=r.cursor,this.answered=!0,this.finding.found(this.text,r,t)}catch(r){if(n.signal.aborted)return;if(!(r instanceof j))throw r;this.unanswered=r.trouble===`fault`?oc:{cursor:e,more:t},this.answered=t,this.finding.failed(r)}finally{this.running===n&&(this.running=void 0),window.clearTimeout(r)}}},cc=20,lc=4,uc=class{names;prefix;unkept=new Map;constructor(e,t,n){this.names=n,this.prefix=`rufname:${e}:${t}:`}read(e){let t=this.unkept.get(e);if(t)return t;try{let t=JSON.parse(localStorage.getItem(this.prefix+e)??`[]`);return Array.isArray(t)?t.filter(fc).map(dc):[]}catch{return[]}}isFavourite(e){return this.read(`favourites`).some(t=>t.id===e)}holds(e){return e===null||e.startsWith(this.prefix)}favour(e,t){let n=this.read(`favourites`);if(n.some(t=>t.id===e.id)===t)return!0;if(t&&n.length>=200)return!1;let r=n.filter(t=>t.id!==e.id);return this.write(`favourites`,t?[...r,this.shorten(e)]:r,200),!0}use(e){let t=this.read(`recents`).filter(t=>t.id!==e.id);this.write(`recents`,[this.shorten({others:this.othersOf(e.id),...e}),...t],cc)}othersOf(e){return[...this.read(`favourites`),...this.read(`recents`)].find(t=>t.id===e&&t.others)?.others?.slice(0,lc)??[]}follow(e,t){for(let n of[`favourites`,`recents`]){let r=this.read(n),i=r.find(t=>t.id===e);if(!i||e===t.id&&String(i.others??``)===String(t.others??``))continue;let a=r.filter(n=>n.id===e||n.id!==t.id);this.write(n,a.map(n=>n.id===e?this.shorten(t):n),200)}}drop(e){for(let t of[`favourites`,`recents`])this.write(t,this.read(t).filter(t=>t.id!==e),200)}shorten(e){let t=e.others?.length?{others:e.others.slice(0,lc)}:{};return this.names?{id:e.id,name:e.name??``,company:e.company??``,...t}:{id:e.id,...t}}write(e,t,n){let r=e===`favourites`?t.slice(-n):t.slice(0,n);try{localStorage.setItem(this.prefix+e,JSON.stringify(r)),this.unkept.delete(e)}catch{this.unkept.set(e,r)}}};function dc({id:e,name:t,company:n,others:r}){let i=e=>typeof e==`string`?e:``,a=Array.isArray(r)?r.filter(e=>typeof e==`string`):[];return{id:e,name:i(t),company:i(n),...a.length?{others:a}:{}}}function fc(e){return typeof e==`object`&&!!e&&typeof e.id==`string`}var pc=new TextEncoder,mc=new TextDecoder(`utf-8`,{fatal:!0});function hc(e){return pc.encode(e)}function gc(e){return mc.decode(e)}function _c(...e){let t=new Uint8Array(e.reduce((e,t)=>e+t.length,0)),n=0;for(let r of e)t.set(r,n),n+=r.length;return t}function vc(e){return btoa(Array.from(e,e=>String.fromCharCode(e)).join(``)).replaceAll(`+`,`-`).replaceAll(`/`,`_`).replaceAll(`=`,``)}function yc(e){let t=atob(e.replaceAll(`-`,`+`).replaceAll(`_`,`/`)),n=Uint8Array.from(t,e=>e.charCodeAt(0));if(vc(n)!==e)throw RangeError(`no base64url`);return n}function bc(e){return Array.from(e,e=>e.toString(16).padStart(2,`0`)).join(``)}async function xc(e){return new Uint8Array(await crypto.subtle.digest(`SHA-256`,e))}function Sc(e){return e.replace(/(.{4})(?=.)/g,`$1 `)}function Cc(e,t,n){let r=e=>N(`code`,{class:`digits`},Sc(e));return N(`main`,{class:`gate`},N(`h1`,{class:`unseen`},I(`app`)),N(`div`,{class:`trouble changed`,role:`alert`},N(`p`,{class:`title`},I(`changed.title`)),N(`p`,{},I(e.final?`changed.package`:`changed.seen`)),N(`dl`,{},N(`dt`,{},I(`changed.expected`)),...e.expected.map(e=>N(`dd`,{},r(e)))),N(`dl`,{},N(`dt`,{},I(`changed.found`)),N(`dd`,{},r(e.found))),P(I(`retry`),n,{primary:!0}),e.final?null:P(I(`changed.accept`),t)))}function wc(e){return P(I(`sealed`),()=>Tc(e),{icon:`lock`,only:!0,class:`sealed`})}function Tc(e){let t=document.activeElement,n=N(`dialog`,{class:`choice`,"aria-labelledby":`sealed-title`},N(`h2`,{id:`sealed-title`},I(`sealed`)),N(`p`,{},I(`sealed.hint`)),N(`p`,{},N(`code`,{class:`digits`},Sc(e))),P(I(`sealed.close`),()=>n.close(),{class:`cancel`}));n.addEventListener(`close`,()=>{n.remove(),t instanceof HTMLElement&&t.focus()}),document.body.append(n),n.showModal()}var Ec=8,Dc=250,Oc=3e5,kc=3e3,Ac=1e3,jc=class{api;host;me;signedOut;element;shelf;reach;search;list;acts;input;status=N(`div`,{role:`status`,class:`status`});below=N(`div`,{class:`below`});side;toast=N(`div`,{role:`status`,class:`toast`});light=N(`span`,{class:`light`});loader=N(`fluent-spinner`,{size:`tiny`,class:`loader`,"aria-hidden":`true`});card;opening;toastTimer=0;life=new AbortController;refreshing;filling=0;then;chosen=!1;constructor(e,t,n,r,i){this.api=e,this.host=t,this.me=n,this.signedOut=i,this.shelf=new uc(n.tenant,n.user,t.forgets),this.reach=new As(t,e=>this.say(e),e=>this.use(e)),this.acts={open:e=>void this.open(e),call:e=>this.reach.call(e),favour:(e,t)=>{this.shelf.favour(Pc(e),t)||this.say(I(`favourite.full`,{count:200}))},isFavourite:e=>this.shelf.isFavourite(e),back:()=>this.closeCard(),refresh:()=>this.refreshSoon(),say:e=>this.say(e)},this.list=new qs(I(`search.results`),this.acts,e=>this.point(e),()=>this.focus()),this.search=new sc(e,{idle:()=>this.showStart(),slow:()=>this.element.classList.add(`slow`),found:(e,t,n)=>this.showHits(e,t,n),failed:e=>this.showFailure(e)}),e.onReach=e=>this.showLight(e),this.input=this.box(),this.side=N(`section`,{class:`side`,"aria-label":I(`card.details`)}),this.element=N(`div`,{class:`desk`},N(`div`,{class:`top`,role:`search`},N(`label`,{for:`search`,class:`unseen`},I(`search.label`)),N(`div`,{class:`box`},us(`search`),this.input,this.loader,this.clearButton()),this.status),N(`main`,{},N(`h1`,{class:`unseen`},I(`app`)),N(`div`,{class:`main`},this.list.element,this.below),this.side),N(`footer`,{},this.light,e.road.fingerprint?wc(e.road.fingerprint):null,N(`span`,{class:`who`},n.name),r?P(I(`signout`),r,{icon:`out`,only:!0}):null),this.toast);let a={signal:this.life.signal};document.addEventListener(`keydown`,e=>{this.element.isConnected&&!document.querySelector(`dialog[open]`)&&(this.escape(e),this.slash(e))},a),addEventListener(`storage`,e=>this.follow(e.key),a),document.addEventListener(`visibilitychange`,()=>{!document.hidden&&!this.input.value&&this.element.isConnected&&this.fill()},a),this.showLight(!0),this.emptySide(),n.sources.length?this.showStart():(this.input.disabled=!0,this.showFailure(new j(`rights`)))}focus(){this.input.focus()}end(){this.life.abort()}get text(){return this.input.value}goOn(e){this.input.value=e,this.type()}box(){return N(`input`,{id:`search`,type:`text`,role:`combobox`,inputmode:`search`,enterkeyhint:`search`,autocomplete:`off`,autocapitalize:`none`,spellcheck:`false`,maxlength:200,placeholder:I(`search.placeholder`),"aria-expanded":`false`,"aria-controls":`results`,"aria-haspopup":`grid`,"aria-autocomplete":`list`,on:{input:()=>this.type(),keydown:e=>this.key(e),blur:()=>this.then=void 0}})}clearButton(){return P(I(`search.clear`),()=>{this.input.value=``,this.type(),this.focus()},{icon:`clear`,only:!0,class:`clear`})}type(){this.giveUp(),this.then=void 0,this.chosen=!1,this.element.classList.toggle(`typed`,this.input.value!==``),this.element.classList.add(`waiting`),this.search.type(this.input.value)}key(e){if(!Mc(e)){if(e.key===`ArrowDown`)this.step(1);else if(e.key===`ArrowUp`)this.step(-1);else if(e.key===`PageDown`)this.step(this.list.inSight);else if(e.key===`PageUp`)this.step(-this.list.inSight);else if(e.key===`Enter`&&(e.ctrlKey||e.metaKey))this.enter(e=>this.reach.callFirst(e));else if(e.key===`Enter`)this.enter(e=>void this.open(e));else return;e.preventDefault()}}step(e){this.then=void 0,this.chosen=!0,!this.list.step(e)&&e>0&&this.search.more()}enter(e){let t=this.list.current();!this.search.isAnswered&&!this.chosen?(this.then=e,this.search.hurry()):t&&e(t)}escape(e){if(e.key!==`Escape`||e.defaultPrevented||Mc(e))return;let t=e.target===this.input&&this.input.value!==``;if(this.giveUp())this.focus();else if(this.card&&!t)this.closeCard();else if(this.input.value)this.input.value=``,this.type(),this.focus();else return;e.preventDefault()}slash(e){let t=e.composedPath()[0],n=t instanceof HTMLInputElement||t instanceof HTMLTextAreaElement;e.key!==`/`||n||e.ctrlKey||e.metaKey||(e.preventDefault(),this.closeCard(),this.focus())}point(e){e?this.input.setAttribute(`aria-activedescendant`,e):this.input.removeAttribute(`aria-activedescendant`)}settle(){this.element.classList.remove(`waiting`,`slow`,`stale`),this.card&&this.list.mark(this.card.person.id),this.input.setAttribute(`aria-expanded`,String(!this.list.element.hidden))}showStart(){let e=e=>this.shelf.read(e),t=[...e(`favourites`)].sort((e,t)=>(e.name??``).localeCompare(t.name??``,document.documentElement.lang)),n=e(`recents`).filter(e=>!this.shelf.isFavourite(e.id)),r=[{title:I(`start.favourites`),hits:t.map(Ic),sources:[]},{title:I(`start.recents`),hits:n.map(Ic),sources:[]}];this.list.show(r);for(let{id:e}of[...t,...n])this.refill(e);this.settle();let i=this.input.value.trim();this.status.textContent=i&&!ac(i)?I(`search.hint`):``;let a=!t.length&&!n.length;this.showBelow(...a?[Ys(`start.empty`,`start.empty.hint`,`star`)]:[]),this.started=[...t,...n],this.fill()}started=[];async fill(){let e=this.input.value,t=++this.filling,n=()=>this.input.value!==e||this.filling!==t||!this.element.isConnected;await Nc(0);let r=0;for(let{id:e}of this.started){let t=this.known.get(e)?.at??-3e5;if(performance.now()-t<Oc)continue;if(r++>=Ec&&await Nc(Dc),n())return;let i=await this.fetched(e);if(i&&this.keep(e,i),n())return;i&&this.shelf.follow(e,Fc(i)),this.refill(e)}}refill(e){let t=this.known.get(e)?.person;t&&this.list.refresh(e,Lc(t),t.sources)}async fetched(e){try{return await this.personOf(e)}catch(t){return t instanceof j&&t.trouble===`gone`&&this.known.delete(e),!(t instanceof j)||t.trouble!==`busy`?void 0:(await Nc(t.waitS*1e3),this.personOf(e).catch(()=>void 0))}}async personOf(e,t){let n;for(let r of[e,...this.shelf.othersOf(e)])try{return await this.api.person(r,t)}catch(e){if(!(e instanceof j)||e.trouble!==`gone`)throw e;n??=e}throw n}follow(e){let t=this.list.hasActive||this.list.element.contains(document.activeElement);this.element.isConnected&&this.shelf.holds(e)&&!this.input.value&&!t&&this.showStart()}known=new Map;keep(e,t){this.known.set(e,{person:t,at:performance.now()})}showHits(e,t,n){let r=n?this.list.append(t.hits,t.sources):void 0;n||this.list.show([{title:``,hits:t.hits,sources:t.sources}]),this.settle(),this.status.textContent=_s(t.cursor?t.total:this.list.people,t.total_is_exact||!t.cursor);let i=[];if(!t.hits.length&&!n&&(this.status.textContent=I(`search.none`),i.push(Ys(`search.none`,`search.none.hint`,`search`))),t.did_you_mean&&t.did_you_mean!==e){let e=t.did_you_mean;i.push(P(I(`search.mean`,{text:e}),()=>{this.input.value=e,this.type(),this.focus()},{class:`mean`}))}t.cursor&&i.push(P(I(`search.more`),()=>this.search.more(),{class:`more`})),this.showBelow(...i),r!==void 0&&document.activeElement===this.input&&this.list.stepTo(r);let[a,o]=[this.then,this.list.current()];this.then=void 0,a&&o&&a(o)}showBelow(...e){let t=N(`div`,{class:`below`},...e),n=this.below.querySelector(`:focus-visible`)!==null;this.below.replaceWith(t),this.below=t,n&&this.focus()}showFailure(e){if(this.settle(),e.trouble===`signed-out`){this.signedOut();return}this.then=void 0,this.status.textContent=``;let t=Xs(e,()=>this.search.again(),this.below);t.isConnected||this.showBelow(t),this.element.classList.toggle(`stale`,!this.list.element.hidden)}refreshSoon(){let e=this.card;if(!e||this.refreshing===e)return;this.refreshing=e;let t=Math.max(0,this.shownAt+Ac-performance.now());window.setTimeout(()=>void this.refresh(e),t)}async refresh(e){let t=()=>e===this.card&&!this.opening;try{if(!t())return;let n=await this.api.person(e.person.id);if(!t())return;this.keep(n.id,n),this.shownAt=performance.now();let[r,i]=[document.activeElement,this.side.scrollTop],a=this.side.contains(r);e.update(n),a&&!this.side.contains(r)&&e.focus(),this.side.scrollTop=i}catch(e){if(!(e instanceof j))throw e;e.trouble===`signed-out`?this.signedOut():t()&&this.say($s(e)[0])}finally{this.refreshing===e&&(this.refreshing=void 0)}}made(e){return new Ws(e,this.me,this.api,this.host,this.reach,this.acts)}async open(e){this.then=void 0,this.opening?.abort();let t=new AbortController;this.opening=t,this.list.opening(e.id);try{let n=await this.personOf(e.id,t.signal);if(t.signal.aborted)return;this.keep(n.id,n),this.shelf.follow(e.id,Fc(n)),this.use(Lc(n)),this.showCard(this.made(n))}catch(n){if(t.signal.aborted)return;if(!(n instanceof j))throw n;n.trouble===`signed-out`?this.signedOut():this.showGap(e,n)}finally{this.opening===t&&(this.opening=void 0)}}shownAt=0;showCard(e,t=!0){this.shownAt=performance.now(),this.card?.close(),this.card=e,this.side.replaceChildren(e.element),this.showSide(),this.side.scrollTop=0,t&&e.focus()}showGap(e,t){this.card?.close(),this.card=void 0;let n=Xs(t,()=>void this.open(e),this.side.querySelector(`.gap[data-of="${CSS.escape(e.id)}"]`)??void 0);n.isConnected||(this.side.replaceChildren(N(`div`,{class:`gap`,"data-of":e.id},P(I(`card.back`),()=>this.closeCard(),{icon:`back`,only:!0,class:`back`}),n,t.trouble===`gone`?P(I(`card.remove`),()=>{this.shelf.drop(e.id),this.closeCard(),this.input.value||this.showStart()}):null)),this.showSide())}showSide(){this.element.classList.add(`carded`),this.host.onBack(()=>this.back())}back(){let e=document.querySelector(`dialog[open]`);if(e)e.close();else if(this.element.isConnected&&this.element.classList.contains(`carded`))this.closeCard();else return!1;return!0}giveUp(){let e=this.side.querySelector(`.gap`);return!this.opening&&!e?!1:(this.opening?.abort(),this.opening=void 0,e&&(this.element.classList.remove(`carded`),this.emptySide()),this.list.mark(this.card?.person.id??``),!0)}closeCard(){this.opening?.abort(),this.card?.close(),this.card=void 0,this.element.classList.remove(`carded`),this.list.mark(``),this.emptySide(),this.input.value||this.showStart(),this.focus()}emptySide(){this.side.replaceChildren(N(`div`,{class:`hint`},N(`p`,{},I(`card.none`))))}use(e){this.shelf.use(Pc(e))}say(e){this.toast.textContent=e,this.toast.classList.add(`shown`),window.clearTimeout(this.toastTimer),this.toastTimer=window.setTimeout(()=>{this.toast.classList.remove(`shown`),this.toast.textContent=``},kc)}showLight(e){let t=I(e?`state.ready`:`state.away`);this.light.textContent!==t&&(this.light.textContent=t,this.light.classList.toggle(`away`,!e),e&&this.element?.classList.remove(`stale`))}};function Mc(e){return e.isComposing||e.keyCode===229}function Nc(e){return new Promise(t=>setTimeout(t,e))}function Pc(e){return{id:e.id,name:L(e),company:e.company??``}}function Fc(e){let t=e.records.filter(t=>t!==e.id);return{...Pc(Lc(e)),others:t}}function Ic(e){return{id:e.id,name:e.name||`…`,company:e.company??``,sources:[]}}function Lc(e){let t=t=>e.fields.find(e=>e.name===t)?.text??``;return{id:e.id,name:e.name,company:t(`company`),department:t(`department`),job:t(`job`),city:t(`city`),numbers:e.numbers,emails:e.emails,sources:e.sources.map(e=>e.id),company_record:e.company_record??!1}}var Rc=`rufname:sign-in`,zc=100,Bc=class extends Error{words;constructor(e){super(e),this.words=e}},Vc;function Hc(){let e=new URLSearchParams(location.hash.slice(1)),t=e.get(`state`);if(!t||!(e.has(`code`)||e.has(`error`)))return!1;history.replaceState(null,``,location.pathname);let n={state:t,code:e.get(`code`)??``};return new BroadcastChannel(Rc).postMessage(n),document.body.textContent=I(`signin.close`),setTimeout(()=>window.close(),zc),!0}async function Uc(e){let t=window.open(`about:blank`,`_blank`,`popup,width=520,height=680`);if(!t)throw new Bc(`signin.blocked`);let[n,r]=[Kc(),Kc()],i=`${e.authority}/${e.tenant}/oauth2/v2.0`,a={client_id:e.client_id,redirect_uri:`${location.origin}/`,scope:`${e.client_id}/access_as_user`},o=vc(await xc(hc(r))),s=Gc(n),c=new URLSearchParams({...a,response_type:`code`,response_mode:`fragment`,state:n,code_challenge:o,code_challenge_method:`S256`});t.location.replace(`${i}/authorize?${c}`);let l={...a,grant_type:`authorization_code`,code:await s,code_verifier:r};return Wc(`${i}/token`,new URLSearchParams(l))}async function Wc(e,t){let n=await fetch(e,{method:`POST`,body:t}).catch(()=>{throw new j(`away`)}),r=await n.json().catch(()=>({}));if(!n.ok||typeof r.access_token!=`string`)throw new Bc(`signin.refused`);return r.access_token}function Gc(e){Vc?.close();let t=Vc=new BroadcastChannel(Rc);return new Promise((n,r)=>{t.onmessage=({data:i})=>{i.state===e&&(t.close(),i.code?n(i.code):r(new Bc(`signin.refused`)))}})}function Kc(){return vc(crypto.getRandomValues(new Uint8Array(32)))}var qc=(function(){let e=typeof document<`u`&&document.createElement(`link`).relList;return e&&e.supports&&e.supports(`modulepreload`)?`modulepreload`:`preload`})(),Jc=function(e){return`/`+e},Yc={},Xc=function(e){return e.pathname.endsWith(`.css`)},Zc=function(e,t,n){if(t in e)return e[t];let r=n();if(!r){e[t]=void 0;return}let i=r.then(()=>{e[t]=void 0},n=>{throw e[t]=void 0,n});return e[t]=i,i},Qc=function(e,t,n){let r=Promise.resolve();if(t&&t.length>0){let e,i=document.querySelector(`meta[property=csp-nonce]`),a=i?.nonce||i?.getAttribute(`nonce`);function o(e){return Promise.all(e.map(e=>Promise.resolve(e).then(e=>({status:`fulfilled`,value:e}),e=>({status:`rejected`,reason:e}))))}function s(e){return import.meta.resolve?new URL(import.meta.resolve(e)):new URL(e,import.meta.url)}r=o(t.map(t=>{t=Jc(t,n);let r=s(t),i=Xc(r);return Zc(Yc,r.href,()=>{if(e===void 0){e={all:new Set,styles:new Set};let t=document.getElementsByTagName(`link`);for(let n=t.length-1;n>=0;n--){let r=t[n];e.all.add(r.href),r.rel===`stylesheet`&&e.styles.add(r.href)}}if((i?e.styles:e.all).has(r.href))return;let t=document.createElement(`link`);if(t.rel=i?`stylesheet`:qc,i||(t.as=`script`),t.crossOrigin=``,t.href=r.href,a&&t.setAttribute(`nonce`,a),document.head.appendChild(t),i)return new Promise((e,n)=>{let i=a=>{t.removeEventListener(`load`,i),t.removeEventListener(`error`,i),a.type===`error`?n(Error(`Unable to preload CSS for ${r}`)):e(a)};t.addEventListener(`load`,i),t.addEventListener(`error`,i)})})}).filter(e=>e!==void 0))}function i(e){let t=new Event(`vite:preloadError`,{cancelable:!0});if(t.payload=e,window.dispatchEvent(t),!t.defaultPrevented)throw e}return r.then(t=>{for(let e of t||[])e.status===`rejected`&&i(e.reason);return e().catch(i)})},$c=6e3,el=6e4;async function tl(){if(!(window.parent!==window||`nativeInterface`in window))return new al;let e=await Qc(()=>import(`./teams-CuDXM5Wp.js`),[]).catch(()=>{throw ts()});try{return await cl(e.app.initialize(),$c),e.app.notifyAppLoaded(),new il(e,await cl(e.app.getContext(),$c),e.webStorage.isSupported()?await e.webStorage.isWebStorageClearedOnUserLogOut().catch(()=>!1):!1)}catch{return new al}}function nl(e){return`https://teams.microsoft.com/l/call/0/0?users=4:${encodeURIComponent(e)}`}function rl(e){return`https://teams.microsoft.com/l/chat/0/0?users=${encodeURIComponent(e)}`}var il=class{library;forgets;embedded=!0;locale;theme;phone;constructor(e,t,n){this.library=e,this.forgets=n,this.locale=t.app.locale,this.theme=sl(t.app.theme),this.phone=[`android`,`ios`,`ipados`].includes(t.app.host.clientType)}onTheme(e){this.library.app.registerOnThemeChangeHandler(t=>e(sl(t)))}token(){return cl(this.library.authentication.getAuthToken(),el)}async call(e){if(this.phone)return ol(`tel:${e}`);let{call:t}=this.library;t.isSupported()?await t.startCall({targets:[`4:${e}`]}):await this.link(nl(e))}async chat(e){let{chat:t}=this.library;t.isSupported()?await t.openChat({user:e}):await this.link(rl(e))}async link(e){await this.library.app.openLink(e).catch(()=>window.open(e,`_blank`,`noopener`))}async mail(e){let{mail:t}=this.library;t.isSupported()?await t.composeMail({type:t.ComposeMailType.New,toRecipients:[e]}):ol(`mailto:${encodeURIComponent(e)}`)}async open(e){window.open(e,`_blank`,`noopener`)}onBack(e){let{backStack:t}=this.library.pages;t.isSupported()&&t.registerBackButtonHandler(e)}ready(){this.library.app.notifySuccess()}},al=class{embedded=!1;locale=navigator.language;forgets=!0;dark=matchMedia(`(prefers-color-scheme: dark)`);contrast=matchMedia(`(forced-colors: active), (prefers-contrast: more)`);get theme(){return this.contrast.matches?`contrast`:this.dark.matches?`dark`:`light`}onTheme(e){for(let t of[this.dark,this.contrast])t.addEventListener(`change`,()=>e(this.theme))}token(){return Promise.reject(Error(`a browser gives no token`))}async call(e){ol(`tel:${e}`)}async chat(e){window.open(rl(e),`_blank`,`noopener`)}async mail(e){ol(`mailto:${encodeURIComponent(e)}`)}async open(e){window.open(e,`_blank`,`noopener`)}onBack(){}ready(){}};function ol(e){let t=document.createElement(`a`);t.href=e,t.click()}function sl(e){return e===`dark`||e===`contrast`?e:`light`}function cl(e,t){let n=new Promise((e,n)=>setTimeout(()=>n(Error(`late`)),t));return Promise.race([e,n])}var ll=class{named;seen=new Map;constructor(e){let t=new URLSearchParams(e.replace(/^#/,``)).get(`fp`)??``;this.named=t.split(`,`).map(e=>e.toLowerCase().replace(/[^0-9a-f]/g,``)).filter(Boolean)}check(e,t){let n=this.named.length>0,r=n?this.named:[this.known(e)].filter(Boolean);if(r.length&&!r.includes(t))throw new es(e,r,t,n);this.accept(e,t)}accept(e,t){this.seen.set(e,t);try{localStorage.setItem(ul(e),t)}catch{}}known(e){try{return localStorage.getItem(ul(e))??this.seen.get(e)??``}catch{return this.seen.get(e)??``}}};function ul(e){return`rufname:${e}:directory`}var dl=`rufname:session`,fl=class{host;kept=``;constructor(e){this.host=e,e.embedded||pl(e=>this.kept=e.getItem(dl)??``)}async token(e){return this.host.embedded?(this.kept&&this.kept!==e||(this.kept=await this.host.token()),this.kept):e===void 0?this.kept:(e===this.kept&&this.end(),``)}get has(){return this.kept!==``}begin(e){this.kept=e,pl(t=>t.setItem(dl,e))}end(){this.kept=``,pl(e=>e.removeItem(dl))}};function pl(e){try{e(sessionStorage)}catch{}}function ml(e,t,n,r){let i=t.authority!==``&&t.tenant!==``;if(!t.password&&!i)return N(`main`,{class:`gate`},N(`h1`,{class:`unseen`},I(`app`)),Ys(`signin.none`,`signin.none.hint`,`out`));let a=N(`p`,{class:`wrong`,role:`alert`},n?I(n):``),o=async e=>{a.textContent=``;try{r(await e())}catch(e){if(e instanceof Bc)a.textContent=I(e.words);else if(e instanceof j)a.textContent=yl(e);else throw e}},s=t.password?[hl(e,a,o)]:[a];if(i){let e=t.password?`outline`:`primary`;s.push(N(`fluent-button`,{role:`button`,appearance:e,class:`go`,on:{click:()=>void o(()=>Uc(t))}},I(`signin.entra`)))}return N(`main`,{class:`gate`},N(`h1`,{},I(`app`)),...s)}function hl(e,t,n){let r=_l(`name`,I(`signin.name`),`text`,`username`),i=_l(`password`,I(`signin.password`),`password`,`current-password`),a=N(`fluent-button`,{role:`button`,appearance:`primary`,type:`submit`,class:`go`},I(`signin.go`)),o=async()=>{let[t,o]=[vl(r),vl(i)];t&&o&&!a.hasAttribute(`disabled`)&&(a.toggleAttribute(`disabled`,!0),await n(()=>e.signIn(t,o)).finally(()=>a.toggleAttribute(`disabled`,!1)))};return N(`form`,{on:{submit:e=>{e.preventDefault(),o()},keydown:e=>{e.key===`Enter`&&(e.preventDefault(),o())}}},r,i,t,a)}function gl(e){return N(`main`,{class:`gate`},N(`h1`,{class:`unseen`},I(`app`)),N(`div`,{class:`trouble`,role:`alert`},N(`p`,{class:`title`},I(`signin.failed`)),N(`p`,{},I(`signin.failed.hint`)),N(`fluent-button`,{role:`button`,on:{click:e}},I(`retry`))))}function _l(e,t,n,r){let i=`signin-${e}`,a=N(`input`,{id:i,name:e,type:n,autocomplete:r,required:!0,maxlength:1024,spellcheck:`false`});return N(`div`,{class:`field`},N(`label`,{for:i},t),a)}function vl(e){return e.querySelector(`input`)?.value??``}function yl(e){return e.trouble===`signed-out`?I(`signin.wrong`):e.trouble===`busy`?I(`signin.often`,{when:vs(e.waitS)}):`${$s(e)[0]}.`}var R={2:`#050505`,4:`#0a0a0a`,6:`#0f0f0f`,8:`#141414`,10:`#1a1a1a`,12:`#1f1f1f`,14:`#242424`,16:`#292929`,18:`#2e2e2e`,20:`#333333`,22:`#383838`,24:`#3d3d3d`,26:`#424242`,28:`#474747`,30:`#4d4d4d`,32:`#525252`,34:`#575757`,36:`#5c5c5c`,38:`#616161`,40:`#666666`,42:`#6b6b6b`,44:`#707070`,46:`#757575`,48:`#7a7a7a`,50:`#808080`,52:`#858585`,54:`#8a8a8a`,56:`#8f8f8f`,58:`#949494`,60:`#999999`,62:`#9e9e9e`,64:`#a3a3a3`,66:`#a8a8a8`,68:`#adadad`,70:`#b3b3b3`,72:`#b8b8b8`,74:`#bdbdbd`,76:`#c2c2c2`,78:`#c7c7c7`,80:`#cccccc`,82:`#d1d1d1`,84:`#d6d6d6`,86:`#dbdbdb`,88:`#e0e0e0`,90:`#e6e6e6`,92:`#ebebeb`,94:`#f0f0f0`,96:`#f5f5f5`,98:`#fafafa`,99:`#fcfcfc`},z={5:`rgba(255, 255, 255, 0.05)`,10:`rgba(255, 255, 255, 0.1)`,20:`rgba(255, 255, 255, 0.2)`,30:`rgba(255, 255, 255, 0.3)`,40:`rgba(255, 255, 255, 0.4)`,50:`rgba(255, 255, 255, 0.5)`,60:`rgba(255, 255, 255, 0.6)`,70:`rgba(255, 255, 255, 0.7)`,80:`rgba(255, 255, 255, 0.8)`,90:`rgba(255, 255, 255, 0.9)`},B={5:`rgba(0, 0, 0, 0.05)`,10:`rgba(0, 0, 0, 0.1)`,20:`rgba(0, 0, 0, 0.2)`,30:`rgba(0, 0, 0, 0.3)`,40:`rgba(0, 0, 0, 0.4)`,50:`rgba(0, 0, 0, 0.5)`,60:`rgba(0, 0, 0, 0.6)`,70:`rgba(0, 0, 0, 0.7)`,80:`rgba(0, 0, 0, 0.8)`,90:`rgba(0, 0, 0, 0.9)`},bl={5:`rgba(26, 26, 26, 0.05)`,10:`rgba(26, 26, 26, 0.1)`,20:`rgba(26, 26, 26, 0.2)`,30:`rgba(26, 26, 26, 0.3)`,40:`rgba(26, 26, 26, 0.4)`,50:`rgba(26, 26, 26, 0.5)`,60:`rgba(26, 26, 26, 0.6)`,70:`rgba(26, 26, 26, 0.7)`,80:`rgba(26, 26, 26, 0.8)`,90:`rgba(26, 26, 26, 0.9)`},xl={5:`rgba(31, 31, 31, 0.05)`,10:`rgba(31, 31, 31, 0.1)`,20:`rgba(31, 31, 31, 0.2)`,30:`rgba(31, 31, 31, 0.3)`,40:`rgba(31, 31, 31, 0.4)`,50:`rgba(31, 31, 31, 0.5)`,60:`rgba(31, 31, 31, 0.6)`,70:`rgba(31, 31, 31, 0.7)`,80:`rgba(31, 31, 31, 0.8)`,90:`rgba(31, 31, 31, 0.9)`},Sl={5:`rgba(36, 36, 36, 0.05)`,10:`rgba(36, 36, 36, 0.1)`,20:`rgba(36, 36, 36, 0.2)`,30:`rgba(36, 36, 36, 0.3)`,40:`rgba(36, 36, 36, 0.4)`,50:`rgba(36, 36, 36, 0.5)`,60:`rgba(36, 36, 36, 0.6)`,70:`rgba(36, 36, 36, 0.7)`,80:`rgba(36, 36, 36, 0.8)`,90:`rgba(36, 36, 36, 0.9)`},V=`#ffffff`,Cl=`#000000`,H=`#ffff00`,U=`#1aebff`,wl=`#3ff23f`,W=`#000000`,G=`#ffffff`,K=`#000000`,Tl=`#000000`,El=`#ffffff`,Dl={shade50:`#130204`,shade40:`#230308`,shade30:`#420610`,shade20:`#590815`,shade10:`#690a19`,primary:`#750b1c`,tint10:`#861b2c`,tint20:`#962f3f`,tint30:`#ac4f5e`,tint40:`#d69ca5`,tint50:`#e9c7cd`,tint60:`#f9f0f2`},Ol={shade50:`#200205`,shade40:`#3b0509`,shade30:`#6e0811`,shade20:`#960b18`,shade10:`#b10e1c`,primary:`#c50f1f`,tint10:`#cc2635`,tint20:`#d33f4c`,tint30:`#dc626d`,tint40:`#eeacb2`,tint50:`#f6d1d5`,tint60:`#fdf3f4`},kl={shade50:`#210809`,shade40:`#3f1011`,shade30:`#751d1f`,shade20:`#9f282b`,shade10:`#bc2f32`,primary:`#d13438`,tint10:`#d7494c`,tint20:`#dc5e62`,tint30:`#e37d80`,tint40:`#f1bbbc`,tint50:`#f8dadb`,tint60:`#fdf6f6`},Al={shade50:`#230900`,shade40:`#411200`,shade30:`#7a2101`,shade20:`#a62d01`,shade10:`#c43501`,primary:`#da3b01`,tint10:`#de501c`,tint20:`#e36537`,tint30:`#e9835e`,tint40:`#f4bfab`,tint50:`#f9dcd1`,tint60:`#fdf6f3`},jl={shade50:`#200d03`,shade40:`#3d1805`,shade30:`#712d09`,shade20:`#9a3d0c`,shade10:`#b6480e`,primary:`#ca5010`,tint10:`#d06228`,tint20:`#d77440`,tint30:`#df8e64`,tint40:`#efc4ad`,tint50:`#f7dfd2`,tint60:`#fdf7f4`},Ml={shade50:`#271002`,shade40:`#4a1e04`,shade30:`#8a3707`,shade20:`#bc4b09`,shade10:`#de590b`,primary:`#f7630c`,tint10:`#f87528`,tint20:`#f98845`,tint30:`#faa06b`,tint40:`#fdcfb4`,tint50:`#fee5d7`,tint60:`#fff9f5`},Nl={shade50:`#291600`,shade40:`#4d2a00`,shade30:`#8f4e00`,shade20:`#c26a00`,shade10:`#e67e00`,primary:`#ff8c00`,tint10:`#ff9a1f`,tint20:`#ffa83d`,tint30:`#ffba66`,tint40:`#ffddb3`,tint50:`#ffedd6`,tint60:`#fffaf5`},Pl={shade50:`#251a00`,shade40:`#463100`,shade30:`#835b00`,shade20:`#b27c00`,shade10:`#d39300`,primary:`#eaa300`,tint10:`#edad1c`,tint20:`#efb839`,tint30:`#f2c661`,tint40:`#f9e2ae`,tint50:`#fcefd3`,tint60:`#fefbf4`},Fl={shade50:`#282400`,shade40:`#4c4400`,shade30:`#817400`,shade20:`#c0ad00`,shade10:`#e4cc00`,primary:`#fde300`,tint10:`#fde61e`,tint20:`#fdea3d`,tint30:`#feee66`,tint40:`#fef7b2`,tint50:`#fffad6`,tint60:`#fffef5`},Il={shade50:`#1f1900`,shade40:`#3a2f00`,shade30:`#6c5700`,shade20:`#937700`,shade10:`#ae8c00`,primary:`#c19c00`,tint10:`#c8a718`,tint20:`#d0b232`,tint30:`#dac157`,tint40:`#ecdfa5`,tint50:`#f5eece`,tint60:`#fdfbf2`},Ll={shade50:`#181202`,shade40:`#2e2103`,shade30:`#553e06`,shade20:`#745408`,shade10:`#89640a`,primary:`#986f0b`,tint10:`#a47d1e`,tint20:`#b18c34`,tint30:`#c1a256`,tint40:`#e0cea2`,tint50:`#efe4cb`,tint60:`#fbf8f2`},Rl={shade50:`#170e07`,shade40:`#2b1a0e`,shade30:`#50301a`,shade20:`#6c4123`,shade10:`#804d29`,primary:`#8e562e`,tint10:`#9c663f`,tint20:`#a97652`,tint30:`#bb8f6f`,tint40:`#ddc3b0`,tint50:`#edded3`,tint60:`#faf7f4`},zl={shade50:`#0c1501`,shade40:`#162702`,shade30:`#294903`,shade20:`#376304`,shade10:`#427505`,primary:`#498205`,tint10:`#599116`,tint20:`#6ba02b`,tint30:`#85b44c`,tint40:`#bdd99b`,tint50:`#dbebc7`,tint60:`#f6faf0`},Bl={shade50:`#002111`,shade40:`#003d20`,shade30:`#00723b`,shade20:`#009b51`,shade10:`#00b85f`,primary:`#00cc6a`,tint10:`#19d279`,tint20:`#34d889`,tint30:`#5ae0a0`,tint40:`#a8f0cd`,tint50:`#cff7e4`,tint60:`#f3fdf8`},Vl={shade50:`#031a02`,shade40:`#063004`,shade30:`#0b5a08`,shade20:`#0e7a0b`,shade10:`#11910d`,primary:`#13a10e`,tint10:`#27ac22`,tint20:`#3db838`,tint30:`#5ec75a`,tint40:`#a7e3a5`,tint50:`#cef0cd`,tint60:`#f2fbf2`},Hl={shade50:`#031403`,shade40:`#052505`,shade30:`#094509`,shade20:`#0c5e0c`,shade10:`#0e700e`,primary:`#107c10`,tint10:`#218c21`,tint20:`#359b35`,tint30:`#54b054`,tint40:`#9fd89f`,tint50:`#c9eac9`,tint60:`#f1faf1`},Ul={shade50:`#021102`,shade40:`#032003`,shade30:`#063b06`,shade20:`#085108`,shade10:`#0a5f0a`,primary:`#0b6a0b`,tint10:`#1a7c1a`,tint20:`#2d8e2d`,tint30:`#4da64d`,tint40:`#9ad29a`,tint50:`#c6e7c6`,tint60:`#f0f9f0`},Wl={shade50:`#001d1f`,shade40:`#00373a`,shade30:`#00666d`,shade20:`#008b94`,shade10:`#00a5af`,primary:`#00b7c3`,tint10:`#18bfca`,tint20:`#32c8d1`,tint30:`#58d3db`,tint40:`#a6e9ed`,tint50:`#cef3f5`,tint60:`#f2fcfd`},Gl={shade50:`#001516`,shade40:`#012728`,shade30:`#02494c`,shade20:`#026467`,shade10:`#037679`,primary:`#038387`,tint10:`#159195`,tint20:`#2aa0a4`,tint30:`#4cb4b7`,tint40:`#9bd9db`,tint50:`#c7ebec`,tint60:`#f0fafa`},Kl={shade50:`#000f12`,shade40:`#001b22`,shade30:`#00333f`,shade20:`#004555`,shade10:`#005265`,primary:`#005b70`,tint10:`#0f6c81`,tint20:`#237d92`,tint30:`#4496a9`,tint40:`#94c8d4`,tint50:`#c3e1e8`,tint60:`#eff7f9`},ql={shade50:`#001322`,shade40:`#002440`,shade30:`#004377`,shade20:`#005ba1`,shade10:`#006cbf`,primary:`#0078d4`,tint10:`#1a86d9`,tint20:`#3595de`,tint30:`#5caae5`,tint40:`#a9d3f2`,tint50:`#d0e7f8`,tint60:`#f3f9fd`},Jl={shade50:`#000c16`,shade40:`#00172a`,shade30:`#002c4e`,shade20:`#003b6a`,shade10:`#00467e`,primary:`#004e8c`,tint10:`#125e9a`,tint20:`#286fa8`,tint30:`#4a89ba`,tint40:`#9abfdc`,tint50:`#c7dced`,tint60:`#f0f6fa`},Yl={shade50:`#0d1126`,shade40:`#182047`,shade30:`#2c3c85`,shade20:`#3c51b4`,shade10:`#4760d5`,primary:`#4f6bed`,tint10:`#637cef`,tint20:`#778df1`,tint30:`#93a4f4`,tint40:`#c8d1fa`,tint50:`#e1e6fc`,tint60:`#f7f9fe`},Xl={shade50:`#00061d`,shade40:`#000c36`,shade30:`#001665`,shade20:`#001e89`,shade10:`#0023a2`,primary:`#0027b4`,tint10:`#173bbd`,tint20:`#3050c6`,tint30:`#546fd2`,tint40:`#a3b2e8`,tint50:`#ccd5f3`,tint60:`#f2f4fc`},Zl={shade50:`#120f25`,shade40:`#221d46`,shade30:`#3f3682`,shade20:`#5649b0`,shade10:`#6656d1`,primary:`#7160e8`,tint10:`#8172eb`,tint20:`#9184ee`,tint30:`#a79cf1`,tint40:`#d2ccf8`,tint50:`#e7e4fb`,tint60:`#f9f8fe`},Ql={shade50:`#0f0717`,shade40:`#1c0e2b`,shade30:`#341a51`,shade20:`#46236e`,shade10:`#532982`,primary:`#5c2e91`,tint10:`#6b3f9e`,tint20:`#7c52ab`,tint30:`#9470bd`,tint40:`#c6b1de`,tint50:`#e0d3ed`,tint60:`#f7f4fb`},$l={shade50:`#160418`,shade40:`#29072e`,shade30:`#4c0d55`,shade20:`#671174`,shade10:`#7a1589`,primary:`#881798`,tint10:`#952aa4`,tint20:`#a33fb1`,tint30:`#b55fc1`,tint40:`#d9a7e0`,tint50:`#eaceef`,tint60:`#faf2fb`},eu={shade50:`#1f091d`,shade40:`#3a1136`,shade30:`#6d2064`,shade20:`#932b88`,shade10:`#af33a1`,primary:`#c239b3`,tint10:`#c94cbc`,tint20:`#d161c4`,tint30:`#da7ed0`,tint40:`#edbbe7`,tint50:`#f5daf2`,tint60:`#fdf5fc`},tu={shade50:`#1c0b1f`,shade40:`#35153a`,shade30:`#63276d`,shade20:`#863593`,shade10:`#9f3faf`,primary:`#b146c2`,tint10:`#ba58c9`,tint20:`#c36bd1`,tint30:`#cf87da`,tint40:`#e6bfed`,tint50:`#f2dcf5`,tint60:`#fcf6fd`},nu={shade50:`#24091b`,shade40:`#441232`,shade30:`#80215d`,shade20:`#ad2d7e`,shade10:`#cd3595`,primary:`#e43ba6`,tint10:`#e750b0`,tint20:`#ea66ba`,tint30:`#ef85c8`,tint40:`#f7c0e3`,tint50:`#fbddf0`,tint60:`#fef6fb`},ru={shade50:`#1f0013`,shade40:`#390024`,shade30:`#6b0043`,shade20:`#91005a`,shade10:`#ac006b`,primary:`#bf0077`,tint10:`#c71885`,tint20:`#ce3293`,tint30:`#d957a8`,tint40:`#eca5d1`,tint50:`#f5cee6`,tint60:`#fcf2f9`},iu={shade50:`#13000c`,shade40:`#240017`,shade30:`#43002b`,shade20:`#5a003b`,shade10:`#6b0045`,primary:`#77004d`,tint10:`#87105d`,tint20:`#98246f`,tint30:`#ad4589`,tint40:`#d696c0`,tint50:`#e9c4dc`,tint60:`#faf0f6`},au={shade50:`#141313`,shade40:`#252323`,shade30:`#444241`,shade20:`#5d5958`,shade10:`#6e6968`,primary:`#7a7574`,tint10:`#8a8584`,tint20:`#9a9594`,tint30:`#afabaa`,tint40:`#d7d4d4`,tint50:`#eae8e8`,tint60:`#faf9f9`},ou={shade50:`#0f0e0e`,shade40:`#1c1b1a`,shade30:`#343231`,shade20:`#474443`,shade10:`#54514f`,primary:`#5d5a58`,tint10:`#706d6b`,tint20:`#84817e`,tint30:`#9e9b99`,tint40:`#cecccb`,tint50:`#e5e4e3`,tint60:`#f8f8f8`},su={shade50:`#111314`,shade40:`#1f2426`,shade30:`#3b4447`,shade20:`#505c60`,shade10:`#5f6d71`,primary:`#69797e`,tint10:`#79898d`,tint20:`#89989d`,tint30:`#a0adb2`,tint40:`#cdd6d8`,tint50:`#e4e9ea`,tint60:`#f8f9fa`},cu={shade50:`#090a0b`,shade40:`#111315`,shade30:`#202427`,shade20:`#2b3135`,shade10:`#333a3f`,primary:`#394146`,tint10:`#4d565c`,tint20:`#626c72`,tint30:`#808a90`,tint40:`#bcc3c7`,tint50:`#dbdfe1`,tint60:`#f6f7f8`},q={red:kl,green:Hl,darkOrange:Al,yellow:Fl,berry:eu,lightGreen:Vl,marigold:Pl},J={darkRed:Dl,cranberry:Ol,pumpkin:jl,peach:Nl,gold:Il,brass:Ll,brown:Rl,forest:zl,seafoam:Bl,darkGreen:Ul,lightTeal:Wl,teal:Gl,steel:Kl,blue:ql,royalBlue:Jl,cornflower:Yl,navy:Xl,lavender:Zl,purple:Ql,grape:$l,lilac:tu,pink:nu,magenta:ru,plum:iu,beige:au,mink:ou,platinum:su,anchor:cu},Y={cranberry:Ol,green:Hl,orange:Ml},lu=[`red`,`green`,`darkOrange`,`yellow`,`berry`,`lightGreen`,`marigold`],uu=`darkRed.cranberry.pumpkin.peach.gold.brass.brown.forest.seafoam.darkGreen.lightTeal.teal.steel.blue.royalBlue.cornflower.navy.lavender.purple.grape.lilac.pink.magenta.plum.beige.mink.platinum.anchor`.split(`.`),X={success:`green`,warning:`orange`,danger:`cranberry`},du=lu.reduce((e,t)=>{let n=t.slice(0,1).toUpperCase()+t.slice(1),r={[`colorPalette${n}Background1`]:q[t].tint60,[`colorPalette${n}Background2`]:q[t].tint40,[`colorPalette${n}Background3`]:q[t].primary,[`colorPalette${n}Foreground1`]:q[t].shade10,[`colorPalette${n}Foreground2`]:q[t].shade30,[`colorPalette${n}Foreground3`]:q[t].primary,[`colorPalette${n}BorderActive`]:q[t].primary,[`colorPalette${n}Border1`]:q[t].tint40,[`colorPalette${n}Border2`]:q[t].primary};return Object.assign(e,r)},{});du.colorPaletteYellowForeground1=q.yellow.shade30,du.colorPaletteRedForegroundInverted=q.red.tint20,du.colorPaletteGreenForegroundInverted=q.green.tint20,du.colorPaletteYellowForegroundInverted=q.yellow.tint40;var fu=uu.reduce((e,t)=>{let n=t.slice(0,1).toUpperCase()+t.slice(1),r={[`colorPalette${n}Background2`]:J[t].tint40,[`colorPalette${n}Foreground2`]:J[t].shade30,[`colorPalette${n}BorderActive`]:J[t].primary};return Object.assign(e,r)},{}),pu={...du,...fu},mu=Object.entries(X).reduce((e,[t,n])=>{let r=t.slice(0,1).toUpperCase()+t.slice(1),i={[`colorStatus${r}Background1`]:Y[n].tint60,[`colorStatus${r}Background2`]:Y[n].tint40,[`colorStatus${r}Background3`]:Y[n].primary,[`colorStatus${r}Foreground1`]:Y[n].shade10,[`colorStatus${r}Foreground2`]:Y[n].shade30,[`colorStatus${r}Foreground3`]:Y[n].primary,[`colorStatus${r}ForegroundInverted`]:Y[n].tint30,[`colorStatus${r}BorderActive`]:Y[n].primary,[`colorStatus${r}Border1`]:Y[n].tint40,[`colorStatus${r}Border2`]:Y[n].primary};return Object.assign(e,i)},{});mu.colorStatusDangerBackground3Hover=Y[X.danger].shade10,mu.colorStatusDangerBackground3Pressed=Y[X.danger].shade20,mu.colorStatusWarningForeground1=Y[X.warning].shade20,mu.colorStatusWarningForeground3=Y[X.warning].shade20,mu.colorStatusWarningBorder2=Y[X.warning].shade20;var hu=e=>({colorNeutralForeground1:R[14],colorNeutralForeground1Hover:R[14],colorNeutralForeground1Pressed:R[14],colorNeutralForeground1Selected:R[14],colorNeutralForeground2:R[26],colorNeutralForeground2Hover:R[14],colorNeutralForeground2Pressed:R[14],colorNeutralForeground2Selected:R[14],colorNeutralForeground2BrandHover:e[80],colorNeutralForeground2BrandPressed:e[70],colorNeutralForeground2BrandSelected:e[80],colorNeutralForeground3:R[38],colorNeutralForeground3Hover:R[26],colorNeutralForeground3Pressed:R[26],colorNeutralForeground3Selected:R[26],colorNeutralForeground3BrandHover:e[80],colorNeutralForeground3BrandPressed:e[70],colorNeutralForeground3BrandSelected:e[80],colorNeutralForeground4:R[44],colorNeutralForeground5:R[38],colorNeutralForeground5Hover:R[14],colorNeutralForeground5Pressed:R[14],colorNeutralForeground5Selected:R[14],colorNeutralForegroundDisabled:R[74],colorNeutralForegroundInvertedDisabled:z[40],colorBrandForegroundLink:e[70],colorBrandForegroundLinkHover:e[60],colorBrandForegroundLinkPressed:e[40],colorBrandForegroundLinkSelected:e[70],colorNeutralForeground2Link:R[26],colorNeutralForeground2LinkHover:R[14],colorNeutralForeground2LinkPressed:R[14],colorNeutralForeground2LinkSelected:R[14],colorCompoundBrandForeground1:e[80],colorCompoundBrandForeground1Hover:e[70],colorCompoundBrandForeground1Pressed:e[60],colorBrandForeground1:e[80],colorBrandForeground2:e[70],colorBrandForeground2Hover:e[60],colorBrandForeground2Pressed:e[30],colorNeutralForeground1Static:R[14],colorNeutralForegroundStaticInverted:V,colorNeutralForegroundInverted:V,colorNeutralForegroundInvertedHover:V,colorNeutralForegroundInvertedPressed:V,colorNeutralForegroundInvertedSelected:V,colorNeutralForegroundInverted2:V,colorNeutralForegroundOnBrand:V,colorNeutralForegroundInvertedLink:V,colorNeutralForegroundInvertedLinkHover:V,colorNeutralForegroundInvertedLinkPressed:V,colorNeutralForegroundInvertedLinkSelected:V,colorBrandForegroundInverted:e[100],colorBrandForegroundInvertedHover:e[110],colorBrandForegroundInvertedPressed:e[100],colorBrandForegroundOnLight:e[80],colorBrandForegroundOnLightHover:e[70],colorBrandForegroundOnLightPressed:e[50],colorBrandForegroundOnLightSelected:e[60],colorNeutralBackground1:V,colorNeutralBackground1Hover:R[96],colorNeutralBackground1Pressed:R[88],colorNeutralBackground1Selected:R[92],colorNeutralBackground2:R[98],colorNeutralBackground2Hover:R[94],colorNeutralBackground2Pressed:R[86],colorNeutralBackground2Selected:R[90],colorNeutralBackground3:R[96],colorNeutralBackground3Hover:R[92],colorNeutralBackground3Pressed:R[84],colorNeutralBackground3Selected:R[88],colorNeutralBackground4:R[94],colorNeutralBackground4Hover:R[98],colorNeutralBackground4Pressed:R[96],colorNeutralBackground4Selected:V,colorNeutralBackground5:R[92],colorNeutralBackground5Hover:R[96],colorNeutralBackground5Pressed:R[94],colorNeutralBackground5Selected:R[98],colorNeutralBackground6:R[90],colorNeutralBackground7:`#00000000`,colorNeutralBackground7Hover:R[92],colorNeutralBackground7Pressed:R[84],colorNeutralBackground7Selected:`#00000000`,colorNeutralBackground8:R[99],colorNeutralBackgroundInverted:R[16],colorNeutralBackgroundInvertedHover:R[24],colorNeutralBackgroundInvertedPressed:R[12],colorNeutralBackgroundInvertedSelected:R[22],colorNeutralBackgroundStatic:R[20],colorNeutralBackgroundAlpha:z[50],colorNeutralBackgroundAlpha2:z[80],colorSubtleBackground:`transparent`,colorSubtleBackgroundHover:R[96],colorSubtleBackgroundPressed:R[88],colorSubtleBackgroundSelected:R[92],colorSubtleBackgroundLightAlphaHover:z[70],colorSubtleBackgroundLightAlphaPressed:z[50],colorSubtleBackgroundLightAlphaSelected:`transparent`,colorSubtleBackgroundInverted:`transparent`,colorSubtleBackgroundInvertedHover:B[10],colorSubtleBackgroundInvertedPressed:B[30],colorSubtleBackgroundInvertedSelected:B[20],colorTransparentBackground:`transparent`,colorTransparentBackgroundHover:`transparent`,colorTransparentBackgroundPressed:`transparent`,colorTransparentBackgroundSelected:`transparent`,colorNeutralBackgroundDisabled:R[94],colorNeutralBackgroundDisabled2:V,colorNeutralBackgroundInvertedDisabled:z[10],colorNeutralStencil1:R[90],colorNeutralStencil2:R[98],colorNeutralStencil1Alpha:B[10],colorNeutralStencil2Alpha:B[5],colorBackgroundOverlay:B[40],colorScrollbarOverlay:B[50],colorBrandBackground:e[80],colorBrandBackgroundHover:e[70],colorBrandBackgroundPressed:e[40],colorBrandBackgroundSelected:e[60],colorCompoundBrandBackground:e[80],colorCompoundBrandBackgroundHover:e[70],colorCompoundBrandBackgroundPressed:e[60],colorBrandBackgroundStatic:e[80],colorBrandBackground2:e[160],colorBrandBackground2Hover:e[150],colorBrandBackground2Pressed:e[130],colorBrandBackground3Static:e[60],colorBrandBackground4Static:e[40],colorBrandBackgroundInverted:V,colorBrandBackgroundInvertedHover:e[160],colorBrandBackgroundInvertedPressed:e[140],colorBrandBackgroundInvertedSelected:e[150],colorNeutralCardBackground:R[98],colorNeutralCardBackgroundHover:V,colorNeutralCardBackgroundPressed:R[96],colorNeutralCardBackgroundSelected:R[92],colorNeutralCardBackgroundDisabled:R[94],colorNeutralStrokeAccessible:R[38],colorNeutralStrokeAccessibleHover:R[34],colorNeutralStrokeAccessiblePressed:R[30],colorNeutralStrokeAccessibleSelected:e[80],colorNeutralStroke1:R[82],colorNeutralStroke1Hover:R[78],colorNeutralStroke1Pressed:R[70],colorNeutralStroke1Selected:R[74],colorNeutralStroke2:R[88],colorNeutralStroke3:R[94],colorNeutralStroke4:R[92],colorNeutralStroke4Hover:R[88],colorNeutralStroke4Pressed:R[84],colorNeutralStroke4Selected:R[92],colorNeutralStrokeSubtle:R[88],colorNeutralStrokeOnBrand:V,colorNeutralStrokeOnBrand2:V,colorNeutralStrokeOnBrand2Hover:V,colorNeutralStrokeOnBrand2Pressed:V,colorNeutralStrokeOnBrand2Selected:V,colorBrandStroke1:e[80],colorBrandStroke2:e[140],colorBrandStroke2Hover:e[120],colorBrandStroke2Pressed:e[80],colorBrandStroke2Contrast:e[140],colorCompoundBrandStroke:e[80],colorCompoundBrandStrokeHover:e[70],colorCompoundBrandStrokePressed:e[60],colorNeutralStrokeDisabled:R[88],colorNeutralStrokeDisabled2:R[92],colorNeutralStrokeInvertedDisabled:z[40],colorTransparentStroke:`transparent`,colorTransparentStrokeInteractive:`transparent`,colorTransparentStrokeDisabled:`transparent`,colorNeutralStrokeAlpha:B[5],colorNeutralStrokeAlpha2:z[20],colorStrokeFocus1:V,colorStrokeFocus2:Cl,colorNeutralShadowAmbient:`rgba(0,0,0,0.12)`,colorNeutralShadowKey:`rgba(0,0,0,0.14)`,colorNeutralShadowAmbientLighter:`rgba(0,0,0,0.06)`,colorNeutralShadowKeyLighter:`rgba(0,0,0,0.07)`,colorNeutralShadowAmbientDarker:`rgba(0,0,0,0.20)`,colorNeutralShadowKeyDarker:`rgba(0,0,0,0.24)`,colorBrandShadowAmbient:`rgba(0,0,0,0.30)`,colorBrandShadowKey:`rgba(0,0,0,0.25)`}),gu={borderRadiusNone:`0`,borderRadiusSmall:`2px`,borderRadiusMedium:`4px`,borderRadiusLarge:`6px`,borderRadiusXLarge:`8px`,borderRadius2XLarge:`12px`,borderRadius3XLarge:`16px`,borderRadius4XLarge:`24px`,borderRadius5XLarge:`32px`,borderRadius6XLarge:`40px`,borderRadiusCircular:`10000px`},_u={curveAccelerateMax:`cubic-bezier(0.9,0.1,1,0.2)`,curveAccelerateMid:`cubic-bezier(1,0,1,1)`,curveAccelerateMin:`cubic-bezier(0.8,0,0.78,1)`,curveDecelerateMax:`cubic-bezier(0.1,0.9,0.2,1)`,curveDecelerateMid:`cubic-bezier(0,0,0,1)`,curveDecelerateMin:`cubic-bezier(0.33,0,0.1,1)`,curveEasyEaseMax:`cubic-bezier(0.8,0,0.2,1)`,curveEasyEase:`cubic-bezier(0.33,0,0.67,1)`,curveLinear:`cubic-bezier(0,0,1,1)`},vu={durationUltraFast:`50ms`,durationFaster:`100ms`,durationFast:`150ms`,durationNormal:`200ms`,durationGentle:`250ms`,durationSlow:`300ms`,durationSlower:`400ms`,durationUltraSlow:`500ms`},yu={fontSizeBase100:`10px`,fontSizeBase200:`12px`,fontSizeBase300:`14px`,fontSizeBase400:`16px`,fontSizeBase500:`20px`,fontSizeBase600:`24px`,fontSizeHero700:`28px`,fontSizeHero800:`32px`,fontSizeHero900:`40px`,fontSizeHero1000:`68px`},bu={lineHeightBase100:`14px`,lineHeightBase200:`16px`,lineHeightBase300:`20px`,lineHeightBase400:`22px`,lineHeightBase500:`28px`,lineHeightBase600:`32px`,lineHeightHero700:`36px`,lineHeightHero800:`40px`,lineHeightHero900:`52px`,lineHeightHero1000:`92px`},xu={fontWeightRegular:400,fontWeightMedium:500,fontWeightSemibold:600,fontWeightBold:700},Su={fontFamilyBase:`'Segoe UI', 'Segoe UI Web (West European)', -apple-system, BlinkMacSystemFont, Roboto, 'Helvetica Neue', sans-serif`,fontFamilyMonospace:`Consolas, 'Courier New', Courier, monospace`,fontFamilyNumeric:`Bahnschrift, 'Segoe UI', 'Segoe UI Web (West European)', -apple-system, BlinkMacSystemFont, Roboto, 'Helvetica Neue', sans-serif`},Z={none:`0`,xxs:`2px`,xs:`4px`,sNudge:`6px`,s:`8px`,mNudge:`10px`,m:`12px`,l:`16px`,xl:`20px`,xxl:`24px`,xxxl:`32px`},Cu={spacingHorizontalNone:Z.none,spacingHorizontalXXS:Z.xxs,spacingHorizontalXS:Z.xs,spacingHorizontalSNudge:Z.sNudge,spacingHorizontalS:Z.s,spacingHorizontalMNudge:Z.mNudge,spacingHorizontalM:Z.m,spacingHorizontalL:Z.l,spacingHorizontalXL:Z.xl,spacingHorizontalXXL:Z.xxl,spacingHorizontalXXXL:Z.xxxl},wu={spacingVerticalNone:Z.none,spacingVerticalXXS:Z.xxs,spacingVerticalXS:Z.xs,spacingVerticalSNudge:Z.sNudge,spacingVerticalS:Z.s,spacingVerticalMNudge:Z.mNudge,spacingVerticalM:Z.m,spacingVerticalL:Z.l,spacingVerticalXL:Z.xl,spacingVerticalXXL:Z.xxl,spacingVerticalXXXL:Z.xxxl},Tu={strokeWidthThin:`1px`,strokeWidthThick:`2px`,strokeWidthThicker:`3px`,strokeWidthThickest:`4px`};function Eu(e,t,n=``){return{[`shadow2${n}`]:`0 0 2px ${e}, 0 1px 2px ${t}`,[`shadow4${n}`]:`0 0 2px ${e}, 0 2px 4px ${t}`,[`shadow8${n}`]:`0 0 2px ${e}, 0 4px 8px ${t}`,[`shadow16${n}`]:`0 0 2px ${e}, 0 8px 16px ${t}`,[`shadow28${n}`]:`0 0 8px ${e}, 0 14px 28px ${t}`,[`shadow64${n}`]:`0 0 8px ${e}, 0 32px 64px ${t}`}}var Du=e=>{let t=hu(e);return{...gu,...yu,...bu,...Su,...xu,...Tu,...Cu,...wu,...vu,..._u,...t,...pu,...mu,...Eu(t.colorNeutralShadowAmbient,t.colorNeutralShadowKey),...Eu(t.colorBrandShadowAmbient,t.colorBrandShadowKey,`Brand`)}},Ou={10:`#2b2b40`,20:`#2f2f4a`,30:`#333357`,40:`#383966`,50:`#3d3e78`,60:`#444791`,70:`#4f52b2`,80:`#5b5fc7`,90:`#7579eb`,100:`#7f85f5`,110:`#9299f7`,120:`#aab1fa`,130:`#b6bcfa`,140:`#c5cbfa`,150:`#dce0fa`,160:`#e8ebfa`},ku={10:`#29274f`,20:`#2f2a5e`,30:`#352e70`,40:`#3b3185`,50:`#44359e`,60:`#4d3aba`,70:`#5a40db`,80:`#654cf5`,90:`#7769fa`,100:`#887dff`,110:`#9791ff`,120:`#aba8ff`,130:`#bab8ff`,140:`#c8c7ff`,150:`#dcdbff`,160:`#e8e8ff`},Au={...Su,fontFamilyBase:`-apple-system, BlinkMacSystemFont, "Segoe UI", system-ui, "Apple Color Emoji", "Segoe UI Emoji", sans-serif`},ju={...Du(Ou),...Au};({...Du(ku),...Au});var Q=lu.reduce((e,t)=>{let n=t.slice(0,1).toUpperCase()+t.slice(1),r={[`colorPalette${n}Background1`]:q[t].shade40,[`colorPalette${n}Background2`]:q[t].shade30,[`colorPalette${n}Background3`]:q[t].primary,[`colorPalette${n}Foreground1`]:q[t].tint30,[`colorPalette${n}Foreground2`]:q[t].tint40,[`colorPalette${n}Foreground3`]:q[t].tint20,[`colorPalette${n}BorderActive`]:q[t].tint30,[`colorPalette${n}Border1`]:q[t].primary,[`colorPalette${n}Border2`]:q[t].tint20};return Object.assign(e,r)},{});Q.colorPaletteRedForeground3=q.red.tint30,Q.colorPaletteRedBorder2=q.red.tint30,Q.colorPaletteGreenForeground3=q.green.tint40,Q.colorPaletteGreenBorder2=q.green.tint40,Q.colorPaletteDarkOrangeForeground3=q.darkOrange.tint30,Q.colorPaletteDarkOrangeBorder2=q.darkOrange.tint30,Q.colorPaletteRedForegroundInverted=q.red.primary,Q.colorPaletteGreenForegroundInverted=q.green.primary,Q.colorPaletteYellowForegroundInverted=q.yellow.shade30;var Mu=uu.reduce((e,t)=>{let n=t.slice(0,1).toUpperCase()+t.slice(1),r={[`colorPalette${n}Background2`]:J[t].shade30,[`colorPalette${n}Foreground2`]:J[t].tint40,[`colorPalette${n}BorderActive`]:J[t].tint30};return Object.assign(e,r)},{});Mu.colorPaletteDarkRedBackground2=J.darkRed.shade20,Mu.colorPalettePlumBackground2=J.plum.shade20;var Nu={...Q,...Mu},$=Object.entries(X).reduce((e,[t,n])=>{let r=t.slice(0,1).toUpperCase()+t.slice(1),i={[`colorStatus${r}Background1`]:Y[n].shade40,[`colorStatus${r}Background2`]:Y[n].shade30,[`colorStatus${r}Background3`]:Y[n].primary,[`colorStatus${r}Foreground1`]:Y[n].tint30,[`colorStatus${r}Foreground2`]:Y[n].tint40,[`colorStatus${r}Foreground3`]:Y[n].tint20,[`colorStatus${r}BorderActive`]:Y[n].tint30,[`colorStatus${r}ForegroundInverted`]:Y[n].shade10,[`colorStatus${r}Border1`]:Y[n].primary,[`colorStatus${r}Border2`]:Y[n].tint20};return Object.assign(e,i)},{});$.colorStatusDangerBackground3Hover=Y[X.danger].shade10,$.colorStatusDangerBackground3Pressed=Y[X.danger].shade20,$.colorStatusDangerForeground3=Y[X.danger].tint40,$.colorStatusDangerBorder2=Y[X.danger].tint30,$.colorStatusSuccessForeground3=Y[X.success].tint40,$.colorStatusSuccessBorder2=Y[X.success].tint40,$.colorStatusWarningForegroundInverted=Y[X.warning].shade20;var Pu=e=>({colorNeutralForeground1:V,colorNeutralForeground1Hover:V,colorNeutralForeground1Pressed:V,colorNeutralForeground1Selected:V,colorNeutralForeground2:R[84],colorNeutralForeground2Hover:V,colorNeutralForeground2Pressed:V,colorNeutralForeground2Selected:V,colorNeutralForeground2BrandHover:e[100],colorNeutralForeground2BrandPressed:e[90],colorNeutralForeground2BrandSelected:e[100],colorNeutralForeground3:R[68],colorNeutralForeground3Hover:R[84],colorNeutralForeground3Pressed:R[84],colorNeutralForeground3Selected:R[84],colorNeutralForeground3BrandHover:e[100],colorNeutralForeground3BrandPressed:e[90],colorNeutralForeground3BrandSelected:e[100],colorNeutralForeground4:R[60],colorNeutralForeground5:R[68],colorNeutralForeground5Hover:V,colorNeutralForeground5Pressed:V,colorNeutralForeground5Selected:V,colorNeutralForegroundDisabled:R[36],colorNeutralForegroundInvertedDisabled:z[40],colorBrandForegroundLink:e[100],colorBrandForegroundLinkHover:e[110],colorBrandForegroundLinkPressed:e[90],colorBrandForegroundLinkSelected:e[100],colorNeutralForeground2Link:R[84],colorNeutralForeground2LinkHover:V,colorNeutralForeground2LinkPressed:V,colorNeutralForeground2LinkSelected:V,colorCompoundBrandForeground1:e[100],colorCompoundBrandForeground1Hover:e[110],colorCompoundBrandForeground1Pressed:e[90],colorBrandForeground1:e[100],colorBrandForeground2:e[120],colorBrandForeground2Hover:e[130],colorBrandForeground2Pressed:e[160],colorNeutralForeground1Static:R[14],colorNeutralForegroundStaticInverted:V,colorNeutralForegroundInverted:R[14],colorNeutralForegroundInvertedHover:R[14],colorNeutralForegroundInvertedPressed:R[14],colorNeutralForegroundInvertedSelected:R[14],colorNeutralForegroundInverted2:R[14],colorNeutralForegroundOnBrand:V,colorNeutralForegroundInvertedLink:V,colorNeutralForegroundInvertedLinkHover:V,colorNeutralForegroundInvertedLinkPressed:V,colorNeutralForegroundInvertedLinkSelected:V,colorBrandForegroundInverted:e[80],colorBrandForegroundInvertedHover:e[70],colorBrandForegroundInvertedPressed:e[60],colorBrandForegroundOnLight:e[80],colorBrandForegroundOnLightHover:e[70],colorBrandForegroundOnLightPressed:e[50],colorBrandForegroundOnLightSelected:e[60],colorNeutralBackground1:R[16],colorNeutralBackground1Hover:R[24],colorNeutralBackground1Pressed:R[12],colorNeutralBackground1Selected:R[22],colorNeutralBackground2:R[14],colorNeutralBackground2Hover:R[22],colorNeutralBackground2Pressed:R[10],colorNeutralBackground2Selected:R[20],colorNeutralBackground3:R[12],colorNeutralBackground3Hover:R[20],colorNeutralBackground3Pressed:R[8],colorNeutralBackground3Selected:R[18],colorNeutralBackground4:R[8],colorNeutralBackground4Hover:R[16],colorNeutralBackground4Pressed:R[4],colorNeutralBackground4Selected:R[14],colorNeutralBackground5:R[4],colorNeutralBackground5Hover:R[12],colorNeutralBackground5Pressed:Cl,colorNeutralBackground5Selected:R[10],colorNeutralBackground6:R[20],colorNeutralBackground7:`#00000000`,colorNeutralBackground7Hover:R[10],colorNeutralBackground7Pressed:R[4],colorNeutralBackground7Selected:`#00000000`,colorNeutralBackground8:R[16],colorNeutralBackgroundInverted:V,colorNeutralBackgroundInvertedHover:R[96],colorNeutralBackgroundInvertedPressed:R[88],colorNeutralBackgroundInvertedSelected:R[92],colorNeutralBackgroundStatic:R[24],colorNeutralBackgroundAlpha:bl[50],colorNeutralBackgroundAlpha2:xl[70],colorSubtleBackground:`transparent`,colorSubtleBackgroundHover:R[22],colorSubtleBackgroundPressed:R[18],colorSubtleBackgroundSelected:R[20],colorSubtleBackgroundLightAlphaHover:Sl[80],colorSubtleBackgroundLightAlphaPressed:Sl[50],colorSubtleBackgroundLightAlphaSelected:`transparent`,colorSubtleBackgroundInverted:`transparent`,colorSubtleBackgroundInvertedHover:B[10],colorSubtleBackgroundInvertedPressed:B[30],colorSubtleBackgroundInvertedSelected:B[20],colorTransparentBackground:`transparent`,colorTransparentBackgroundHover:`transparent`,colorTransparentBackgroundPressed:`transparent`,colorTransparentBackgroundSelected:`transparent`,colorNeutralBackgroundDisabled:R[8],colorNeutralBackgroundDisabled2:R[16],colorNeutralBackgroundInvertedDisabled:z[10],colorNeutralStencil1:R[34],colorNeutralStencil2:R[20],colorNeutralStencil1Alpha:z[10],colorNeutralStencil2Alpha:z[5],colorBackgroundOverlay:B[50],colorScrollbarOverlay:z[60],colorBrandBackground:e[70],colorBrandBackgroundHover:e[80],colorBrandBackgroundPressed:e[40],colorBrandBackgroundSelected:e[60],colorCompoundBrandBackground:e[100],colorCompoundBrandBackgroundHover:e[110],colorCompoundBrandBackgroundPressed:e[90],colorBrandBackgroundStatic:e[80],colorBrandBackground2:e[20],colorBrandBackground2Hover:e[40],colorBrandBackground2Pressed:e[10],colorBrandBackground3Static:e[60],colorBrandBackground4Static:e[40],colorBrandBackgroundInverted:V,colorBrandBackgroundInvertedHover:e[160],colorBrandBackgroundInvertedPressed:e[140],colorBrandBackgroundInvertedSelected:e[150],colorNeutralCardBackground:R[20],colorNeutralCardBackgroundHover:R[24],colorNeutralCardBackgroundPressed:R[18],colorNeutralCardBackgroundSelected:R[22],colorNeutralCardBackgroundDisabled:R[8],colorNeutralStrokeAccessible:R[68],colorNeutralStrokeAccessibleHover:R[74],colorNeutralStrokeAccessiblePressed:R[70],colorNeutralStrokeAccessibleSelected:e[100],colorNeutralStroke1:R[40],colorNeutralStroke1Hover:R[46],colorNeutralStroke1Pressed:R[42],colorNeutralStroke1Selected:R[44],colorNeutralStroke2:R[32],colorNeutralStroke3:R[24],colorNeutralStroke4:R[24],colorNeutralStroke4Hover:R[18],colorNeutralStroke4Pressed:R[14],colorNeutralStroke4Selected:R[24],colorNeutralStrokeSubtle:R[4],colorNeutralStrokeOnBrand:R[16],colorNeutralStrokeOnBrand2:V,colorNeutralStrokeOnBrand2Hover:V,colorNeutralStrokeOnBrand2Pressed:V,colorNeutralStrokeOnBrand2Selected:V,colorBrandStroke1:e[100],colorBrandStroke2:e[50],colorBrandStroke2Hover:e[50],colorBrandStroke2Pressed:e[30],colorBrandStroke2Contrast:e[50],colorCompoundBrandStroke:e[90],colorCompoundBrandStrokeHover:e[100],colorCompoundBrandStrokePressed:e[80],colorNeutralStrokeDisabled:R[26],colorNeutralStrokeDisabled2:R[24],colorNeutralStrokeInvertedDisabled:z[40],colorTransparentStroke:`transparent`,colorTransparentStrokeInteractive:`transparent`,colorTransparentStrokeDisabled:`transparent`,colorNeutralStrokeAlpha:z[10],colorNeutralStrokeAlpha2:z[20],colorStrokeFocus1:Cl,colorStrokeFocus2:V,colorNeutralShadowAmbient:`rgba(0,0,0,0.24)`,colorNeutralShadowKey:`rgba(0,0,0,0.28)`,colorNeutralShadowAmbientLighter:`rgba(0,0,0,0.12)`,colorNeutralShadowKeyLighter:`rgba(0,0,0,0.14)`,colorNeutralShadowAmbientDarker:`rgba(0,0,0,0.40)`,colorNeutralShadowKeyDarker:`rgba(0,0,0,0.48)`,colorBrandShadowAmbient:`rgba(0,0,0,0.30)`,colorBrandShadowKey:`rgba(0,0,0,0.25)`}),Fu=e=>{let t=Pu(e);return{...gu,...yu,...bu,...Su,...xu,...Tu,...Cu,...wu,...vu,..._u,...t,...Nu,...$,...Eu(t.colorNeutralShadowAmbient,t.colorNeutralShadowKey),...Eu(t.colorBrandShadowAmbient,t.colorBrandShadowKey,`Brand`)}},Iu={...Fu(Ou),...Au};({...Fu(ku),...Au});var Lu=lu.reduce((e,t)=>{let n=t.slice(0,1).toUpperCase()+t.slice(1),r={[`colorPalette${n}Background1`]:W,[`colorPalette${n}Background2`]:W,[`colorPalette${n}Background3`]:G,[`colorPalette${n}Foreground1`]:G,[`colorPalette${n}Foreground2`]:G,[`colorPalette${n}Foreground3`]:G,[`colorPalette${n}BorderActive`]:U,[`colorPalette${n}Border1`]:G,[`colorPalette${n}Border2`]:G};return Object.assign(e,r)},{});Lu.colorPaletteRedForegroundInverted=G,Lu.colorPaletteGreenForegroundInverted=G,Lu.colorPaletteYellowForegroundInverted=G;var Ru=uu.reduce((e,t)=>{let n=t.slice(0,1).toUpperCase()+t.slice(1),r={[`colorPalette${n}Background2`]:W,[`colorPalette${n}Foreground2`]:G,[`colorPalette${n}BorderActive`]:U};return Object.assign(e,r)},{}),zu={...Lu,...Ru},Bu=Object.entries(X).reduce((e,[t,n])=>{let r=t.slice(0,1).toUpperCase()+t.slice(1),i={[`colorStatus${r}Background1`]:W,[`colorStatus${r}Background2`]:W,[`colorStatus${r}Background3`]:G,[`colorStatus${r}Foreground1`]:G,[`colorStatus${r}Foreground2`]:G,[`colorStatus${r}Foreground3`]:G,[`colorStatus${r}BorderActive`]:U,[`colorStatus${r}ForegroundInverted`]:G,[`colorStatus${r}Border1`]:G,[`colorStatus${r}Border2`]:G};return Object.assign(e,i)},{});Bu.colorStatusDangerBackground3Hover=U,Bu.colorStatusDangerBackground3Pressed=U;var Vu=()=>({colorNeutralForeground1:G,colorNeutralForeground1Hover:K,colorNeutralForeground1Pressed:K,colorNeutralForeground1Selected:K,colorNeutralForeground2:G,colorNeutralForeground2Hover:K,colorNeutralForeground2Pressed:K,colorNeutralForeground2Selected:K,colorNeutralForeground2BrandHover:K,colorNeutralForeground2BrandPressed:K,colorNeutralForeground2BrandSelected:K,colorNeutralForeground3:G,colorNeutralForeground3Hover:K,colorNeutralForeground3Pressed:K,colorNeutralForeground3Selected:K,colorNeutralForeground3BrandHover:K,colorNeutralForeground3BrandPressed:K,colorNeutralForeground3BrandSelected:K,colorNeutralForeground4:G,colorNeutralForeground5:G,colorNeutralForeground5Hover:K,colorNeutralForeground5Pressed:K,colorNeutralForeground5Selected:K,colorNeutralForegroundDisabled:wl,colorNeutralForegroundInvertedDisabled:wl,colorBrandForegroundLink:H,colorBrandForegroundLinkHover:H,colorBrandForegroundLinkPressed:H,colorBrandForegroundLinkSelected:H,colorNeutralForeground2Link:H,colorNeutralForeground2LinkHover:H,colorNeutralForeground2LinkPressed:H,colorNeutralForeground2LinkSelected:H,colorCompoundBrandForeground1:U,colorCompoundBrandForeground1Hover:U,colorCompoundBrandForeground1Pressed:U,colorBrandForeground1:G,colorBrandForeground2:G,colorBrandForeground2Hover:G,colorBrandForeground2Pressed:G,colorNeutralForeground1Static:W,colorNeutralForegroundStaticInverted:G,colorNeutralForegroundInverted:K,colorNeutralForegroundInvertedHover:K,colorNeutralForegroundInvertedPressed:K,colorNeutralForegroundInvertedSelected:K,colorNeutralForegroundInverted2:G,colorNeutralForegroundOnBrand:Tl,colorNeutralForegroundInvertedLink:H,colorNeutralForegroundInvertedLinkHover:H,colorNeutralForegroundInvertedLinkPressed:H,colorNeutralForegroundInvertedLinkSelected:H,colorBrandForegroundInverted:G,colorBrandForegroundInvertedHover:K,colorBrandForegroundInvertedPressed:K,colorBrandForegroundOnLight:Tl,colorBrandForegroundOnLightHover:K,colorBrandForegroundOnLightPressed:K,colorBrandForegroundOnLightSelected:K,colorNeutralBackground1:W,colorNeutralBackground1Hover:U,colorNeutralBackground1Pressed:U,colorNeutralBackground1Selected:U,colorNeutralBackground2:W,colorNeutralBackground2Hover:U,colorNeutralBackground2Pressed:U,colorNeutralBackground2Selected:U,colorNeutralBackground3:W,colorNeutralBackground3Hover:U,colorNeutralBackground3Pressed:U,colorNeutralBackground3Selected:U,colorNeutralBackground4:W,colorNeutralBackground4Hover:U,colorNeutralBackground4Pressed:U,colorNeutralBackground4Selected:U,colorNeutralBackground5:W,colorNeutralBackground5Hover:U,colorNeutralBackground5Pressed:U,colorNeutralBackground5Selected:U,colorNeutralBackground6:W,colorNeutralBackground7:W,colorNeutralBackground7Hover:U,colorNeutralBackground7Pressed:U,colorNeutralBackground7Selected:U,colorNeutralBackground8:W,colorNeutralBackgroundInverted:W,colorNeutralBackgroundInvertedHover:U,colorNeutralBackgroundInvertedPressed:U,colorNeutralBackgroundInvertedSelected:U,colorNeutralBackgroundStatic:W,colorNeutralBackgroundAlpha:W,colorNeutralBackgroundAlpha2:W,colorSubtleBackground:`transparent`,colorSubtleBackgroundHover:U,colorSubtleBackgroundPressed:U,colorSubtleBackgroundSelected:U,colorSubtleBackgroundLightAlphaHover:U,colorSubtleBackgroundLightAlphaPressed:U,colorSubtleBackgroundLightAlphaSelected:U,colorSubtleBackgroundInverted:`transparent`,colorSubtleBackgroundInvertedHover:U,colorSubtleBackgroundInvertedPressed:U,colorSubtleBackgroundInvertedSelected:U,colorTransparentBackground:`transparent`,colorTransparentBackgroundHover:U,colorTransparentBackgroundPressed:U,colorTransparentBackgroundSelected:U,colorNeutralBackgroundDisabled:W,colorNeutralBackgroundDisabled2:wl,colorNeutralBackgroundInvertedDisabled:W,colorNeutralStencil1:G,colorNeutralStencil2:G,colorNeutralStencil1Alpha:G,colorNeutralStencil2Alpha:G,colorBackgroundOverlay:B[50],colorScrollbarOverlay:El,colorBrandBackground:El,colorBrandBackgroundHover:U,colorBrandBackgroundPressed:U,colorBrandBackgroundSelected:U,colorCompoundBrandBackground:U,colorCompoundBrandBackgroundHover:U,colorCompoundBrandBackgroundPressed:U,colorBrandBackgroundStatic:W,colorBrandBackground2:W,colorBrandBackground2Hover:W,colorBrandBackground2Pressed:W,colorBrandBackground3Static:W,colorBrandBackground4Static:W,colorBrandBackgroundInverted:El,colorBrandBackgroundInvertedHover:U,colorBrandBackgroundInvertedPressed:U,colorBrandBackgroundInvertedSelected:U,colorNeutralCardBackground:W,colorNeutralCardBackgroundHover:U,colorNeutralCardBackgroundPressed:U,colorNeutralCardBackgroundSelected:U,colorNeutralCardBackgroundDisabled:W,colorNeutralStrokeAccessible:G,colorNeutralStrokeAccessibleHover:U,colorNeutralStrokeAccessiblePressed:U,colorNeutralStrokeAccessibleSelected:U,colorNeutralStroke1:G,colorNeutralStroke1Hover:U,colorNeutralStroke1Pressed:U,colorNeutralStroke1Selected:U,colorNeutralStroke2:G,colorNeutralStroke3:G,colorNeutralStroke4:G,colorNeutralStroke4Hover:U,colorNeutralStroke4Pressed:U,colorNeutralStroke4Selected:U,colorNeutralStrokeSubtle:G,colorNeutralStrokeOnBrand:W,colorNeutralStrokeOnBrand2:G,colorNeutralStrokeOnBrand2Hover:G,colorNeutralStrokeOnBrand2Pressed:G,colorNeutralStrokeOnBrand2Selected:G,colorBrandStroke1:G,colorBrandStroke2:G,colorBrandStroke2Hover:U,colorBrandStroke2Pressed:U,colorBrandStroke2Contrast:W,colorCompoundBrandStroke:U,colorCompoundBrandStrokeHover:U,colorCompoundBrandStrokePressed:U,colorNeutralStrokeDisabled:wl,colorNeutralStrokeDisabled2:wl,colorNeutralStrokeInvertedDisabled:wl,colorTransparentStroke:G,colorTransparentStrokeInteractive:U,colorTransparentStrokeDisabled:wl,colorNeutralStrokeAlpha:G,colorNeutralStrokeAlpha2:W,colorStrokeFocus1:W,colorStrokeFocus2:U,colorNeutralShadowAmbient:`rgba(0,0,0,0.24)`,colorNeutralShadowKey:`rgba(0,0,0,0.28)`,colorNeutralShadowAmbientLighter:`rgba(0,0,0,0.12)`,colorNeutralShadowKeyLighter:`rgba(0,0,0,0.14)`,colorNeutralShadowAmbientDarker:`rgba(0,0,0,0.40)`,colorNeutralShadowKeyDarker:`rgba(0,0,0,0.48)`,colorBrandShadowAmbient:`rgba(0,0,0,0.30)`,colorBrandShadowKey:`rgba(0,0,0,0.25)`}),Hu={...(()=>{let e=Vu();return{...gu,...yu,...bu,...Su,...xu,...Tu,...Cu,...wu,...vu,..._u,...e,...zu,...Bu,...Eu(e.colorNeutralShadowAmbient,e.colorNeutralShadowKey),...Eu(e.colorBrandShadowAmbient,e.colorBrandShadowKey,`Brand`)}})(),...Au},Uu=0;function Wu(e=`id-`){let t=`${e}${Uu++}`;return document.getElementById(t)?Wu(e):t}var Gu=`adoptedStyleSheets`in document,Ku=`CSSScopeRule`in window,qu=new Map,Ju=new Map,Yu=new Map,Xu=new Map,Zu=new CSSStyleSheet;function Qu(e,t=document){t&&id(t)&&(!Gu||t instanceof HTMLElement&&!t.shadowRoot&&!Ku?ld(e,t===document?document.documentElement:t):[document,document.documentElement,document.body].includes(t)?ad(e):od(e,t))}var $u=/^[a-zA-Z_-][a-zA-Z0-9_-]*$/;function ed(e){return $u.test(e)?e:``}var td=/(;|{|}|\/\*|\*\/|@import|url\s*\(|expression\s*\(|javascript:)/i;function nd(e){return td.test(e)?``:e}function rd(e){return qu.has(e)||qu.set(e,Object.keys(e).reduce((t,n)=>{let r=ed(n),i=nd(e[n].toString());return r&&i?`${t}--${r}:${i};`:t},``)),qu.get(e)}function id(e){return[document,document.documentElement].includes(e)||e instanceof HTMLElement&&!!e.closest(`body`)}function ad(e){e===null?document.adoptedStyleSheets.includes(Zu)&&Zu.replaceSync(``):(Zu.replaceSync(`
    html {
      ${rd(e)}
    }
  `),document.adoptedStyleSheets.includes(Zu)||document.adoptedStyleSheets.push(Zu))}function od(e,t){e===null?t.shadowRoot&&Yu.has(t)?Yu.get(t).replaceSync(``):(delete t.dataset.fluentTheme,fd(t)):t.shadowRoot?sd(t).replaceSync(`
      :host {
        ${rd(e)}
      }
    `):(t.dataset.fluentTheme=cd(e),fd(t))}function sd(e){if(!Yu.has(e)){let t=new CSSStyleSheet;Yu.set(e,t),e.shadowRoot?.adoptedStyleSheets.push(t)}return Yu.get(e)}function cd(e){if(!Ju.has(e)){let t=Wu(`fluent-theme-`),n=new CSSStyleSheet;Ju.set(e,t),n.replaceSync(`
      @scope ([data-fluent-theme="${t}"]) {
        :scope {
          ${rd(e)}
        }
      }
    `),document.adoptedStyleSheets.push(n)}return Ju.get(e)}function ld(e,t){let n;if(e===null){if(!Xu.has(t))return;n=Xu.get(t)}else Xu.set(t,e),n=e;for(let[r,i]of Object.entries(n))e===null?t.style.removeProperty(`--${r}`):t.style.setProperty(`--${r}`,i.toString())}var{userAgent:ud}=navigator,dd=/\bAppleWebKit\/[\d+\.]+\b/.test(ud);function fd(e){if(!dd)return;let t=`visibility`,n=e.style.getPropertyValue(t);e.style.setProperty(t,`hidden`),fe.process(),e.style.setProperty(t,n)}var pd={light:ju,dark:Iu,contrast:Hu};function md(e){Qu(pd[e]),document.documentElement.dataset.theme=e,document.documentElement.style.colorScheme=e===`light`?`light`:`dark`}var hd=new j(`signed-out`),gd=class{host;session;api;pin=new ll(location.hash);ways;lacksRoad=!1;desk;interrupted;constructor(e){this.host=e,this.session=new fl(e),this.api=new ss(e=>this.token(e)),this.api.onKeyChange=e=>this.warn(e)}async begin(e,t=!1){t||_d(N(`main`,{class:`gate`},N(`fluent-spinner`,{"aria-hidden":`true`})));try{this.ways??=await this.findRoad(),this.work(await this.api.me())}catch(t){if(!(t instanceof j))throw t;if(t.trouble===`signed-out`)this.signIn(e);else if(!(t instanceof es)){let e=Xs(t,e=>void this.begin(void 0,e),document.querySelector(`.gate`)??void 0);e.isConnected||_d(N(`main`,{class:`gate`},e))}}this.host.ready()}async findRoad(){let e=await this.api.ways();if(e.tunnel)try{let{Tunnel:e}=await Qc(async()=>{let{Tunnel:e}=await import(`./tunnel-jQlM9naW.js`);return{Tunnel:e}},[]);this.api.road=new e(this.pin)}catch{throw this.lacksRoad&&location.reload(),this.lacksRoad=!0,new j(`away`)}return e}warn(e){_d(Cc(e,()=>{this.pin.accept(e.tid,e.found),this.begin()},()=>void this.begin()))}work(e){bs(e.custom_names??{});let t=!this.host.embedded&&this.session.has,n=()=>{this.session.end(),this.begin()},{tenant:r,user:i}=e,a=new jc(this.api,this.host,e,t?n:void 0,()=>{a.element.isConnected&&(this.interrupted={tenant:r,user:i,text:a.text},this.session.end(),this.begin(`signin.ended`))});this.desk?.end(),this.desk=a,_d(a.element),a.focus();let o=this.interrupted;this.interrupted=void 0,o?.text&&o.tenant===r&&o.user===i&&a.goOn(o.text)}signIn(e){if(this.host.embedded||!this.ways){_d(gl(()=>void this.begin()));return}let t=ml(this.api,this.ways,e,e=>{this.session.begin(e),this.begin(`signin.refused`)});_d(t),t.querySelector(`input`)?.focus()}async token(e){try{return await this.session.token(e)}catch{throw hd}}};function _d(e){document.body.replaceChildren(e)}async function vd(){if(gs(navigator.language),Hc())return;let e=await tl().catch(e=>{if(!(e instanceof j))throw e;md(new al().theme),_d(N(`main`,{class:`gate`},Xs(e,()=>location.reload())))});e&&(gs(e.locale),md(e.theme),e.onTheme(md),await new gd(e).begin())}vd();export{_c as a,hc as c,j as d,ns as f,bc as i,M as l,yc as n,xc as o,ts as p,vc as r,gc as s,Qc as t,is as u};