/* The page begins here: host, theme, language, sign-in, then the desk. */

import "./elements";
import "./style.css";

import { Api, type Me, type Ways } from "./api";
import { Desk } from "./desk";
import { h } from "./dom";
import { handBack } from "./entra";
import { Failure, KeyChanged } from "./failure";
import { Browser, findHost, type Host } from "./host";
import { trouble } from "./notice";
import { Pin } from "./pin";
import { Session } from "./session";
import { refusedPage, signInPage } from "./signin";
import { type Key, nameCustomFields, speak } from "./texts";
import { wear } from "./theme";
import { changedPage } from "./trust";

const SIGNED_OUT = new Failure("signed-out");

class Program {
  private readonly session: Session;
  private readonly api: Api;
  private readonly pin = new Pin(location.hash);
  private ways: Ways | undefined;
  private lacksRoad = false;
  private desk: Desk | undefined;
  /** What somebody had typed whose session ended. */
  private interrupted: { tenant: string; user: string; text: string } | undefined;

  constructor(private readonly host: Host) {
    this.session = new Session(host);
    this.api = new Api((refused) => this.token(refused));
    this.api.onKeyChange = (change) => this.warn(change);
  }

  /** `quietly`: nobody asked for it, so that what is shown stays until there is something else. */
  async begin(words?: Key, quietly = false): Promise<void> {
    if (!quietly) show(h("main", { class: "gate" }, h("fluent-spinner", { "aria-hidden": "true" })));
    try {
      this.ways ??= await this.findRoad();
      this.work(await this.api.me());
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.trouble === "signed-out") this.signIn(words);
      else if (!(error instanceof KeyChanged)) {
        const before = document.querySelector(".gate") ?? undefined;
        const element = trouble(error, (byItself) => void this.begin(undefined, byItself), before);
        if (!element.isConnected) show(h("main", { class: "gate" }, element));
      }
    }
    this.host.ready();
  }

  /** Ask whether the page came from the directory or from a relay, and take the road from there. */
  private async findRoad(): Promise<Ways> {
    const ways = await this.api.ways();
    if (ways.tunnel) {
      try {
        const { Tunnel } = await import("./tunnel"); // the directory's own page needs none of it
        this.api.road = new Tunnel(this.pin);
      } catch {
        // the server has just answered: after an upgrade the missing file has another name
        if (this.lacksRoad) location.reload();
        this.lacksRoad = true;
        throw new Failure("away");
      }
    }
    return ways;
  }

  private warn(change: KeyChanged): void {
    const accept = () => {
      this.pin.accept(change.tid, change.found);
      void this.begin();
    };
    show(changedPage(change, accept, () => void this.begin()));
  }

  private work(me: Me): void {
    nameCustomFields(me.custom_names ?? {});
    const hasSession = !this.host.embedded && this.session.has;
    const signOut = () => {
      this.session.end();
      void this.begin();
    };
    const { tenant, user } = me;
    const desk = new Desk(this.api, this.host, me, hasSession ? signOut : undefined, () => {
      if (!desk.element.isConnected) return; // a late answer: somebody else may be signed in by now
      this.interrupted = { tenant, user, text: desk.text };
      this.session.end();
      void this.begin("signin.ended");
    });
    this.desk?.end();
    this.desk = desk;
    show(desk.element);
    desk.focus();
    const before = this.interrupted;
    this.interrupted = undefined;
    if (before?.text && before.tenant === tenant && before.user === user) desk.goOn(before.text);
  }

  private signIn(words: Key | undefined): void {
    if (this.host.embedded || !this.ways) {
      show(refusedPage(() => void this.begin()));
      return;
    }
    const page = signInPage(this.api, this.ways, words, (session) => {
      this.session.begin(session);
      void this.begin("signin.refused");
    });
    show(page);
    page.querySelector("input")?.focus();
  }

  private async token(refused?: string): Promise<string> {
    try {
      return await this.session.token(refused);
    } catch {
      throw SIGNED_OUT; // the host gave no token
    }
  }
}

function show(page: HTMLElement): void {
  document.body.replaceChildren(page);
}

async function start(): Promise<void> {
  speak(navigator.language);
  if (handBack()) return;
  const host = await findHost().catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error;
    wear(new Browser().theme);
    // another load, not another try: after an upgrade the missing file has another name
    show(h("main", { class: "gate" }, trouble(error, () => location.reload())));
  });
  if (!host) return;
  speak(host.locale);
  wear(host.theme);
  host.onTheme(wear);
  await new Program(host).begin();
}

void start();
