/* What the page says, in the language of its user: German or English. */

import de from "./texts/de.json";
import en from "./texts/en.json";

export type Key = keyof typeof en;

const CATALOGUES: Record<string, Record<Key, string>> = { de, en };

let language = "en";
let plural = new Intl.PluralRules(language);

/** Speak the language of a locale such as "de-at" or "de_AT", or the browser's where a host names none;
    English where there is no catalogue. */
export function speak(locale: string | undefined | null): void {
  const wanted = (locale || navigator.language || "en").toLowerCase().split(/[-_]/)[0] ?? "";
  language = wanted in CATALOGUES ? wanted : "en";
  plural = new Intl.PluralRules(language);
  document.documentElement.lang = language;
  document.title = `Rufname – ${t("app")}`;
}

/** Return a text with its values put in. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const text = CATALOGUES[language]?.[key] ?? en[key];
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** Return how many hits there are, in words. */
export function hitsText(count: number, exact: boolean): string {
  if (!exact) return t("hits.many", { count });
  return t(plural.select(count) === "one" ? "hits.one" : "hits.other", { count });
}

/** Return how long something takes yet: "in 1 second". */
export function waitText(seconds: number): string {
  return new Intl.RelativeTimeFormat(language).format(seconds, "second");
}

let customNames: Record<string, string> = {};

/** Call custom fields what the directory calls them: "custom.1" → "Customer number". */
export function nameCustomFields(names: Record<string, string>): void {
  customNames = names;
}

/** Return what a field of a contact is called; `phones.work` and `custom.3` are families. */
export function fieldName(field: string): string {
  const [family, member] = field.split(".");
  if (family === "custom") return customNames[field] ?? t("field.custom", { number: member ?? "" }).trim();
  const key = `field.${family}`;
  return key in en ? t(key as Key) : field;
}

/** Return what a kind of number is called; one that only a newer directory knows is another one. */
export function kindName(kind: string): string {
  const key = `kind.${kind}`;
  return t(key in en ? (key as Key) : "kind.other");
}

/** Return a date for people; what is no date stays as it is. */
export function dateText(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(date);
}
