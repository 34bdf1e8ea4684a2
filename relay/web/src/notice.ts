/* What went wrong, or is empty, in words that help. */

import type { Failure } from "./failure";
import { button, h, icon, type IconName } from "./dom";
import { type Key, t, waitText } from "./texts";

const AWAY_S = 5;

/** Return a quiet text for an empty place. */
export function hint(title: Key, more: Key, name: IconName): HTMLElement {
  return h("div", { class: "hint" }, icon(name), h("p", { class: "title" }, t(title)), h("p", {}, t(more)));
}

/** Return what stands for a failure, with a way to try again; what may pass is tried again by itself.
 *
 * `retry` is told whether nobody pressed the button. `before`: where the failure of the last attempt may
 * stand; the same one stays as it is, else it would be read aloud every few seconds, and no key press
 * would meet its button. */
export function trouble(failure: Failure, retry: (byItself: boolean) => void, before?: Element): HTMLElement {
  const stands = before?.querySelector<HTMLElement>(`.trouble[data-trouble="${failure.trouble}"]`);
  const element = stands ?? drawn(failure, () => retry(false));
  waiting.get(element)?.abort(); // the button was faster
  const wait = new AbortController();
  waiting.set(element, wait);
  const again = () => {
    if (element.isConnected && !wait.signal.aborted) retry(true);
  };
  if (failure.trouble === "offline") addEventListener("online", again, { once: true, signal: wait.signal });
  else if (failure.trouble === "busy") window.setTimeout(again, failure.waitS * 1000);
  else if (failure.trouble === "away") window.setTimeout(again, Math.max(failure.waitS, AWAY_S) * 1000);
  return element;
}

/** What each shown failure waits for. */
const waiting = new WeakMap<HTMLElement, AbortController>();

function drawn(failure: Failure, retry: () => void): HTMLElement {
  const [title, more] = words(failure);
  return h(
    "div",
    { class: "trouble", role: "alert", "data-trouble": failure.trouble },
    h("p", { class: "title" }, title),
    h("p", {}, more),
    failure.trouble === "rights" ? null : button(t("retry"), retry),
  );
}

/** Return what a failure is, and what helps. */
export function words({ trouble, waitS }: Failure): [string, string] {
  switch (trouble) {
    case "offline":
      return [t("error.offline"), t("error.offline.hint")];
    case "away":
      return [t("error.away"), t("error.away.hint")];
    case "busy":
      return [t("error.busy"), t("error.busy.hint", { when: waitText(waitS) })];
    case "rights":
      return [t("error.rights"), t("error.rights.hint")];
    case "unregistered":
      return [t("error.unregistered"), t("error.unregistered.hint")];
    case "untrusted":
      return [t("error.untrusted"), t("error.untrusted.hint")];
    case "clock":
      return [t("error.clock"), t("error.clock.hint")];
    case "gone":
      return [t("card.gone"), ""];
    default:
      return [t("error.fault"), t("error.fault.hint")];
  }
}
