/* The token that questions carry: of Teams, or a session of the directory in a browser. */

import type { Host } from "./host";

const KEY = "rufname:session";

export class Session {
  private kept = "";

  constructor(private readonly host: Host) {
    if (!host.embedded) kept((storage) => (this.kept = storage.getItem(KEY) ?? ""));
  }

  /** Return the token for a question, or another one than was refused; "" without one. A refusal that comes
      late, when another token is already kept, ends nothing. */
  async token(refused?: string): Promise<string> {
    if (this.host.embedded) {
      if (!this.kept || this.kept === refused) this.kept = await this.host.token();
      return this.kept;
    }
    if (refused === undefined) return this.kept;
    if (refused === this.kept) this.end();
    return "";
  }

  /** Whether there is a session to sign out of. */
  get has(): boolean {
    return this.kept !== "";
  }

  begin(session: string): void {
    this.kept = session;
    kept((storage) => storage.setItem(KEY, session));
  }

  end(): void {
    this.kept = "";
    kept((storage) => storage.removeItem(KEY));
  }
}

/** Do something with what outlives a reload; a browser that keeps nothing signs in once a page. */
function kept(act: (storage: Storage) => void): void {
  try {
    act(sessionStorage);
  } catch {
    // it is blocked, or full
  }
}
