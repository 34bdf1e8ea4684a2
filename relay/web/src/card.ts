/* Everything about one contact, each field with the source that it comes from. */

import type { Api, Hit, Me, Person } from "./api";
import { CustomerPage } from "./customerpage";
import { button, h, icon } from "./dom";
import { Failure } from "./failure";
import type { Host } from "./host";
import { callable, nameOf, type Reach } from "./reach";
import { joined, portrait, type RowActs, star } from "./rows";
import { dateText, fieldName, kindName, t } from "./texts";

const SHOWN_ABOVE = new Set(["display_name", "photo"]);

export interface CardActs extends RowActs {
  back(): void;
  refresh(): void;
  say(text: string): void;
}

export class Card {
  readonly element: HTMLElement;
  private readonly customer: CustomerPage | undefined;

  constructor(
    public person: Person,
    me: Me,
    private readonly api: Api,
    private readonly host: Host,
    private readonly reach: Reach,
    private readonly acts: CardActs,
  ) {
    if (me.customer_page) {
      this.customer = new CustomerPage(person, me, {
        refresh: () => acts.refresh(),
        sendEmail: (address) => reach.mail(this.person, address),
        callPhoneNumber: (call) =>
          reach.dial(this.person, { kind: "other", e164: call, display: call, call, source: "" }),
        copyText: (text) => void reach.copy(text),
      });
    }
    this.element = h(
      "article",
      { class: "card", "aria-labelledby": "card-name" },
      ...this.parts(),
      this.customer?.element,
    );
  }

  /** Show what is now known. The customer page stays as it stands, with all that was typed there, and is told. */
  update(person: Person): void {
    this.person = person;
    for (const part of [...this.element.children]) if (part !== this.customer?.element) part.remove();
    this.element.prepend(...this.parts().filter((part) => part !== null));
    this.customer?.update(person);
  }

  private parts(): (HTMLElement | null)[] {
    return [this.head(), this.actions(), this.ways(), this.details(), this.records()];
  }

  focus(): void {
    this.element.querySelector<HTMLElement>("#card-name")?.focus();
  }

  close(): void {
    this.customer?.close();
  }

  private head(): HTMLElement {
    const about = ["job", "department", "company"].map((name) => this.text(name));
    return h(
      "header",
      {},
      button(t("card.back"), () => this.acts.back(), { icon: "back", only: true, class: "back" }),
      portrait(this.person, 56),
      h(
        "div",
        { class: "words" },
        h("h2", { id: "card-name", tabindex: "-1" }, nameOf(this.person)),
        h("div", { class: "about" }, ...joined(about.filter((text) => text && text !== this.person.name).map((text) => [text]))),
      ),
      star(this.asHit(), this.acts),
    );
  }

  private actions(): HTMLElement {
    const { person, reach } = this;
    const chat = person.emails.find((email) => email.chat);
    const mail = person.emails[0];
    return h(
      "div",
      { class: "actions" },
      callable(person).length
        ? button(t("call"), () => reach.call(person), { icon: "call", primary: true })
        : null,
      chat ? button(t("chat"), () => reach.chat(person, chat.address), { icon: "chat" }) : null,
      mail ? button(t("mail"), () => reach.mail(person, mail.address), { icon: "mail" }) : null,
      button(t("vcard"), () => void this.save(), { icon: "vcard" }),
      person.link ? this.link(person.link) : null,
    );
  }

  private link(address: string): HTMLElement {
    const source = this.source(this.field("url")?.source ?? person0(this.person));
    return h(
      "a",
      {
        class: "open",
        href: address,
        target: "_blank",
        rel: "noopener noreferrer",
        on: {
          click: (event) => {
            event.preventDefault();
            void this.host.open(address);
          },
        },
      },
      icon("open"),
      t("open", { source }),
    );
  }

  private ways(): HTMLElement | null {
    const { person, reach } = this;
    if (!person.numbers.length && !person.emails.length) return null;
    const numbers = person.numbers.map((number) =>
      h(
        "li",
        {},
        h("span", { class: "label" }, kindName(number.kind)),
        h("span", { class: "value" }, number.display),
        this.origin(number.source),
        h(
          "span",
          { class: "acts" },
          number.kind === "fax"
            ? null
            : button(t("call.number", { number: number.display }), () => reach.dial(person, number), {
                icon: "call",
                only: true,
              }),
          button(t("copy.number", { number: number.display }), () => void reach.copy(number.e164), {
            icon: "copy",
            only: true,
          }),
        ),
      ),
    );
    const emails = person.emails.map((email) =>
      h(
        "li",
        {},
        h("span", { class: "label" }, t("field.emails")),
        h("span", { class: "value" }, email.address),
        this.origin(email.source),
        h(
          "span",
          { class: "acts" },
          email.chat
            ? button(t("chat.with", { name: email.address }), () => reach.chat(person, email.address), {
                icon: "chat",
                only: true,
              })
            : null,
          button(t("mail.to", { address: email.address }), () => reach.mail(person, email.address), {
            icon: "mail",
            only: true,
          }),
          button(t("copy.number", { number: email.address }), () => void reach.copy(email.address), {
            icon: "copy",
            only: true,
          }),
        ),
      ),
    );
    return h(
      "section",
      {},
      h("h3", {}, t("card.reach")),
      h("ul", { class: "ways" }, ...numbers, ...emails),
    );
  }

  private details(): HTMLElement | null {
    const rows = this.person.fields
      .filter(({ name }) => !SHOWN_ABOVE.has(name) && !(name === "url" && this.person.link)) // as a link, else as text
      .map((field) =>
        h(
          "div",
          {},
          h("dt", {}, fieldName(field.name)),
          h("dd", {}, h("span", { class: "value" }, field.text), this.origin(field.source)),
        ),
      );
    if (!rows.length) return null;
    return h("section", {}, h("h3", {}, t("card.details")), h("dl", {}, ...rows));
  }

  private records(): HTMLElement {
    const { person } = this;
    const changed = person.changed ? ` · ${t("card.changed", { date: dateText(person.changed) })}` : "";
    return h(
      "section",
      { class: "records" },
      h("h3", {}, t("card.records")),
      h(
        "ul",
        {},
        ...person.records.map((record, place) => {
          const colon = record.indexOf(":");
          const [source, key] = [record.slice(0, colon), record.slice(colon + 1)].map(decodeURIComponent);
          return h("li", {}, `${this.source(source!)}: ${key}${place ? "" : changed}`);
        }),
      ),
    );
  }

  private origin(source: string): HTMLElement {
    return h("span", { class: "origin" }, t("card.origin", { source: this.source(source) }));
  }

  private source(id: string): string {
    return this.person.sources.find((source) => source.id === id)?.name ?? id;
  }

  private field(name: string): { name: string; text: string; source: string } | undefined {
    return this.person.fields.find((field) => field.name === name);
  }

  private text(name: string): string {
    return this.field(name)?.text ?? "";
  }

  private asHit(): Hit {
    const { id, name, numbers, emails, sources } = this.person;
    return { id, name, numbers, emails, sources: sources.map((each) => each.id), company: this.text("company") };
  }

  private async save(): Promise<void> {
    try {
      const address = URL.createObjectURL(await this.api.vcard(this.person.id));
      h<HTMLAnchorElement>("a", { href: address, download: `${nameOf(this.person)}.vcf` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.acts.say(t("vcard.failed"));
    }
  }
}

function person0(person: Person): string {
  return person.sources[0]?.id ?? "";
}
