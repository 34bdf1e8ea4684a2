/* Sealed questions over a relay that cannot read them.
 *
 * Law: nothing of the relay's is believed but what the directory signed or sealed. What the relay says
 * in clear only decides which trouble is shown.
 */

import { bestSuite, EnvelopeRefused, sealQuestion } from "./envelope";
import { Failure, failureOf, unreached } from "./failure";
import { type Bundle, BundleRefused, type ExchangeKey, newest, readBundle } from "./keys";
import { decodeOctets, textOf } from "./octets";
import type { Pin } from "./pin";
import { type Asked, fields, type Road, send } from "./roads";

const OCTETS = "application/octet-stream";
const TOO_EARLY = 425;
const FRESH_FOR_S = 6 * 3600;
const URN = "urn:rufname:problem:";

/** How far a clock may be off before a page is told so; keys overlap for a day. */
const WRONG_CLOCK_S = 12 * 3600;

interface Fetched {
  bundle: Bundle;
  at: number;
  relayTime: number;
}

export class Tunnel implements Road {
  readonly debounceMs = 150;
  fingerprint = "";
  private fetched: Promise<Fetched> | undefined;
  /** What has to be added to this device's clock to get the directory's. */
  private offsetS = 0;

  constructor(private readonly pin: Pin) {}

  async ask(asked: Asked): Promise<Response> {
    const tid = tenantOf(asked.token);
    if (!tid) return new Response(null, { status: 401 });
    try {
      for (let tries = 0; tries < 2; tries++) {
        const answer = await this.once(tid, asked);
        if (answer) return answer;
      }
    } catch (error) {
      const untrusted = error instanceof BundleRefused || error instanceof EnvelopeRefused;
      throw untrusted ? new Failure("untrusted") : error;
    }
    throw new Failure("fault");
  }

  /** Ask; undefined: something was learned with which it has to be asked once more. */
  private async once(tid: string, asked: Asked): Promise<Response | undefined> {
    const { op, args, token, signal } = asked;
    const sealed = await sealQuestion({ op, args, token }, tid, await this.key(tid), this.nowS());
    const headers = fields(token, OCTETS);
    const answer = await send("/v1/rpc", { method: "POST", body: sealed.octets, headers }, signal);
    if (!answer.ok) return this.refused(answer);
    const opened = await sealed.open(await octetsOf(answer, signal));
    if (opened.status === TOO_EARLY) {
      this.offsetS = opened.now - Date.now() / 1000;
      return undefined;
    }
    const told = new Headers({ "Content-Type": opened.type });
    if (opened.waitS) told.set("Retry-After", String(opened.waitS));
    return new Response(opened.body, { status: opened.status, headers: told });
  }

  /** Return what the relay says instead of an answer; undefined: the keys have to be fetched again. */
  private async refused(answer: Response): Promise<Response | undefined> {
    const problem = (await answer
      .clone()
      .json()
      .catch(() => undefined)) as { type?: unknown } | undefined;
    switch (problem?.type) {
      case `${URN}unknown-key`:
        this.fetched = undefined;
        return undefined;
      case `${URN}not-registered`:
        throw new Failure("unregistered");
      case `${URN}clock`:
        throw new Failure("clock");
      default:
        return answer;
    }
  }

  private async key(tid: string): Promise<ExchangeKey> {
    const suite = await bestSuite();
    const before = this.fetched;
    let known = await this.bundle(tid);
    let key = this.nowS() - known.at < FRESH_FOR_S ? newest(known.bundle, suite, this.nowS()) : undefined;
    if (!key) {
      if (before) this.fetched = undefined; // what was just fetched is not fetched again
      known = await this.bundle(tid);
      key = newest(known.bundle, suite, this.nowS());
    }
    if (!key) {
      this.offsetS = 0; // the device's clock may have been set right since
      key = newest(known.bundle, suite, this.nowS());
    }
    if (key) return key;
    const clockIsOff = Math.abs(known.relayTime - Date.now() / 1000) > WRONG_CLOCK_S;
    throw new Failure(clockIsOff ? "clock" : "away");
  }

  private async bundle(tid: string): Promise<Fetched> {
    this.fetched ??= this.fetch(tid);
    try {
      return await this.fetched;
    } catch (error) {
      this.fetched = undefined;
      throw error;
    }
  }

  private async fetch(tid: string): Promise<Fetched> {
    const answer = await send(`/v1/keys/${tid}`, { cache: "no-cache", headers: fields("") });
    if (answer.status === 404) throw new Failure("unregistered");
    if (!answer.ok) throw failureOf(answer);
    const bundle = await readBundle(await answer.json().catch(() => undefined), tid);
    this.pin.check(tid, bundle.fingerprint);
    this.fingerprint = bundle.fingerprint;
    const relayTime = Date.parse(answer.headers.get("Date") ?? "") / 1000;
    return { bundle, at: this.nowS(), relayTime: relayTime || Date.now() / 1000 };
  }

  private nowS(): number {
    return Date.now() / 1000 + this.offsetS;
  }
}

async function octetsOf(answer: Response, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await answer.arrayBuffer());
  } catch (error) {
    if (signal?.aborted) throw error;
    throw unreached();
  }
}

/** Return the tenant that a token names, "" if none. It is the host's, and both ends check it. */
function tenantOf(token: string): string {
  try {
    const claims = JSON.parse(textOf(decodeOctets(token.split(".")[1] ?? ""))) as { tid?: unknown };
    const tid = String(claims.tid).toLowerCase();
    return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(tid) ? tid : "";
  } catch {
    return "";
  }
}
