/* The customer page in a card: a frame that is told whose card it is.
 *
 * Law: messages go to the origin of the configured page only, and only messages of that very frame
 * from that very origin are taken; what they may ask is a closed list.
 */

import type { Me, Person } from "./api";
import { h } from "./dom";
import { t } from "./texts";

export interface CustomerActs {
  refresh(): void;
  sendEmail(address: string): void;
  callPhoneNumber(number: string): void;
  copyText(text: string): void;
}

const MAX_CHARS = 2000;
/** So long what was asked is not asked again: a page that goes wrong places no hundred calls. */
const PAUSE_MS = 1000;

export class CustomerPage {
  readonly element: HTMLElement;
  private readonly frame: HTMLIFrameElement;
  private readonly origin: string;
  private readonly asked = new Map<string, number>();
  private readonly listen = (event: MessageEvent<unknown>) => this.take(event);

  constructor(
    private person: Person,
    private readonly me: Me,
    private readonly acts: CustomerActs,
  ) {
    this.origin = new URL(me.customer_page).origin;
    this.frame = h<HTMLIFrameElement>("iframe", {
      class: "customer",
      title: t("card.customer"),
      sandbox: "allow-scripts allow-same-origin allow-forms allow-popups",
      referrerpolicy: "no-referrer",
      loading: "lazy",
      src: me.customer_page,
      on: { load: () => this.tell() },
    });
    this.element = h("section", {}, h("h3", {}, t("card.customer")), this.frame);
    addEventListener("message", this.listen);
  }

  /** Tell the page what is now known. */
  update(person: Person): void {
    this.person = person;
    this.tell();
  }

  /** Stop listening; the frame is gone with its card. */
  close(): void {
    removeEventListener("message", this.listen);
  }

  private tell(): void {
    this.frame.contentWindow?.postMessage(customerMessage(this.person, this.me), this.origin);
  }

  private take(event: MessageEvent<unknown>): void {
    if (event.origin !== this.origin || event.source !== this.frame.contentWindow) return;
    const message = event.data as { type?: unknown; value?: unknown } | null;
    if (typeof message !== "object" || message === null) return;
    const value = typeof message.value === "string" ? message.value.slice(0, MAX_CHARS) : "";
    switch (message.type) {
      case "refresh":
        this.acts.refresh();
        break;
      case "sendEmail":
        if (/^[^\s@<>,;:]+@[^\s@<>,;:]+$/.test(value)) this.once("sendEmail", () => this.acts.sendEmail(value));
        break;
      case "callPhoneNumber":
        if (dialled(value)) this.once("callPhoneNumber", () => this.acts.callPhoneNumber(dialled(value)));
        break;
      case "copyText":
        if (value) this.once("copyText", () => this.acts.copyText(value));
        break;
    }
  }

  private once(type: string, act: () => void): void {
    const now = performance.now();
    if (now - (this.asked.get(type) ?? -PAUSE_MS) < PAUSE_MS) return;
    this.asked.set(type, now);
    act();
  }
}

/** Return what is dialled for a number as people write it, "" where it is none: "+49 (0)89 12–0" → "+4989120". */
export function dialled(number: string): string {
  if (!/^\+?[\d\s()/.\u2010-\u2015-]{3,40}$/.test(number)) return "";
  const isWhole = /^\s*(\+|00)/.test(number); // then the 0 in brackets is for those who dial from within
  const digits = (isWhole ? number.replace(/\(\s*0\s*\)/, "") : number).replace(/[^\d+]/g, "");
  return digits.length > 1 ? digits : "";
}

/** Return what the page is told: who asks, and the contact by kind of field. */
export function customerMessage(person: Person, me: Me): object {
  const text = (name: string) => person.fields.find((field) => field.name === name)?.text ?? "";
  const custom = person.fields.filter((field) => field.name.startsWith("custom."));
  return {
    user: { tenantId: me.tenant, id: me.user, name: me.name },
    contact: {
      id: person.id,
      personal: {
        displayName: person.name,
        firstName: text("given_name"),
        lastName: text("surname"),
        title: text("title"),
        birthday: text("birthday"),
        notes: text("notes"),
      },
      phoneNumbers: person.numbers.map((number) => ({
        type: number.kind,
        number: number.e164,
        displayNumber: number.display,
      })),
      emails: person.emails.map((email) => ({ address: email.address })),
      company: {
        name: text("company"),
        department: text("department"),
        position: text("job"),
        street: text("street"),
        zipCode: text("postcode"),
        city: text("city"),
        country: text("country"),
        url: person.link ?? "",
      },
      customFields: Object.fromEntries(custom.map(({ name, text }) => [name.slice(7), text])),
      dbFields: Object.fromEntries(person.fields.map(({ name, text }) => [name, text])),
    },
  };
}
