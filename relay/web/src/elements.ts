/* The elements of Fluent that the page is made of.
 *
 * Law: an element that is shown no more is given back. FAST, which they are written in, has every
 * element wait for another template of its kind, and never lets go of it again: a page that stays
 * open for weeks would keep each row of each letter that was typed. No kind changes here, so that
 * none is waited for.
 */

import "@fluentui/web-components/avatar.js";
import "@fluentui/web-components/badge.js";
import "@fluentui/web-components/button.js";
import "@fluentui/web-components/spinner.js";

/** What FAST keeps of an element, as far as it is used here. */
interface Controlled {
  $fastController: { definition: object };
}

/** Takes the place of whoever tells changes of a kind of element, and remembers nobody. */
const SILENT = { subscribe: () => undefined, unsubscribe: () => undefined, notify: () => undefined };

for (const kind of ["avatar", "badge", "button", "spinner"]) {
  void customElements.whenDefined(`fluent-${kind}`).then((Element) => {
    const element = new Element() as unknown as Controlled;
    Object.defineProperty(element.$fastController.definition, "$fastController", { value: SILENT });
  });
}
