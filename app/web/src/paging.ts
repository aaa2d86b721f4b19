/** Reading so many pages of a list that goes on by cursor. */

import { ask, type Query } from "./ask";

interface Page {
  next: string | null;
}

/** The first pages of a list, at most `wanted`. The first is asked for again each time; the rest only when it differs. */
export class Pages<Answer extends Page> {
  private pages: Answer[] = [];
  private asked = "";
  private first = "";
  wanted = 1;

  /** The pages of this path and query; another path or query starts again with one page. */
  async read(path: string, query: Query, signal: AbortSignal): Promise<Answer[]> {
    const asked = JSON.stringify([path, query]);
    if (asked !== this.asked) Object.assign(this, { asked, first: "", wanted: 1 });
    const page = await ask<Answer>(path, query, signal);
    const first = withoutInstant(page);
    const pages = first === this.first ? [page, ...this.pages.slice(1)] : [page];
    await this.goOn(pages, path, query, signal);
    Object.assign(this, { pages, first });
    return pages;
  }

  private async goOn(pages: Answer[], path: string, query: Query, signal: AbortSignal): Promise<void> {
    for (let last = pages.at(-1); last?.next && pages.length < this.wanted; last = pages.at(-1)) {
      pages.push(await ask<Answer>(path, { ...query, cursor: last.next }, signal));
    }
  }
}

/** An answer as text without its instant, to see whether anything else changed. */
export function withoutInstant(answer: unknown): string {
  return JSON.stringify(answer, (name, value: unknown) => (name === "as_of" ? undefined : value));
}
