/* The token that questions carry: of Teams, or a session of the directory in a browser. */

import type { Host } from "./host";

const KEY = "rufname:session";

export class Session {
  private kept = "";

  constructor(private readonly host: Host) {
    if (!host.embedded) this.kept = sessionStorage.getItem(KEY) ?? "";
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
    sessionStorage.setItem(KEY, session);
  }

  end(): void {
    this.kept = "";
    sessionStorage.removeItem(KEY);
  }
}
