/* Which directory is the right one? One that the app package names, else the one seen first.
 *
 * A package names two while the directory changes its identity: the present one and the next.
 */

import { KeyChanged } from "./failure";

export class Pin {
  private readonly named: string[];
  private readonly seen = new Map<string, string>();

  /** `fragment`: of the page's address; it never reaches a server. */
  constructor(fragment: string) {
    const text = new URLSearchParams(fragment.replace(/^#/, "")).get("fp") ?? "";
    this.named = text
      .split(",")
      .map((each) => each.toLowerCase().replace(/[^0-9a-f]/g, ""))
      .filter(Boolean);
  }

  /** Take the fingerprint of a tenant's directory, or throw `KeyChanged`. */
  check(tid: string, found: string): void {
    const isNamed = this.named.length > 0;
    const expected = isNamed ? this.named : [this.known(tid)].filter(Boolean);
    if (expected.length && !expected.includes(found)) throw new KeyChanged(tid, expected, found, isNamed);
    this.accept(tid, found);
  }

  /** Take this one from now on. */
  accept(tid: string, fingerprint: string): void {
    this.seen.set(tid, fingerprint);
    try {
      localStorage.setItem(keyOf(tid), fingerprint);
    } catch {
      // a browser that keeps nothing for frames: it is remembered while the page is open
    }
  }

  private known(tid: string): string {
    try {
      return localStorage.getItem(keyOf(tid)) ?? this.seen.get(tid) ?? "";
    } catch {
      return this.seen.get(tid) ?? "";
    }
  }
}

function keyOf(tid: string): string {
  return `rufname:${tid}:directory`;
}
