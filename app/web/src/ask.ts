/** Reading from the API with the session's cookie. */

import type { Problem } from "./wire";

export type Query = Record<string, string | undefined>;

/** The server answered, and the answer is no. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.title ?? `The server answered ${status}.`);
  }
}

/** The server does not answer. */
export class Unreachable extends Error {}

/** The path with its query; absent and empty values are left out. */
export function address(path: string, query: Query): string {
  const pairs = Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1]));
  return pairs.length ? `${path}?${new URLSearchParams(pairs)}` : path;
}

/** The answer to one GET. Throws Refusal for a status other than 2xx, Unreachable without one, AbortError when aborted. */
export async function ask<T>(path: string, query: Query, signal: AbortSignal): Promise<T> {
  const response = await reached(address(path, query), signal);
  if (!response.ok) throw new Refusal(response.status, await problemOf(response));
  return (await response.json()) as T;
}

async function reached(url: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { signal, headers: { Accept: "application/json" }, cache: "no-store" });
  } catch (failure) {
    if (failure instanceof TypeError) throw new Unreachable("The server does not answer.");
    throw failure;
  }
}

async function problemOf(response: Response): Promise<Problem> {
  if (!response.headers.get("Content-Type")?.includes("json")) return {};
  const body: unknown = JSON.parse((await response.text()) || "{}");
  return typeof body === "object" && body !== null ? body : {};
}

/** What went wrong, for people. */
export function inWords(failure: Refusal | Unreachable): string {
  const { detail } = failure instanceof Refusal ? failure.problem : {};
  return sentence(detail || failure.message);
}

function sentence(words: string): string {
  const begun = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
