/* The list below the search box: hits, or favourites and recent contacts; moved in by arrows.
   Of the people who are folded under a company the first stand below it; a button shows the rest. */

import type { Hit, Source } from "./api";
import { button, h } from "./dom";
import { row, type RowActs } from "./rows";
import { t } from "./texts";

const UNFOLDED = 2;

export interface Group {
  title: string;
  hits: Hit[];
  sources: Source[];
}

export class List {
  readonly element: HTMLElement;
  private rows: { element: HTMLElement; hit: Hit }[] = [];
  private active = -1;
  private made = 0;
  private folded = 0;

  constructor(
    label: string,
    private readonly acts: RowActs,
    private readonly moved: (id: string) => void,
    private readonly unfolded: () => void,
  ) {
    this.element = h("div", { id: "results", role: "grid", "aria-label": label, class: "list" });
  }

  /** Show groups of rows in place of what was shown. */
  show(groups: Group[]): void {
    this.rows = [];
    this.made = 0;
    this.folded = 0;
    const made = groups
      .filter((group) => group.hits.length)
      .map((group, place) => {
        const titled = group.title
          ? [h("div", { role: "row", class: "title" }, h("span", { role: "columnheader", "aria-colspan": 2, id: `group-${place}` }, group.title))]
          : [];
        return h(
          "div",
          { role: "rowgroup", "aria-labelledby": group.title ? `group-${place}` : null },
          ...titled,
          ...group.hits.flatMap((hit) => this.addWithFolded(hit, group.sources)),
        );
      });
    this.element.replaceChildren(...made);
    this.element.hidden = !made.length;
    this.move(-1);
  }

  /** Show more rows below the last ones; return the place of the first of them. */
  append(hits: Hit[], sources: Source[]): number {
    const group = this.element.lastElementChild;
    const place = this.rows.length;
    const known = new Set(this.rows.map((each) => each.hit.id));
    for (const hit of hits) if (!known.has(hit.id)) group?.append(...this.addWithFolded(hit, sources));
    return place;
  }

  /** Put what is now known of a contact into its row; `id`: the row's until now. */
  refresh(id: string, hit: Hit, sources: Source[]): void {
    for (const [place, each] of this.rows.entries()) {
      if (each.hit.id !== id) continue;
      const focused = each.element.contains(document.activeElement);
      const element = row(hit, sources, each.element.id, this.acts);
      element.setAttribute("aria-selected", each.element.getAttribute("aria-selected") ?? "false");
      element.classList.toggle("opened", each.element.classList.contains("opened"));
      if (focused) return; // whoever stands on it would lose the place
      each.element.replaceWith(element);
      this.rows[place] = { element, hit };
    }
  }

  /** How many people and companies the list holds, those that are folded away included. */
  get people(): number {
    return this.rows.length + this.folded;
  }

  /** How many rows are seen at once, at least one. */
  get inSight(): number {
    const [height, of] = [this.element.parentElement?.clientHeight ?? 0, this.rows[0]?.element.offsetHeight ?? 0];
    return Math.max(1, Math.floor(Math.min(height, innerHeight) / (of || 1)) - 1);
  }

  /** Make a row further down or up the active one; at the ends it stays. Tell whether it is another one. */
  step(by: number): boolean {
    const next = Math.min(Math.max(this.active + by, -1), this.rows.length - 1);
    const isOther = next !== this.active;
    this.move(next);
    return isOther;
  }

  /** Make a row the active one; there may be none at that place. */
  stepTo(place: number): void {
    this.step(place - this.active);
  }

  /** Whether a row was chosen by arrows. */
  get hasActive(): boolean {
    return this.active >= 0;
  }

  /** Return the active row's contact; before any arrow the first one's. */
  current(): Hit | undefined {
    return this.rows[Math.max(this.active, 0)]?.hit;
  }

  /** Mark the row whose card is open. */
  mark(id: string): void {
    for (const { element, hit } of this.rows) element.classList.toggle("opened", hit.id === id);
  }

  /** Mark the row whose card is being opened; arrows that were used go on from it. */
  opening(id: string): void {
    const place = this.rows.findIndex(({ hit }) => hit.id === id);
    if (place >= 0 && this.active >= 0 && place !== this.active) this.move(place);
    this.mark(id);
  }

  private addWithFolded(hit: Hit, sources: Source[]): HTMLElement[] {
    const folded = hit.folded ?? [];
    const shown = [hit, ...folded.slice(0, UNFOLDED)].map((each) => this.make(each, sources));
    this.rows.push(...shown);
    const rest = folded.slice(UNFOLDED);
    this.folded += rest.length;
    const elements = shown.map((each) => each.element);
    return rest.length ? [...elements, this.fold(hit, rest, sources)] : elements;
  }

  /** Return the row that stands for folded people until it is pressed. */
  private fold(head: Hit, rest: Hit[], sources: Source[]): HTMLElement {
    const unfold = () => {
      const made = rest.map((each) => this.make(each, sources));
      const place = this.rows.findIndex((each) => each.element === fold.previousElementSibling) + 1;
      this.rows[this.active]?.element.setAttribute("aria-selected", "false");
      this.rows.splice(place, 0, ...made);
      this.folded -= rest.length;
      fold.replaceWith(...made.map((each) => each.element));
      this.move(place);
      this.unfolded();
    };
    const values = { count: rest.length, company: head.company || head.name };
    const more = button(t("hits.folded", values), unfold);
    const fold = h("div", { role: "row", class: "fold" }, h("span", { role: "gridcell", "aria-colspan": 2 }, more));
    return fold;
  }

  private make(hit: Hit, sources: Source[]): { element: HTMLElement; hit: Hit } {
    return { element: row(hit, sources, `row-${this.made++}`, this.acts), hit };
  }

  private move(to: number): void {
    this.rows[this.active]?.element.setAttribute("aria-selected", "false");
    this.active = to;
    const active = this.rows[to]?.element;
    active?.setAttribute("aria-selected", "true");
    active?.scrollIntoView({ block: "nearest" });
    this.moved(active?.id ?? "");
  }
}
