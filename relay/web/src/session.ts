/* The token that questions carry: of Teams, or a session of the directory in a browser. */

import type { Host } from "./host";

const KEY = "rufname:session";

export class Session {
  private kept = "";

  constructor(private readonly host: Host) {
    if (!host.embedded) kept((storage) => (this.kept = storage.getItem(KEY) ?? ""));
  }

  /** Return the token for a question, "" without one; `fresh`: the last one was refused. */
  async token(fresh: boolean): Promise<string> {
    if (!this.host.embedded) {
      if (fresh) this.end();
      return this.kept;
    }
    if (fresh || !this.kept) this.kept = await this.host.token();
    return this.kept;
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
