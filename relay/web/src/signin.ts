/* Signing in in a browser: with name and password, or with Entra. */

import type { Api, Ways } from "./api";
import { h } from "./dom";
import { NotSignedIn, signInWithEntra } from "./entra";
import { Failure } from "./failure";
import { hint, words as wordsFor } from "./notice";
import { type Key, t, waitText } from "./texts";

/** Return the page of somebody who is not signed in. */
export function signInPage(
  api: Api,
  ways: Ways,
  words: Key | undefined,
  done: (session: string) => void,
): HTMLElement {
  const entra = ways.authority !== "" && ways.tenant !== "";
  if (!ways.password && !entra) {
    return h("main", { class: "gate" }, h("h1", { class: "unseen" }, t("app")), hint("signin.none", "signin.none.hint", "out"));
  }
  const wrong = h("p", { class: "wrong", role: "alert" }, words ? t(words) : "");
  const attempt: Attempt = async (signIn) => {
    wrong.textContent = "";
    try {
      done(await signIn());
    } catch (error) {
      if (error instanceof NotSignedIn) wrong.textContent = t(error.words);
      else if (error instanceof Failure) wrong.textContent = wordsOf(error);
      else throw error;
    }
  };
  const parts = ways.password ? [passwordForm(api, wrong, attempt)] : [wrong];
  if (entra) {
    const appearance = ways.password ? "outline" : "primary";
    // not disabled meanwhile: a window that is closed tells nobody
    const click = () => void attempt(() => signInWithEntra(ways));
    parts.push(h("fluent-button", { role: "button", appearance, class: "go", on: { click } }, t("signin.entra")));
  }
  return h("main", { class: "gate" }, h("h1", {}, t("app")), ...parts);
}

type Attempt = (signIn: () => Promise<string>) => Promise<void>;

function passwordForm(api: Api, wrong: HTMLElement, attempt: Attempt): HTMLElement {
  const name = field("name", t("signin.name"), "text", "username");
  const password = field("password", t("signin.password"), "password", "current-password");
  const go = h("fluent-button", { role: "button", appearance: "primary", type: "submit", class: "go" }, t("signin.go"));
  const send = async () => {
    const [user, secret] = [valueOf(name), valueOf(password)];
    if (!user || !secret || go.hasAttribute("disabled")) return; // Enter pressed twice is one attempt
    go.toggleAttribute("disabled", true);
    await attempt(() => api.signIn(user, secret)).finally(() => go.toggleAttribute("disabled", false));
  };
  return h(
    "form",
    {
      on: {
        submit: (event) => {
          event.preventDefault();
          void send();
        },
        keydown: (event) => {
          if (event.key === "Enter") {
            event.preventDefault();
            void send();
          }
        },
      },
    },
    name,
    password,
    wrong,
    go,
  );
}

/** Return the page of somebody whom the host did not sign in. */
export function refusedPage(retry: () => void): HTMLElement {
  return h(
    "main",
    { class: "gate" },
    h("h1", { class: "unseen" }, t("app")),
    h(
      "div",
      { class: "trouble", role: "alert" },
      h("p", { class: "title" }, t("signin.failed")),
      h("p", {}, t("signin.failed.hint")),
      h("fluent-button", { role: "button", on: { click: retry } }, t("retry")),
    ),
  );
}

function field(name: string, label: string, type: string, autocomplete: string): HTMLElement {
  const id = `signin-${name}`;
  const input = h("input", { id, name, type, autocomplete, required: true, maxlength: 1024, spellcheck: "false" });
  return h("div", { class: "field" }, h("label", { for: id }, label), input);
}

function valueOf(element: HTMLElement): string {
  return element.querySelector("input")?.value ?? "";
}

function wordsOf(failure: Failure): string {
  if (failure.trouble === "signed-out") return t("signin.wrong");
  if (failure.trouble === "busy") return t("signin.often", { when: waitText(failure.waitS) });
  return `${wordsFor(failure)[0]}.`;
}
