/* Reaching somebody: call, chat, mail, copy; the choice where there are several numbers. */

import type { PhoneNumber } from "./api";
import { button, h } from "./dom";
import type { Host } from "./host";
import { kindName, t } from "./texts";

/** Somebody who can be reached. */
export interface Target {
  id: string;
  name: string;
  company?: string;
  numbers?: PhoneNumber[];
  emails?: { address: string; chat?: boolean }[];
}

/** So many letters of what was copied are said. */
const MAX_SAID = 80;

export class Reach {
  constructor(
    private readonly host: Host,
    private readonly say: (text: string) => void,
    private readonly used: (target: Target) => void,
  ) {}

  /** Call somebody: at once where there is one number, else after a choice. Faxes are no choice. */
  call(target: Target): void {
    const numbers = callable(target);
    if (numbers.length === 1) this.dial(target, numbers[0]!);
    else if (numbers.length > 1) this.choose(target, numbers);
  }

  /** Call the number that comes first, without a choice. */
  callFirst(target: Target): void {
    const number = callable(target)[0];
    if (number) this.dial(target, number);
  }

  dial(target: Target, number: PhoneNumber): void {
    this.used(target);
    void this.host.call(number.call).catch(() => this.say(t("error.fault")));
  }

  chat(target: Target, address: string): void {
    this.used(target);
    void this.host.chat(address).catch(() => this.say(t("error.fault")));
  }

  mail(target: Target, address: string): void {
    this.used(target);
    void this.host.mail(address).catch(() => this.say(t("error.fault")));
  }

  async copy(text: string): Promise<void> {
    const said = text.length > MAX_SAID ? `${[...text].slice(0, MAX_SAID).join("")}…` : text;
    this.say((await copied(text)) ? t("copied", { text: said }) : t("copy.failed"));
  }

  private choose(target: Target, numbers: PhoneNumber[]): void {
    const before = document.activeElement;
    const close = () => dialog.close();
    const dialog: HTMLDialogElement = h<HTMLDialogElement>(
      "dialog",
      { class: "choice", "aria-labelledby": "choice-title", on: { click: closeOutside } },
      h("h2", { id: "choice-title" }, t("call.choose", { name: nameOf(target) })),
      ...numbers.map((number) =>
        h(
          "fluent-button",
          {
            class: "number",
            role: "button",
            appearance: "subtle",
            on: {
              click: () => {
                close();
                this.dial(target, number);
              },
            },
          },
          h("span", { class: "kind" }, kindName(number.kind)),
          h("span", { class: "display" }, number.display),
        ),
      ),
      button(t("call.cancel"), close, { class: "cancel" }),
    );
    function closeOutside(event: MouseEvent): void {
      if (event.target === dialog) close();
    }
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (before instanceof HTMLElement) before.focus();
    });
    document.body.append(dialog);
    dialog.showModal();
  }
}

/** Return what somebody is called: a record may have a number, or an address, and no name. */
export function nameOf(of: Omit<Target, "id">): string {
  return of.name || of.company || of.numbers?.[0]?.display || of.emails?.[0]?.address || "…";
}

/** Return the numbers that a person may be called at. */
export function callable(target: Target): PhoneNumber[] {
  return (target.numbers ?? []).filter((number) => number.kind !== "fax");
}

async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // within Teams a frame may not use the clipboard: the older way still works there
    const field = h<HTMLTextAreaElement>("textarea", { class: "unseen", readonly: true });
    field.value = text;
    const before = document.activeElement;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    if (before instanceof HTMLElement) before.focus();
    return done;
  }
}
