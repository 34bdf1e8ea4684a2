/* Questions to the directory, whatever the road. Law: every failure is a `Failure`. */

import { Failure, failureOf, KeyChanged, unreached } from "./failure";
import { Direct, fields, type Operation, type Road, send } from "./roads";

export interface Source {
  id: string;
  name: string;
}

export interface PhoneNumber {
  kind: "work" | "mobile" | "home" | "fax" | "company" | "other";
  e164: string;
  display: string;
  call: string;
  source: string;
}

export interface Email {
  address: string;
  source: string;
  chat?: boolean;
}

export interface Span {
  field: string;
  start: number;
  end: number;
  at?: number;
}

export interface Hit {
  id: string;
  name: string;
  sources: string[];
  company?: string;
  department?: string;
  job?: string;
  city?: string;
  numbers?: PhoneNumber[];
  emails?: Email[];
  matched?: string[];
  spans?: Span[];
  company_record?: boolean;
  folded?: Hit[];
}

export interface Page {
  hits: Hit[];
  total: number;
  total_is_exact: boolean;
  cursor: string;
  did_you_mean: string;
  sources: Source[];
}

export interface Person {
  id: string;
  name: string;
  records: string[];
  sources: Source[];
  fields: { name: string; text: string; source: string }[];
  numbers: PhoneNumber[];
  emails: Email[];
  link?: string;
  changed?: string;
  company_record?: boolean;
}

export interface Me {
  tenant: string;
  user: string;
  name: string;
  sources: Source[];
  customer_page: string;
  /** Absent where the directory is older than this page. */
  custom_names?: Record<string, string>;
}

export interface Ways {
  password: boolean;
  tenant: string;
  client_id: string;
  /** Where Entra signs people in, "" where a browser of one's own cannot. */
  authority: string;
  /** The page came from a relay: questions are sealed. */
  tunnel?: boolean;
}

/** The directory behind the page; `token` is asked for before each question. */
export class Api {
  /** Told after every question whether the directory answered. */
  onReach: (reachable: boolean) => void = () => undefined;
  /** Told when the directory is not the one that it was. */
  onKeyChange: (change: KeyChanged) => void = () => undefined;
  road: Road = new Direct();

  /** `token` is told which one was refused, if one was. */
  constructor(private readonly token: (refused?: string) => Promise<string>) {}

  me(): Promise<Me> {
    return this.read<Me>("me", {});
  }

  search(text: string, cursor: string, signal: AbortSignal): Promise<Page> {
    return this.read<Page>("people.search", { text, fold: "company", ...(cursor ? { cursor } : {}) }, signal);
  }

  person(id: string, signal?: AbortSignal): Promise<Person> {
    return this.read<Person>("people.person", { id }, signal);
  }

  async vcard(id: string): Promise<Blob> {
    const answer = await this.ask("people.vcard", { id });
    const isCard = answer.headers.get("Content-Type")?.startsWith("text/vcard");
    return this.body(isCard ? answer.blob() : Promise.reject(new TypeError("no vCard")));
  }

  /** Return how to sign in where the page came from. */
  async ways(): Promise<Ways> {
    return (await this.open({ headers: fields("") })) as Ways;
  }

  async signIn(name: string, password: string): Promise<string> {
    const body = JSON.stringify({ name, password });
    const request = { method: "POST", body, headers: fields("", "application/json") };
    return ((await this.open(request)) as { session: string }).session;
  }

  /** Ask what everybody may. */
  private async open(request: RequestInit): Promise<unknown> {
    const answer = await this.told(send("/v1/sign-in", request));
    if (!answer.ok) throw failureOf(answer);
    return this.body(answer.json());
  }

  private async read<T>(op: Operation, args: Record<string, string>, signal?: AbortSignal): Promise<T> {
    return (await this.body((await this.ask(op, args, signal)).json(), signal)) as T;
  }

  /** Return what an answer holds. Cut off, or another's (a network's sign-in page, a proxy's words), it is none. */
  private async body<T>(reading: Promise<T>, signal?: AbortSignal): Promise<T> {
    const body = await reading.catch(() => undefined);
    if (signal?.aborted) throw signal.reason;
    if (typeof body === "object" && body !== null) return body;
    this.onReach(false);
    throw unreached();
  }

  private async ask(op: Operation, args: Record<string, string>, signal?: AbortSignal): Promise<Response> {
    const token = await this.token();
    let answer = await this.told(this.road.ask({ op, args, token, signal }));
    if (answer.status === 401) {
      const other = await this.token(token);
      if (other) answer = await this.told(this.road.ask({ op, args, token: other, signal }));
    }
    if (answer.ok) return answer;
    throw failureOf(answer, op === "people.person" || op === "people.vcard");
  }

  private async told(asking: Promise<Response>): Promise<Response> {
    try {
      const answer = await asking;
      this.onReach(answer.status < 500);
      return answer;
    } catch (error) {
      if (error instanceof KeyChanged) this.onKeyChange(error);
      if (error instanceof Failure) this.onReach(false);
      throw error;
    }
  }
}
