/* Whose directory it is, as the user sees it: the digits to compare, and the warning on a change. */

import { button, h } from "./dom";
import type { KeyChanged } from "./failure";
import { grouped } from "./octets";
import { t } from "./texts";

/** Return the page that stops everything because the directory is another one than before. */
export function changedPage(change: KeyChanged, accept: () => void, retry: () => void): HTMLElement {
  const digits = (fingerprint: string) => h("code", { class: "digits" }, grouped(fingerprint));
  return h(
    "main",
    { class: "gate" },
    h("h1", { class: "unseen" }, t("app")),
    h(
      "div",
      { class: "trouble changed", role: "alert" },
      h("p", { class: "title" }, t("changed.title")),
      h("p", {}, t(change.final ? "changed.package" : "changed.seen")),
      h("dl", {}, h("dt", {}, t("changed.expected")), ...change.expected.map((each) => h("dd", {}, digits(each)))),
      h("dl", {}, h("dt", {}, t("changed.found")), h("dd", {}, digits(change.found))),
      button(t("retry"), retry, { primary: true }),
      change.final ? null : button(t("changed.accept"), accept),
    ),
  );
}

/** Return the button that tells to whom questions are sealed. */
export function sealButton(fingerprint: string): HTMLElement {
  return button(t("sealed"), () => showSeal(fingerprint), { icon: "lock", only: true, class: "sealed" });
}

function showSeal(fingerprint: string): void {
  const before = document.activeElement;
  const dialog: HTMLDialogElement = h<HTMLDialogElement>(
    "dialog",
    { class: "choice", "aria-labelledby": "sealed-title" },
    h("h2", { id: "sealed-title" }, t("sealed")),
    h("p", {}, t("sealed.hint")),
    h("p", {}, h("code", { class: "digits" }, grouped(fingerprint))),
    button(t("sealed.close"), () => dialog.close(), { class: "cancel" }),
  );
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before instanceof HTMLElement) before.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
}
