/* Signing in with name and password, in a browser. */

import type { Api, Ways } from "./api";
import { h } from "./dom";
import { Failure } from "./failure";
import { hint } from "./notice";
import { t } from "./texts";

/** Return the page of somebody who is not signed in. */
export function signInPage(
  api: Api,
  ways: Ways,
  ended: boolean,
  done: (session: string) => void,
): HTMLElement {
  if (!ways.password) {
    return ways.tenant || ways.tunnel
      ? h("main", { class: "gate" }, h("h1", {}, t("signin.title")), h("p", {}, t("signin.teams")))
      : h("main", { class: "gate" }, h("h1", { class: "unseen" }, t("app")), hint("signin.none", "signin.none.hint", "out"));
  }
  const name = field("name", t("signin.name"), "text", "username");
  const password = field("password", t("signin.password"), "password", "current-password");
  const wrong = h("p", { class: "wrong", role: "alert" }, ended ? t("signin.ended") : "");
  const go = h("fluent-button", { role: "button", appearance: "primary", type: "submit", class: "go" }, t("signin.go"));
  const send = async () => {
    const [user, secret] = [valueOf(name), valueOf(password)];
    if (!user || !secret) return;
    go.toggleAttribute("disabled", true);
    try {
      done(await api.signIn(user, secret));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      wrong.textContent = words(error);
    } finally {
      go.toggleAttribute("disabled", false);
    }
  };
  return h(
    "main",
    { class: "gate" },
    h("h1", {}, t("app")),
    h(
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
    ),
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

function words(failure: Failure): string {
  if (failure.trouble === "signed-out") return t("signin.wrong");
  if (failure.trouble === "busy") return t("signin.often", { seconds: failure.waitS });
  return t(failure.trouble === "offline" ? "error.offline" : "error.away");
}
