/** Reading lists that go on by cursor. */

import { ask, type Query } from "./ask";

interface Page {
  next: string | null;
}

/** All pages of a list. */
export async function readAll<Answer extends Page>(path: string, query: Query, signal: AbortSignal): Promise<Answer[]> {
  const pages = [await ask<Answer>(path, query, signal)];
  await goOn(pages, path, query, signal, Infinity);
  return pages;
}

async function goOn<Answer extends Page>(pages: Answer[], path: string, query: Query, signal: AbortSignal, most: number): Promise<void> {
  for (let last = pages.at(-1); last?.next && pages.length < most; last = pages.at(-1)) {
    pages.push(await ask<Answer>(path, { ...query, cursor: last.next }, signal));
  }
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
    await goOn(pages, path, query, signal, this.wanted);
    Object.assign(this, { pages, first });
    return pages;
  }
}

/** An answer as text without its instant, to see whether anything else changed. */
export function withoutInstant(answer: unknown): string {
  return JSON.stringify(answer, (name, value: unknown) => (name === "as_of" ? undefined : value));
}
