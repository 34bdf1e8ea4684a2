/* Search as one types. Law: of several questions only the last one's answer is ever shown. */

import type { Api, Page } from "./api";
import { Failure } from "./failure";

const LOADER_MS = 300;
const MIN_LETTERS = 2;
const MIN_DIGITS = 3;

/** A Chinese character or a Korean syllable is a whole surname. */
const WHOLE_NAME = /[\p{Script=Han}\uac00-\ud7a3]/u;

/** Halves of a sign beyond 16 bits, such as an emoji, that stand alone: no JSON carries them. */
const HALVES = /\p{Surrogate}/gu;

export interface Finding {
  /** There is nothing to search for. */
  idle(): void;
  /** An answer takes long. */
  slow(): void;
  found(text: string, page: Page, more: boolean): void;
  failed(failure: Failure): void;
}

/** Tell whether a text is enough to search for. */
export function isEnough(text: string): boolean {
  const digits = text.replace(/[\s+()/.-]/g, "");
  if (/^\d+$/.test(digits)) return digits.length >= MIN_DIGITS;
  return [...text.trim()].length >= MIN_LETTERS || WHOLE_NAME.test(text);
}

/** Where a question goes on: behind the pages that were read; `more`: below the hits that are shown. */
interface Place {
  cursor: string;
  more: boolean;
}

const START: Place = { cursor: "", more: false };

export class Search {
  private text = "";
  private cursor = "";
  private timer = 0;
  private running: AbortController | undefined;
  private unanswered: Place = START; // of a question that may be put again
  private answered = false;

  constructor(
    private readonly api: Api,
    private readonly finding: Finding,
  ) {}

  /** Whether what is shown is the answer to the text; not while it is waited for, nor where there is none. */
  get isAnswered(): boolean {
    return this.answered;
  }

  /** Take the text as it is now typed. */
  type(text: string): void {
    this.stop();
    this.text = text.replace(HALVES, "").trim();
    this.answered = !isEnough(this.text);
    if (this.answered) this.finding.idle();
    else this.timer = window.setTimeout(() => void this.ask(START), this.api.road.debounceMs);
  }

  /** Ask what has no answer at once, unless it is being asked. */
  hurry(): void {
    if (!this.answered && !this.running) this.again();
  }

  /** Put the question that had no answer again, at once. */
  again(): void {
    const place = this.unanswered;
    this.stop();
    if (isEnough(this.text)) void this.ask(place);
  }

  /** Ask for the hits behind those that are shown. */
  more(): void {
    if (this.cursor && !this.running) void this.ask({ cursor: this.cursor, more: true }); // a key may be held down
  }

  private stop(): void {
    window.clearTimeout(this.timer);
    this.running?.abort();
    this.running = undefined;
    this.cursor = "";
    this.unanswered = START;
  }

  private async ask({ cursor, more }: Place): Promise<void> {
    this.running?.abort();
    const running = (this.running = new AbortController());
    const loader = window.setTimeout(() => this.finding.slow(), LOADER_MS);
    try {
      let page = await this.api.search(this.text, cursor, running.signal);
      // hundreds of records of people who are shown already: nobody new on this stretch
      while (page.cursor && !page.hits.length && !running.signal.aborted) {
        cursor = page.cursor;
        page = await this.api.search(this.text, cursor, running.signal);
      }
      if (running.signal.aborted) return;
      this.cursor = page.cursor;
      this.answered = true;
      this.finding.found(this.text, page, more);
    } catch (error) {
      if (running.signal.aborted) return;
      if (!(error instanceof Failure)) throw error;
      this.unanswered = error.trouble === "fault" ? START : { cursor, more }; // a page may have gone with its list
      this.answered = more; // else what is shown is another text's
      this.finding.failed(error);
    } finally {
      if (this.running === running) this.running = undefined;
      window.clearTimeout(loader);
    }
  }
}
