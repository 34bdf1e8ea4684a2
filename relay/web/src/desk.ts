/* The page of a signed-in user: search box, list, card. */

import type { Api, Hit, Me, Page, Person } from "./api";
import { Card, type CardActs } from "./card";
import { button, h, icon } from "./dom";
import { Failure } from "./failure";
import type { Host } from "./host";
import { type Group, List } from "./list";
import { hint, trouble, words } from "./notice";
import { nameOf, Reach, type Target } from "./reach";
import { isEnough, Search } from "./search";
import { type Kept, MAX_FAVOURITES, Shelf } from "./shelf";
import { hitsText, t } from "./texts";
import { sealButton } from "./trust";

/** So many favourites and recent contacts are fetched at once, the others one by one: typing needs its share too. */
const FILLED_AT_ONCE = 8;
const FILL_PAUSE_MS = 250;

/** So long what was fetched of them is shown again without being fetched anew: a tab may stay open for weeks. */
const KNOWN_FOR_MS = 300_000;

const SAID_FOR_MS = 3000;

/** So long a card stays before its customer page gets it fetched anew. */
const REFRESH_PAUSE_MS = 1000;

export class Desk {
  readonly element: HTMLElement;
  private readonly shelf: Shelf;
  private readonly reach: Reach;
  private readonly search: Search;
  private readonly list: List;
  private readonly acts: CardActs;
  private readonly input: HTMLInputElement;
  private readonly status = h("div", { role: "status", class: "status" });
  private below = h("div", { class: "below" });
  private readonly side: HTMLElement;
  private readonly toast = h("div", { role: "status", class: "toast" });
  private readonly light = h("span", { class: "light" });
  private readonly loader = h("fluent-spinner", { size: "tiny", class: "loader", "aria-hidden": "true" });
  private card: Card | undefined;
  private opening: AbortController | undefined;
  private toastTimer = 0;
  private readonly life = new AbortController();
  private refreshing: Card | undefined;
  private filling = 0;
  /** What Enter does as soon as the text has its answer. */
  private then: ((hit: Hit) => void) | undefined;
  /** Whether a row of the list was chosen since the last letter. */
  private chosen = false;

  constructor(
    private readonly api: Api,
    private readonly host: Host,
    private readonly me: Me,
    signOut: (() => void) | undefined,
    private readonly signedOut: () => void,
  ) {
    this.shelf = new Shelf(me.tenant, me.user, host.forgets);
    this.reach = new Reach(host, (text) => this.say(text), (target) => this.use(target));
    this.acts = {
      open: (hit) => void this.open(hit),
      call: (hit) => this.reach.call(hit),
      favour: (hit, wanted) => {
        if (!this.shelf.favour(keptOf(hit), wanted)) this.say(t("favourite.full", { count: MAX_FAVOURITES }));
      },
      isFavourite: (id) => this.shelf.isFavourite(id),
      back: () => this.closeCard(),
      refresh: () => this.refreshSoon(),
      say: (text) => this.say(text),
    };
    this.list = new List(t("search.results"), this.acts, (id) => this.point(id), () => this.focus());
    this.search = new Search(api, {
      idle: () => this.showStart(),
      slow: () => this.element.classList.add("slow"),
      found: (text, page, more) => this.showHits(text, page, more),
      failed: (failure) => this.showFailure(failure),
    });
    api.onReach = (reachable) => this.showLight(reachable);
    this.input = this.box();
    this.side = h("section", { class: "side", "aria-label": t("card.details") });
    this.element = h(
      "div",
      { class: "desk" },
      h(
        "div",
        { class: "top", role: "search" },
        h("label", { for: "search", class: "unseen" }, t("search.label")),
        h("div", { class: "box" }, icon("search"), this.input, this.loader, this.clearButton()),
        this.status,
      ),
      h(
        "main",
        {},
        h("h1", { class: "unseen" }, t("app")),
        h("div", { class: "main" }, this.list.element, this.below),
        this.side,
      ),
      h(
        "footer",
        {},
        this.light,
        api.road.fingerprint ? sealButton(api.road.fingerprint) : null,
        h("span", { class: "who" }, me.name),
        signOut ? button(t("signout"), signOut, { icon: "out", only: true }) : null,
      ),
      this.toast,
    );
    const living = { signal: this.life.signal };
    const press = (event: KeyboardEvent) => {
      if (!this.element.isConnected || document.querySelector("dialog[open]")) return;
      this.escape(event);
      this.slash(event);
    };
    const look = () => {
      if (!document.hidden && !this.input.value && this.element.isConnected) void this.fill();
    };
    document.addEventListener("keydown", press, living);
    addEventListener("storage", (event) => this.follow(event.key), living);
    document.addEventListener("visibilitychange", look, living);
    this.showLight(true);
    this.emptySide();
    if (me.sources.length) this.showStart();
    else {
      this.input.disabled = true; // "nobody found" would be untrue
      this.showFailure(new Failure("rights"));
    }
  }

