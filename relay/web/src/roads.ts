/* How questions reach the directory: straight to it, or sealed over a relay (`tunnel.ts`). */

import { unreached } from "./failure";

export type Operation = "me" | "people.search" | "people.person" | "people.vcard";

export interface Asked {
  op: Operation;
  args: Record<string, string>;
  /** The user's token, "" = nobody is signed in. */
  token: string;
  signal?: AbortSignal | undefined;
}

export interface Road {
  /** How long typing has to pause before it is a question. */
  readonly debounceMs: number;
  /** Fingerprint of the directory that questions are sealed to; "" = nothing is sealed. */
  readonly fingerprint: string;
  /** Return what the directory answers, of any status. Throws `Failure` where nobody answers. */
  ask(asked: Asked): Promise<Response>;
}

const DEADLINE_MS = 8000;

/** Send a request to where the page came from. Throws `Failure`, or the abort of `signal`. */
export async function send(path: string, request: RequestInit, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(path, { ...request, signal: untilDeadline(signal), credentials: "omit" });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw unreached();
  }
}

/** Return what aborts with a signal, or at the deadline. `AbortSignal.any` is younger than some phones' browsers. */
function untilDeadline(signal?: AbortSignal): AbortSignal {
  const either = new AbortController();
  for (const each of [AbortSignal.timeout(DEADLINE_MS), signal]) {
    if (each?.aborted) either.abort(each.reason);
    else each?.addEventListener("abort", () => either.abort(each.reason), { once: true });
  }
  return either.signal;
}

/** Return the header fields of a request. */
export function fields(token: string, type = ""): Headers {
  const headers = new Headers({ Accept: "application/json" });
  if (type) headers.set("Content-Type", type);
  if (token) headers.set("Authorization", `Bearer ${token}`);
  return headers;
}

/** The page came from the directory itself. */
export class Direct implements Road {
  readonly debounceMs = 80;
  readonly fingerprint = "";

  ask({ op, args, token, signal }: Asked): Promise<Response> {
    const person = `/v1/people/${encodeURIComponent(args.id ?? "")}`;
    switch (op) {
      case "me":
        return send("/v1/me", { headers: fields(token) }, signal);
      case "people.search": {
        const request = { method: "POST", body: JSON.stringify(args), headers: fields(token, "application/json") };
        return send("/v1/people/search", request, signal);
      }
      case "people.person":
        return send(person, { headers: fields(token) }, signal);
      case "people.vcard":
        return send(`${person}/vcard`, { headers: fields(token) }, signal);
    }
  }
}
