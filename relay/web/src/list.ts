/* The list below the search box: hits, or favourites and recent contacts; moved in by arrows. */

import type { Hit, Source } from "./api";
import { h } from "./dom";
import { row, type RowActs } from "./rows";

export interface Group {
  title: string;
  hits: Hit[];
  sources: Source[];
}

export class List {
  readonly element: HTMLElement;
  private rows: { element: HTMLElement; hit: Hit }[] = [];
  private active = -1;

  constructor(
    label: string,
    private readonly acts: RowActs,
    private readonly moved: (id: string) => void,
  ) {
    this.element = h("div", { id: "results", role: "grid", "aria-label": label, class: "list" });
  }

  /** Show groups of rows in place of what was shown. */
  show(groups: Group[]): void {
    this.rows = [];
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
          ...group.hits.map((hit) => this.add(hit, group.sources)),
        );
      });
    this.element.replaceChildren(...made);
    this.element.hidden = !made.length;
    this.move(-1);
  }

  /** Show more rows below the last ones. */
  append(hits: Hit[], sources: Source[]): void {
    const group = this.element.lastElementChild;
    const known = new Set(this.rows.map((each) => each.hit.id));
    for (const hit of hits) if (!known.has(hit.id)) group?.append(this.add(hit, sources));
  }

  /** Put what is now known of a contact into its row. */
  refresh(hit: Hit, sources: Source[]): void {
    for (const [place, each] of this.rows.entries()) {
      if (each.hit.id !== hit.id) continue;
      const focused = each.element.contains(document.activeElement);
      const element = row(hit, sources, `row-${place}`, this.acts);
      element.setAttribute("aria-selected", each.element.getAttribute("aria-selected") ?? "false");
      if (focused) return; // whoever stands on it would lose the place
      each.element.replaceWith(element);
      this.rows[place] = { element, hit };
    }
  }

  /** Make the next or previous row the active one; at the ends it stays. */
  step(by: number): void {
    const next = Math.min(Math.max(this.active + by, -1), this.rows.length - 1);
    this.move(next);
  }

  /** Return the active row's contact; before any arrow the first one's. */
  current(): Hit | undefined {
    return this.rows[Math.max(this.active, 0)]?.hit;
  }

  /** Mark the row whose card is open. */
  mark(id: string): void {
    for (const { element, hit } of this.rows) element.classList.toggle("opened", hit.id === id);
  }

  private add(hit: Hit, sources: Source[]): HTMLElement {
    const element = row(hit, sources, `row-${this.rows.length}`, this.acts);
    this.rows.push({ element, hit });
    return element;
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
