/** Talking to the API with the session's cookie. */

import type { Problem } from "./wire";

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

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

export type Failure = Refusal | Unreachable;

/** The path with its query, beside one that it already has; absent and empty values and `false` are left out, lists come again and again, `true` is 1. */
export function address(path: string, query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => listed(value).map((one) => [name, one]));
  return pairs.length ? `${path}${path.includes("?") ? "&" : "?"}${new URLSearchParams(pairs)}` : path;
}

function listed(value: Query[string]): string[] {
  if (value === undefined || value === "" || value === false) return [];
  if (typeof value === "object") return [...value];
  return [value === true ? "1" : String(value)];
}

/** The answer to one GET. Throws Refusal for a status other than 2xx, Unreachable without one, AbortError when aborted. */
export async function ask<T>(path: string, query: Query, signal: AbortSignal): Promise<T> {
  return answered<T>(address(path, query), { signal });
}

/** The answer to what changes something; a body that is no Blob goes as JSON. Throws as `ask` does. */
export async function send<T>(method: "POST" | "PUT" | "DELETE", path: string, query: Query = {}, body?: unknown): Promise<T> {
  const packed = body === undefined || body instanceof Blob ? body : new Blob([JSON.stringify(body)], { type: "application/json" });
  return answered<T>(address(path, query), { method, ...(packed && { body: packed }) });
}

async function answered<T>(url: string, said: RequestInit): Promise<T> {
  const { ok, status, body } = await reached(url, said);
  if (!ok) throw new Refusal(status, problemOf(body));
  return body as T;
}

/** The answer with its whole body. One that is cut short, or is no JSON, as what a proxy says in the server's place, counts as none. */
async function reached(url: string, said: RequestInit): Promise<{ ok: boolean; status: number; body: unknown }> {
  try {
    const response = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store", ...said });
    const { ok, status } = response;
    const text = await response.text();
    return { ok, status, body: ok || response.headers.get("Content-Type")?.includes("json") ? JSON.parse(text || "null") : null };
  } catch (failure) {
    if (failure instanceof TypeError || failure instanceof SyntaxError) throw new Unreachable("The server does not answer.");
    throw failure;
  }
}

function problemOf(body: unknown): Problem {
  return typeof body === "object" && body !== null ? body : {};
}

/** What went wrong, in the server's words. */
export function inWords(failure: Failure): string {
  const { detail } = failure instanceof Refusal ? failure.problem : {};
  return sentence(detail || failure.message);
}

function sentence(words: string): string {
  const begun = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