  /** Put the cursor into the search box. */
  focus(): void {
    this.input.focus();
  }

  /** Listen to nothing any more: another page takes its place, and what is heard would keep this one. */
  end(): void {
    this.life.abort();
  }

  /** What is typed. */
  get text(): string {
    return this.input.value;
  }

  /** Search for a text that was typed before this page began. */
  goOn(text: string): void {
    this.input.value = text;
    this.type();
  }

  private box(): HTMLInputElement {
    return h<HTMLInputElement>("input", {
      id: "search",
      type: "text",
      role: "combobox",
      inputmode: "search",
      enterkeyhint: "search",
      autocomplete: "off",
      autocapitalize: "none",
      spellcheck: "false",
      maxlength: 200,
      placeholder: t("search.placeholder"),
      "aria-expanded": "false",
      "aria-controls": "results",
      "aria-haspopup": "grid",
      "aria-autocomplete": "list",
      on: {
        input: () => this.type(),
        keydown: (event) => this.key(event),
        blur: () => (this.then = undefined),
      },
    });
  }

  private clearButton(): HTMLElement {
    const clear = () => {
      this.input.value = "";
      this.type();
      this.focus();
    };
    return button(t("search.clear"), clear, { icon: "clear", only: true, class: "clear" });
  }

  private type(): void {
    this.giveUp();
    this.then = undefined;
    this.chosen = false;
    this.element.classList.toggle("typed", this.input.value !== "");
    this.element.classList.add("waiting");
    this.search.type(this.input.value);
  }

