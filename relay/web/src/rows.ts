/* One row of the list: somebody who was found, or a favourite or recent contact.
 *
 * The list is a grid (ARIA): rows hold buttons, which a listbox must not.
 */

import type { Hit, Source, Span } from "./api";
import { button, h, icon } from "./dom";
import { callable, nameOf } from "./reach";
import { fieldName, t } from "./texts";

export interface RowActs {
  open(hit: Hit): void;
  call(hit: Hit): void;
  favour(hit: Hit, wanted: boolean): void;
  isFavourite(id: string): boolean;
}

/** Return a row; `id` is the element's. */
export function row(hit: Hit, sources: Source[], id: string, acts: RowActs): HTMLElement {
  const about = [hit.job, hit.department, hit.company === hit.name ? "" : hit.company, hit.city];
  const company = spanned(hit.company ?? "", hit.spans, "company");
  const facts = about.filter(Boolean).map((text) => (text === hit.company ? company : [text!]));
  const number = (hit.numbers ?? [])[matchedNumber(hit)];
  const name = hit.name || !number ? spanned(nameOf(hit), hit.spans, "display_name") : numberWords(number.display, hit);
  const element = h(
    "div",
    { role: "row", id, class: "row", "data-id": hit.id, "aria-selected": "false" },
    h(
      "div",
      { role: "gridcell", class: "person", on: { click: () => acts.open(hit) } },
      portrait(hit),
      h(
        "div",
        { class: "words" },
        h("div", { class: "name" }, ...name),
        facts.length ? h("div", { class: "about" }, ...joined(facts)) : null,
        h(
          "div",
          { class: "found" },
          number && hit.name ? h("span", { class: "number" }, ...numberWords(number.display, hit)) : null,
          ...origins(hit, sources),
          elsewhere(hit),
        ),
      ),
    ),
    h(
      "div",
      { role: "gridcell", class: "acts" },
      callable(hit).length
        ? button(t("call.name", { name: nameOf(hit) }), () => acts.call(hit), { icon: "call", only: true })
        : null,
      star(hit, acts),
    ),
  );
  return element;
}

/** Return a picture of somebody: initials, or a house for a company. */
export function portrait(of: { name: string; company_record?: boolean }, size = 36): HTMLElement {
  const options = { size, color: "colorful", "aria-hidden": "true", class: "portrait" };
  if (of.company_record) {
    return h("fluent-avatar", { ...options, shape: "square" }, icon("company"));
  }
  const letters = initials(of.name); // none: a number, or signs alone; then the avatar draws somebody
  return h("fluent-avatar", { ...options, name: letters && of.name, initials: letters });
}

/** Return the button that makes somebody a favourite. */
export function star(of: Hit, acts: RowActs): HTMLElement {
  const on = acts.isFavourite(of.id);
  const label = t(on ? "favourite.remove" : "favourite.add", { name: nameOf(of) });
  const made = button(label, () => {
    acts.favour(of, !on);
    const next = star(of, acts);
    made.replaceWith(next);
    next.focus();
    for (const other of document.querySelectorAll(`[data-star="${CSS.escape(of.id)}"]`)) {
      if (other !== next) other.replaceWith(star(of, acts)); // the same person's, in a row or on the card
    }
  }, { icon: "star", filled: on, only: true, pressed: on });
  made.dataset.star = of.id;
  return made;
}

function origins(hit: Hit, sources: Source[]): HTMLElement[] {
  const names = new Map(sources.map((source) => [source.id, source.name]));
  return hit.sources.map((id) =>
    h("fluent-badge", { appearance: "tint", size: "small", class: "source" }, h("span", {}, names.get(id) ?? id)),
  );
}

/** Say where the words stand, if not in what the row shows. */
function elsewhere(hit: Hit): HTMLElement | null {
  const shown = ["display_name", "given_name", "surname", "company", "department", "job", "city"];
  const hidden = (hit.matched ?? []).filter(
    (field) => !shown.includes(field) && !field.startsWith("phones."),
  );
  const fields = [...new Set(hidden.map(fieldName))].join(", ");
  return fields ? h("span", { class: "elsewhere" }, t("found.in", { fields })) : null;
}

/** Return text with its matched parts marked. Spans count code points, not UTF-16 units. */
function spanned(text: string, spans: Span[] | undefined, field: string): (Node | string)[] {
  const letters = [...text];
  const parts: (Node | string)[] = [];
  let at = 0;
  const own = (spans ?? []).filter((span) => span.field === field && !span.at);
  for (const { start, end } of own.sort((a, b) => a.start - b.start)) {
    if (start < at || end > letters.length) continue;
    parts.push(letters.slice(at, start).join(""), h("mark", {}, letters.slice(start, end).join("")));
    at = end;
  }
  parts.push(letters.slice(at).join(""));
  return parts.filter((part) => part !== "");
}

function matchedNumber(hit: Hit): number {
  return (hit.spans ?? []).find((span) => span.field.startsWith("phones"))?.at ?? 0;
}

/** Return a readable number with the digits marked that were asked for. */
function numberWords(display: string, hit: Hit): (Node | string)[] {
  const span = (hit.spans ?? []).find((each) => each.field.startsWith("phones"));
  if (!span) return [display];
  let digit = 0;
  let [start, end] = [-1, -1];
  [...display].forEach((letter, place) => {
    if (!/\d/.test(letter)) return;
    if (digit === span.start) start = place;
    digit += 1;
    if (digit === span.end) end = place + 1;
  });
  if (start < 0 || end < 0) return [display];
  return [display.slice(0, start), h("mark", {}, display.slice(start, end)), display.slice(end)];
}

/** Return facts in a row, each for itself: those that are written from the right must not run into one. */
export function joined(facts: (Node | string)[][]): (Node | string)[] {
  return facts.flatMap((fact, place) => [place ? " · " : "", h("bdi", {}, ...fact)]);
}

function initials(name: string): string {
  const words = name.replace(/\(.*?\)|,.*/g, "").split(/\s+/).filter((word) => /^\p{L}/u.test(word));
  const [first = ""] = words[0] ?? "";
  const [last = ""] = words.length > 1 ? (words.at(-1) ?? "") : "";
  return (first + last).toLocaleUpperCase();
}
