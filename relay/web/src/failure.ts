/* Why there is no answer. Law: every failure is one of the few states that the page knows. */

export type Trouble =
  | "offline"
  | "away"
  | "busy"
  | "signed-out"
  | "gone"
  | "rights"
  | "unregistered"
  | "untrusted"
  | "clock"
  | "fault";

/** `waitS`: seconds after which to ask again, where the server says so. */
export class Failure extends Error {
  constructor(
    readonly trouble: Trouble,
    readonly waitS = 0,
  ) {
    super(trouble);
  }
}

/** The directory's identity is another one than before. `final`: the app package names the right one. */
export class KeyChanged extends Failure {
  constructor(
    readonly tid: string,
    readonly expected: readonly string[],
    readonly found: string,
    readonly final: boolean,
  ) {
    super("untrusted");
  }
}

/** Return why nobody answered. */
export function unreached(): Failure {
  return new Failure(navigator.onLine ? "away" : "offline");
}

/** Return what an answer's status means; `ofPerson`: one contact was asked for, who may be gone. */
export function failureOf(answer: Response, ofPerson = false): Failure {
  const waitS = Math.min(Number(answer.headers.get("Retry-After")) || 1, 60);
  switch (answer.status) {
    case 401:
      return new Failure("signed-out");
    case 403:
      return new Failure("rights");
    case 404:
      return ofPerson ? new Failure("gone") : new Failure("away", waitS); // a proxy that leads nowhere
    case 429:
      return new Failure("busy", waitS);
    case 502:
    case 503:
    case 504:
      return new Failure("away", waitS);
    default:
      return new Failure("fault");
  }
}