  private key(event: KeyboardEvent): void {
    if (composes(event)) return;
    if (event.key === "ArrowDown") this.step(1);
    else if (event.key === "ArrowUp") this.step(-1);
    else if (event.key === "PageDown") this.step(this.list.inSight);
    else if (event.key === "PageUp") this.step(-this.list.inSight);
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      this.enter((hit) => this.reach.callFirst(hit));
    } else if (event.key === "Enter") this.enter((hit) => void this.open(hit));
    else return;
    event.preventDefault();
  }

  private step(by: number): void {
    this.then = undefined;
    this.chosen = true;
    if (!this.list.step(by) && by > 0) this.search.more(); // whoever goes on behind the last one wants the next
  }

  /** Do something with the row that Enter means. Whoever is faster than the answer never means a row
      that another text found: it is done when the answer is there. */
  private enter(act: (hit: Hit) => void): void {
    const current = this.list.current();
    if (!this.search.isAnswered && !this.chosen) {
      this.then = act;
      this.search.hurry();
    } else if (current) act(current);
  }

  /** Escape gives up a card that is not there yet, closes the card, then empties the box; where one types,
      it empties the box first. */
  private escape(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.defaultPrevented || composes(event)) return;
    const types = event.target === this.input && this.input.value !== "";
    if (this.giveUp()) this.focus();
    else if (this.card && !types) this.closeCard();
    else if (this.input.value) {
      this.input.value = "";
      this.type();
      this.focus();
    } else return;
    event.preventDefault();
  }

  private slash(event: KeyboardEvent): void {
    const field = event.composedPath()[0];
    const typing = field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement;
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.closeCard();
    this.focus();
  }

  private point(id: string): void {
    if (id) this.input.setAttribute("aria-activedescendant", id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  private settle(): void {
    this.element.classList.remove("waiting", "slow", "stale");
    if (this.card) this.list.mark(this.card.person.id);
    this.input.setAttribute("aria-expanded", String(!this.list.element.hidden));
  }

  private showStart(): void {
    const kept = (list: "favourites" | "recents") => this.shelf.read(list);
    const favourites = [...kept("favourites")].sort((a, b) =>
      (a.name ?? "").localeCompare(b.name ?? "", document.documentElement.lang),
    );
    const recents = kept("recents").filter((each) => !this.shelf.isFavourite(each.id));
    const groups: Group[] = [
      { title: t("start.favourites"), hits: favourites.map(hitOf), sources: [] },
      { title: t("start.recents"), hits: recents.map(hitOf), sources: [] },
    ];
    this.list.show(groups);
    for (const { id } of [...favourites, ...recents]) this.refill(id);
    this.settle();
    const typed = this.input.value.trim();
    this.status.textContent = typed && !isEnough(typed) ? t("search.hint") : "";
    const empty = !favourites.length && !recents.length;
    this.showBelow(...(empty ? [hint("start.empty", "start.empty.hint", "star")] : []));
    this.started = [...favourites, ...recents];
    void this.fill();
  }

  /** The favourites and recent contacts that are shown, or were last. */
  private started: Kept[] = [];

  /** Fetch what is not kept of them, or may be old: numbers, and names where none are. */
  private async fill(): Promise<void> {
    const typed = this.input.value;
    const run = ++this.filling;
    const isOver = () => this.input.value !== typed || this.filling !== run || !this.element.isConnected;
    await pause(0); // the page is put together first
    let fetched = 0;
    for (const { id } of this.started) {
      const at = this.known.get(id)?.at ?? -KNOWN_FOR_MS;
      if (performance.now() - at < KNOWN_FOR_MS) continue;
      if (fetched++ >= FILLED_AT_ONCE) await pause(FILL_PAUSE_MS);
      if (isOver()) return;
      const person = await this.fetched(id);
      if (person) this.keep(id, person);
      if (isOver()) return;
      if (person) this.shelf.follow(id, keptOfPerson(person));
      this.refill(id);
    }
  }

  private refill(id: string): void {
    const person = this.known.get(id)?.person;
    if (person) this.list.refresh(id, hitOfPerson(person), person.sources);
  }

  /** Return somebody; undefined: nobody, or not now. Too many questions are asked once more. */
  private async fetched(id: string): Promise<Person | undefined> {
    try {
      return await this.personOf(id);
    } catch (error) {
      if (error instanceof Failure && error.trouble === "gone") this.known.delete(id);
      if (!(error instanceof Failure) || error.trouble !== "busy") return undefined;
      await pause(error.waitS * 1000);
      return this.personOf(id).catch(() => undefined);
    }
  }

  /** Return somebody, by another record of theirs if the one that was kept is gone. */
  private async personOf(id: string, signal?: AbortSignal): Promise<Person> {
    let gone: Failure | undefined;
    for (const each of [id, ...this.shelf.othersOf(id)]) {
      try {
        return await this.api.person(each, signal);
      } catch (error) {
        if (!(error instanceof Failure) || error.trouble !== "gone") throw error;
        gone ??= error;
      }
    }
    throw gone!;
  }

  /** Show the favourites and recent contacts that another window has put there; not while somebody is in
      the list, who would open or call another one than was chosen. */
  private follow(key: string | null): void {
    const isBusy = this.list.hasActive || this.list.element.contains(document.activeElement);
    if (this.element.isConnected && this.shelf.holds(key) && !this.input.value && !isBusy) this.showStart();
  }

  private readonly known = new Map<string, { person: Person; at: number }>();

  private keep(id: string, person: Person): void {
    this.known.set(id, { person, at: performance.now() });
  }

  private showHits(text: string, page: Page, more: boolean): void {
    const first = more ? this.list.append(page.hits, page.sources) : undefined;
    if (!more) this.list.show([{ title: "", hits: page.hits, sources: page.sources }]);
    this.settle();
    // once all have come they are counted as they are shown: several records may be one person
    this.status.textContent = hitsText(page.cursor ? page.total : this.list.people, page.total_is_exact || !page.cursor);
    const parts: HTMLElement[] = [];
    if (!page.hits.length && !more) {
      this.status.textContent = t("search.none");
      parts.push(hint("search.none", "search.none.hint", "search"));
    }
    if (page.did_you_mean && page.did_you_mean !== text) {
      const mean = page.did_you_mean;
      const take = () => {
        this.input.value = mean;
        this.type();
        this.focus();
      };
      parts.push(button(t("search.mean", { text: mean }), take, { class: "mean" }));
    }
    if (page.cursor) parts.push(button(t("search.more"), () => this.search.more(), { class: "more" }));
    this.showBelow(...parts);
    if (first !== undefined && document.activeElement === this.input) this.list.stepTo(first);
    const [then, hit] = [this.then, this.list.current()];
    this.then = undefined;
    if (then && hit) then(hit);
  }

  /** Show other things below the list; as a new element, so that nothing is seen to move.
      Whoever pressed a key on what goes away is at the search box again. */
  private showBelow(...parts: HTMLElement[]): void {
    const below = h("div", { class: "below" }, ...parts);
    const byKey = this.below.querySelector(":focus-visible") !== null;
    this.below.replaceWith(below);
    this.below = below;
    if (byKey) this.focus();
  }

  private showFailure(failure: Failure): void {
    this.settle();
    if (failure.trouble === "signed-out") {
      this.signedOut();
      return;
    }
    this.then = undefined;
    this.status.textContent = "";
    const element = trouble(failure, () => this.search.again(), this.below);
    if (!element.isConnected) this.showBelow(element);
    this.element.classList.toggle("stale", !this.list.element.hidden);
  }

  /** Fetch the open card anew, since its customer page asks; nothing that is being done is disturbed. */
  private refreshSoon(): void {
    const card = this.card;
    if (!card || this.refreshing === card) return;
    this.refreshing = card;
    const wait = Math.max(0, this.shownAt + REFRESH_PAUSE_MS - performance.now());
    window.setTimeout(() => void this.refresh(card), wait);
  }

  private async refresh(card: Card): Promise<void> {
    const isOpen = () => card === this.card && !this.opening;
    try {
      if (!isOpen()) return;
      const person = await this.api.person(card.person.id);
      if (!isOpen()) return;
      this.keep(person.id, person);
      this.shownAt = performance.now();
      const [before, scrolled] = [document.activeElement, this.side.scrollTop];
      const hadFocus = this.side.contains(before);
      card.update(person);
      if (hadFocus && !this.side.contains(before)) card.focus();
      this.side.scrollTop = scrolled;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.trouble === "signed-out") this.signedOut();
      else if (isOpen()) this.say(words(error)[0]);
    } finally {
      if (this.refreshing === card) this.refreshing = undefined;
    }
  }

  private made(person: Person): Card {
    return new Card(person, this.me, this.api, this.host, this.reach, this.acts);
  }

  private async open(of: { id: string; name: string }): Promise<void> {
    this.then = undefined;
    this.opening?.abort();
    const opening = new AbortController();
    this.opening = opening;
    this.list.opening(of.id);
    try {
      const person = await this.personOf(of.id, opening.signal);
      if (opening.signal.aborted) return;
      this.keep(person.id, person);
      this.shelf.follow(of.id, keptOfPerson(person));
      this.use(hitOfPerson(person));
      this.showCard(this.made(person));
    } catch (error) {
      if (opening.signal.aborted) return;
      if (!(error instanceof Failure)) throw error;
      if (error.trouble === "signed-out") this.signedOut();
      else this.showGap(of, error);
    } finally {
      if (this.opening === opening) this.opening = undefined;
    }
  }

  private shownAt = 0;

  private showCard(card: Card, focus = true): void {
    this.shownAt = performance.now();
    this.card?.close();
    this.card = card;
    this.side.replaceChildren(card.element);
    this.showSide();
    this.side.scrollTop = 0;
    if (focus) card.focus();
  }

  /** Show in place of a card why there is none. */
  private showGap(of: { id: string; name: string }, failure: Failure): void {
    this.card?.close();
    this.card = undefined;
    const before = this.side.querySelector(`.gap[data-of="${CSS.escape(of.id)}"]`) ?? undefined;
    const element = trouble(failure, () => void this.open(of), before);
    if (element.isConnected) return;
    const remove = () => {
      this.shelf.drop(of.id);
      this.closeCard();
      if (!this.input.value) this.showStart();
    };
    this.side.replaceChildren(
      h(
        "div",
        { class: "gap", "data-of": of.id },
        button(t("card.back"), () => this.closeCard(), { icon: "back", only: true, class: "back" }),
        element,
        failure.trouble === "gone" ? button(t("card.remove"), remove) : null,
      ),
    );
    this.showSide();
  }

  private showSide(): void {
    this.element.classList.add("carded");
    this.host.onBack(() => this.back());
  }

  /** Do what the back button of the host means here: close what lies on top. False: nothing does. */
  private back(): boolean {
    const dialog = document.querySelector<HTMLDialogElement>("dialog[open]");
    if (dialog) dialog.close();
    else if (this.element.isConnected && this.element.classList.contains("carded")) this.closeCard();
    else return false;
    return true;
  }

  /** Give up a card that is not there yet, and what stands for one that failed: whoever types on, or presses
      Escape, must not have it put before them later. Tell whether there was any. */
  private giveUp(): boolean {
    const gap = this.side.querySelector(".gap");
    if (!this.opening && !gap) return false;
    this.opening?.abort();
    this.opening = undefined;
    if (gap) {
      this.element.classList.remove("carded");
      this.emptySide();
    }
    this.list.mark(this.card?.person.id ?? "");
    return true;
  }

  private closeCard(): void {
    this.opening?.abort();
    this.card?.close();
    this.card = undefined;
    this.element.classList.remove("carded");
    this.list.mark("");
    this.emptySide();
    if (!this.input.value) this.showStart();
    this.focus();
  }

  private emptySide(): void {
    this.side.replaceChildren(h("div", { class: "hint" }, h("p", {}, t("card.none"))));
  }

  private use(target: Target): void {
    this.shelf.use(keptOf(target));
  }

  private say(text: string): void {
    this.toast.textContent = text;
    this.toast.classList.add("shown");
    window.clearTimeout(this.toastTimer);
    this.toastTimer = window.setTimeout(() => {
      this.toast.classList.remove("shown");
      this.toast.textContent = "";
    }, SAID_FOR_MS);
  }

  private showLight(reachable: boolean): void {
    const text = t(reachable ? "state.ready" : "state.away");
    if (this.light.textContent === text) return;
    this.light.textContent = text;
    this.light.classList.toggle("away", !reachable);
    if (reachable) this.element?.classList.remove("stale");
  }
}

/** Tell whether a key belongs to a word that is being put together (Chinese, Japanese, Korean). WebKit, in
    Safari and Teams for iOS, ends the word before it tells of the key that did so, and gives it the code 229. */
function composes(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

function keptOf(target: Target): Kept {
  return { id: target.id, name: nameOf(target), company: target.company ?? "" };
}

function keptOfPerson(person: Person): Kept {
  const others = person.records.filter((record) => record !== person.id);
  return { ...keptOf(hitOfPerson(person)), others };
}

function hitOf(kept: Kept): Hit {
  return { id: kept.id, name: kept.name || "…", company: kept.company ?? "", sources: [] };
}

function hitOfPerson(person: Person): Hit {
  const text = (name: string) => person.fields.find((field) => field.name === name)?.text ?? "";
  return {
    id: person.id,
    name: person.name,
    company: text("company"),
    department: text("department"),
    job: text("job"),
    city: text("city"),
    numbers: person.numbers,
    emails: person.emails,
    sources: person.sources.map((source) => source.id),
    company_record: person.company_record ?? false,
  };
}
