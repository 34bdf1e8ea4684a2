/* Search as one types. Law: of several questions only the last one's answer is ever shown. */

import type { Api, Page } from "./api";
import { Failure } from "./failure";

const LOADER_MS = 300;
const MIN_LETTERS = 2;
const MIN_DIGITS = 3;

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
  return [...text.trim()].length >= MIN_LETTERS;
}

export class Search {
  private text = "";
  private cursor = "";
  private timer = 0;
  private running: AbortController | undefined;
  private unanswered = ""; // the cursor of a question that may be put again

  constructor(
    private readonly api: Api,
    private readonly finding: Finding,
  ) {}

  /** Take the text as it is now typed. */
  type(text: string): void {
    this.stop();
    this.text = text.trim();
    if (!isEnough(this.text)) this.finding.idle();
    else this.timer = window.setTimeout(() => void this.ask(""), this.api.road.debounceMs);
  }

  /** Put the question that had no answer again, at once. */
  again(): void {
    const cursor = this.unanswered;
    this.stop();
    if (isEnough(this.text)) void this.ask(cursor);
  }

  /** Ask for the hits behind those that are shown. */
  more(): void {
    if (this.cursor) void this.ask(this.cursor);
  }

  private stop(): void {
    window.clearTimeout(this.timer);
    this.running?.abort();
    this.running = undefined;
    this.cursor = this.unanswered = "";
  }

  private async ask(cursor: string): Promise<void> {
    const running = new AbortController();
    this.running = running;
    const loader = window.setTimeout(() => this.finding.slow(), LOADER_MS);
    try {
      let page = await this.api.search(this.text, cursor, running.signal);
      // hundreds of records of people who are shown already: nobody new on this stretch
      while (page.cursor && !page.hits.length && !running.signal.aborted)
        page = await this.api.search(this.text, page.cursor, running.signal);
      if (running.signal.aborted) return;
      this.cursor = page.cursor;
      this.finding.found(this.text, page, cursor !== "");
    } catch (error) {
      if (running.signal.aborted) return;
      if (!(error instanceof Failure)) throw error;
      this.unanswered = error.trouble === "fault" ? "" : cursor; // a page may have gone with its list
      this.finding.failed(error);
    } finally {
      window.clearTimeout(loader);
    }
  }
}
