/* Questions to the directory. Law: every failure becomes one of the few states the page knows. */

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
}

export interface Ways {
  password: boolean;
  tenant: string;
  client_id: string;
}

export type Trouble = "offline" | "away" | "busy" | "signed-out" | "gone" | "rights" | "fault";

/** Why there is no answer. `waitS`: seconds after which to ask again, where the server says so. */
export class Failure extends Error {
  constructor(
    readonly trouble: Trouble,
    readonly waitS = 0,
  ) {
    super(trouble);
  }
}

const DEADLINE_MS = 8000;

/** The directory behind the page; `token` is asked for before each question. */
export class Api {
  /** Told after every question whether the directory answered. */
  onReach: (reachable: boolean) => void = () => undefined;

  constructor(private readonly token: (fresh: boolean) => Promise<string>) {}

  me(): Promise<Me> {
    return this.ask<Me>("/v1/me");
  }

  search(text: string, cursor: string, signal: AbortSignal): Promise<Page> {
    const body = JSON.stringify(cursor ? { text, cursor } : { text });
    return this.ask<Page>("/v1/people/search", { method: "POST", body, signal });
  }

  person(id: string, signal?: AbortSignal): Promise<Person> {
    return this.ask<Person>(`/v1/people/${encodeURIComponent(id)}`, signal ? { signal } : {});
  }

  async vcard(id: string): Promise<Blob> {
    return (await this.fetch(`/v1/people/${encodeURIComponent(id)}/vcard`, {})).blob();
  }

  ways(): Promise<Ways> {
    return this.ask<Ways>("/v1/sign-in", {}, false);
  }

  async signIn(name: string, password: string): Promise<string> {
    const body = JSON.stringify({ name, password });
    const answer = await this.ask<{ session: string }>("/v1/sign-in", { method: "POST", body }, false);
    return answer.session;
  }

  private async ask<T>(path: string, request: RequestInit = {}, signed = true): Promise<T> {
    return (await (await this.fetch(path, request, signed)).json()) as T;
  }

  private async fetch(path: string, request: RequestInit, signed = true): Promise<Response> {
    let answer = await this.send(path, request, signed ? await this.token(false) : "");
    if (answer.status === 401 && signed) {
      const token = await this.token(true);
      if (token) answer = await this.send(path, request, token);
    }
    if (answer.ok) return answer;
    throw failure(answer);
  }

  private async send(path: string, request: RequestInit, token: string): Promise<Response> {
    const headers = new Headers({ Accept: "application/json" });
    if (request.body) headers.set("Content-Type", "application/json");
    if (token) headers.set("Authorization", `Bearer ${token}`);
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    const signal = request.signal ? AbortSignal.any([request.signal, deadline]) : deadline;
    try {
      const answer = await fetch(path, { ...request, headers, signal, credentials: "omit" });
      this.onReach(answer.status < 500);
      return answer;
    } catch (error) {
      if (request.signal?.aborted) throw error;
      this.onReach(false);
      throw new Failure(navigator.onLine ? "away" : "offline");
    }
  }
}

function failure(answer: Response): Failure {
  const waitS = Math.min(Number(answer.headers.get("Retry-After")) || 1, 60);
  switch (answer.status) {
    case 401:
      return new Failure("signed-out");
    case 403:
      return new Failure("rights");
    case 404:
      return new Failure("gone");
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
