/* Where the page is shown: in Teams, Outlook or Microsoft 365, or in a browser of its own.
 *
 * Law: the host's context decides looks and where lists are kept, never who the user is: that the
 * directory says, after it has checked the token.
 */

import type { app } from "@microsoft/teams-js";

import { unreached } from "./failure";

type Library = typeof import("./teams");

export type ThemeName = "light" | "dark" | "contrast";

export interface Host {
  readonly embedded: boolean;
  readonly locale: string;
  readonly theme: ThemeName;
  /** Whether what is kept here goes away when the user signs out of the host. */
  readonly forgets: boolean;
  onTheme(changed: (theme: ThemeName) => void): void;
  /** Return a token for the directory. Rejects where the host gives none. */
  token(): Promise<string>;
  call(number: string): Promise<void>;
  chat(user: string): Promise<void>;
  mail(address: string): Promise<void>;
  open(address: string): Promise<void>;
  /** Let the host's back button ask `handled` first, which tells whether it did something; without it, or
      where it did nothing, the host leaves the page. */
  onBack(handled: () => boolean): void;
  /** Tell the host that the page is there, or that it failed. */
  ready(): void;
}

const START_MS = 6000;

/** A host that gives no token, and does not say so either, must not leave people before a spinner for good;
    whoever is asked for consent has as long. */
const TOKEN_MS = 60_000;

/** Return the host that the page is in. Throws `Failure` where the way to ask it did not arrive. */
export async function findHost(): Promise<Host> {
  const framed = window.parent !== window || "nativeInterface" in window;
  if (!framed) return new Browser();
  const library = await import("./teams").catch(() => {
    throw unreached(); // a browser of one's own needs none of it
  });
  try {
    await within(library.app.initialize(), START_MS);
    library.app.notifyAppLoaded();
    const context = await within(library.app.getContext(), START_MS);
    const forgets = library.webStorage.isSupported()
      ? await library.webStorage.isWebStorageClearedOnUserLogOut().catch(() => false)
      : false;
    return new Teams(library, context, forgets);
  } catch {
    return new Browser();
  }
}

/** Return the address that lets Teams call a number (deep link, "call"). */
export function callLink(number: string): string {
  return `https://teams.microsoft.com/l/call/0/0?users=4:${encodeURIComponent(number)}`;
}

/** Return the address that lets Teams open a chat (deep link, "chat"). */
export function chatLink(user: string): string {
  return `https://teams.microsoft.com/l/chat/0/0?users=${encodeURIComponent(user)}`;
}

class Teams implements Host {
  readonly embedded = true;
  readonly locale: string;
  readonly theme: ThemeName;
  private readonly phone: boolean;

  constructor(
    private readonly library: Library,
    context: app.Context,
    readonly forgets: boolean,
  ) {
    this.locale = context.app.locale;
    this.theme = themeOf(context.app.theme);
    this.phone = ["android", "ios", "ipados"].includes(context.app.host.clientType);
  }

  onTheme(changed: (theme: ThemeName) => void): void {
    this.library.app.registerOnThemeChangeHandler((theme) => changed(themeOf(theme)));
  }

  token(): Promise<string> {
    return within(this.library.authentication.getAuthToken(), TOKEN_MS);
  }

  async call(number: string): Promise<void> {
    if (this.phone) return follow(`tel:${number}`); // links of Teams for numbers fail on some phones
    const { call } = this.library;
    if (call.isSupported()) await call.startCall({ targets: [`4:${number}`] });
    else await this.link(callLink(number));
  }

  async chat(user: string): Promise<void> {
    const { chat } = this.library;
    if (chat.isSupported()) await chat.openChat({ user });
    else await this.link(chatLink(user));
  }

  /** Let the host follow a link of Teams; one that will not, as Outlook may, leaves it to a window. */
  private async link(address: string): Promise<void> {
    await this.library.app.openLink(address).catch(() => window.open(address, "_blank", "noopener"));
  }

  async mail(address: string): Promise<void> {
    const { mail } = this.library;
    if (mail.isSupported()) {
      await mail.composeMail({ type: mail.ComposeMailType.New, toRecipients: [address] });
    } else follow(`mailto:${encodeURIComponent(address)}`);
  }

  async open(address: string): Promise<void> {
    window.open(address, "_blank", "noopener");
  }

  onBack(handled: () => boolean): void {
    const { backStack } = this.library.pages;
    if (backStack.isSupported()) backStack.registerBackButtonHandler(handled);
  }

  ready(): void {
    void this.library.app.notifySuccess();
  }
}

/** A browser of one's own. */
export class Browser implements Host {
  readonly embedded = false;
  readonly locale = navigator.language;
  readonly forgets = true;
  private readonly dark = matchMedia("(prefers-color-scheme: dark)");
  private readonly contrast = matchMedia("(forced-colors: active), (prefers-contrast: more)");

  get theme(): ThemeName {
    return this.contrast.matches ? "contrast" : this.dark.matches ? "dark" : "light";
  }

  onTheme(changed: (theme: ThemeName) => void): void {
    for (const query of [this.dark, this.contrast]) {
      query.addEventListener("change", () => changed(this.theme));
    }
  }

  token(): Promise<string> {
    return Promise.reject(new Error("a browser gives no token"));
  }

  async call(number: string): Promise<void> {
    follow(`tel:${number}`);
  }

  async chat(user: string): Promise<void> {
    window.open(chatLink(user), "_blank", "noopener");
  }

  async mail(address: string): Promise<void> {
    follow(`mailto:${encodeURIComponent(address)}`);
  }

  async open(address: string): Promise<void> {
    window.open(address, "_blank", "noopener");
  }

  onBack(): void {
    // a browser's button is its own
  }

  ready(): void {
    // a browser asks nothing
  }
}

/** Follow an address that another program takes, as a click on a link does. */
function follow(address: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.click();
}

function themeOf(name: string): ThemeName {
  return name === "dark" || name === "contrast" ? name : "light"; // unknown ones are light
}

function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error("late")), ms));
  return Promise.race([promise, late]);
}
