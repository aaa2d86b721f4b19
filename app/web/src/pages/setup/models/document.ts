/** Documents of stage models as text: their name, a copy under another, and where their mistakes are. */

import { type Failure, inWords, Refusal } from "../../../asking/ask";

const NAME = /^([\s{]*"?model"?\s*:\s*)(["']?)([^\s"'#,]+)\2/m;

/** The name that the document gives the model; empty where it gives none. */
export function nameIn(text: string): string {
  return NAME.exec(text)?.[3] ?? "";
}

/** The same document for a model of another name. */
export function renamed(text: string, name: string): string {
  return text.replace(NAME, (_, key: string) => `${key}${name}`);
}

/** A name that no model has yet. */
export function freeName(like: string, taken: readonly string[]): string {
  const names = Array.from({ length: taken.length + 1 }, (_, number) => (number ? `${like}-own-${number + 1}` : `${like}-own`));
  return names.find((name) => !taken.includes(name)) ?? like;
}

/** A mistake, with its line counted from 1 where one is known. */
export interface Mistake {
  line: number | null;
  field: string;
  reason: string;
}

/** What the server found wrong with a document: each mistake with its place, else what it says as one. */
export function mistakesOf(failure: Failure): Mistake[] {
  const errors = failure instanceof Refusal ? (failure.problem.errors ?? []) : [];
  if (!errors.length) return [{ line: null, field: "", reason: inWords(failure) }];
  return errors.map(({ line, field, reason }) => ({ line: line ?? null, field: field ?? "", reason: reason ?? "" }));
}

/** Where a line begins and ends in the text. */
export function lineAt(text: string, line: number): [start: number, end: number] {
  const lines = text.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, before) => sum + before.length + 1, 0);
  return [start, start + (lines[line - 1]?.length ?? 0)];
}
