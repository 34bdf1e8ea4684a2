/* The page begins here: host, theme, language, sign-in, then the desk. */

import "@fluentui/web-components/avatar.js";
import "@fluentui/web-components/badge.js";
import "@fluentui/web-components/button.js";
import "@fluentui/web-components/spinner.js";
import "./style.css";

import { Api, Failure, type Me } from "./api";
import { Desk } from "./desk";
import { h } from "./dom";
import { findHost, type Host } from "./host";
import { trouble } from "./notice";
import { Session } from "./session";
import { refusedPage, signInPage } from "./signin";
import { speak } from "./texts";
import { wear } from "./theme";

const SIGNED_OUT = new Failure("signed-out");

class Program {
  private readonly session: Session;
  private readonly api: Api;

  constructor(private readonly host: Host) {
    this.session = new Session(host);
    this.api = new Api((fresh) => this.token(fresh));
  }

  async begin(ended = false): Promise<void> {
    show(h("main", { class: "gate" }, h("fluent-spinner", { "aria-hidden": "true" })));
    try {
      this.work(await this.api.me());
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.trouble === "signed-out") await this.signIn(ended);
      else show(h("main", { class: "gate" }, trouble(error, () => void this.begin())));
    }
    this.host.ready();
  }

  private work(me: Me): void {
    const hasSession = !this.host.embedded && this.session.has;
    const signOut = () => {
      this.session.end();
      void this.begin();
    };
    const desk = new Desk(this.api, this.host, me, hasSession ? signOut : undefined, () => {
      this.session.end();
      void this.begin(true);
    });
    show(desk.element);
    desk.focus();
  }

  private async signIn(ended: boolean): Promise<void> {
    if (this.host.embedded) {
      show(refusedPage(() => void this.begin()));
      return;
    }
    const ways = await this.api.ways();
    const page = signInPage(this.api, ways, ended, (session) => {
      this.session.begin(session);
      void this.begin();
    });
    show(page);
    page.querySelector("input")?.focus();
  }

  private async token(fresh: boolean): Promise<string> {
    try {
      return await this.session.token(fresh);
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
  const host = await findHost();
  speak(host.locale);
  wear(host.theme);
  host.onTheme(wear);
  await new Program(host).begin();
}

void start();
