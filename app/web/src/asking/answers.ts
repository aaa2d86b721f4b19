/** Answers in components: asked for when the question changes, and again while the page is looked at and anything can change. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { address, ask, type Failure, type Query, Refusal, Unreachable } from "./ask";

const PAUSE = 700;
const PAUSE_AFTER_FAILURE = 3_000;
const PAUSE_IN_TIMES_TAKEN = 6;
const UNAUTHORIZED = 401;
const TOO_MANY_REQUESTS = 429;
const KEPT = 60;

/** `answer` is that of the question before while another is under way (`asking`), so that nothing jumps; `failure` is why the last attempt
 * had no answer. */
export interface Asked<T> {
  answer: T | undefined;
  failure: Failure | null;
  asking: boolean;
  again: () => void;
}

interface State<T> {
  url: string;
  answer: T | undefined;
  failure: Failure | null;
}

/** Answers of before by their address: a view that is come back to stands at once, and is asked again. */
const kept = new Map<string, unknown>();

/** The answer to a GET; with a path of null nothing is asked. `live` asks again soon after each answer, later where answers are slow. */
export function useAnswer<T>(path: string | null, query: Query = {}, live = false): Asked<T> {
  const url = path === null ? "" : address(path, query);
  const [state, set] = useState<State<T>>({ url: "", answer: undefined, failure: null });
  const [turn, setTurn] = useState(0);
  const before = useRef(path);
  const known = kept.get(url) as T | undefined;

  useEffect(() => {
    if (!url) return undefined;
    return asking<T>((signal) => read<T>(url, signal), live, (answer, failure) => set((old) => ({ url, answer: answer ?? (old.url === url ? old.answer : known), failure })));
  }, [url, live, turn]);

  const again = useCallback(() => setTurn((number) => number + 1), []);
  if (path !== before.current) {
    before.current = path;
    if (state.url) set({ url: "", answer: undefined, failure: null });
  }
  const samePath = state.url.split("?")[0] === path;
  const answer = state.url === url ? state.answer : (known ?? (samePath ? state.answer : undefined));
  const failure = state.url === url ? state.failure : null;
  return { answer, failure, asking: url !== "" && state.url !== url && known === undefined, again };
}

async function read<T>(url: string, signal: AbortSignal): Promise<T> {
  const answer = await ask<T>(url, {}, signal);
  keep(url, answer);
  return answer;
}

/** Asks until it is stopped; what is returned stops it. */
export function asking<T>(read: (signal: AbortSignal) => Promise<T>, live: boolean, tell: (answer: T | undefined, failure: Failure | null) => void): () => void {
  let timer = 0;
  let running = new AbortController();

  async function attempt(signal: AbortSignal): Promise<void> {
    const began = performance.now();
    try {
      tell(await read(signal), null);
      if (live) wait(signal, Math.max(PAUSE, PAUSE_IN_TIMES_TAKEN * (performance.now() - began)));
    } catch (failure) {
      if (signal.aborted) return;
      if (!isFailure(failure)) throw failure;
      leaveWhenLoggedOut(failure);
      tell(undefined, failure);
      if (passes(failure)) wait(signal, PAUSE_AFTER_FAILURE);
    }
  }

  function wait(signal: AbortSignal, milliseconds: number): void {
    if (!signal.aborted && !document.hidden) timer = window.setTimeout(() => void attempt(signal), milliseconds);
  }

  function stop(): void {
    clearTimeout(timer);
    running.abort();
  }

  function turned(): void {
    stop();
    if (document.hidden) return;
    running = new AbortController();
    void attempt(running.signal);
  }

  document.addEventListener("visibilitychange", turned);
  void attempt(running.signal);
  return () => {
    document.removeEventListener("visibilitychange", turned);
    stop();
  };
}

function keep(url: string, answer: unknown): void {
  kept.delete(url);
  kept.set(url, answer);
  const [oldest] = kept.keys();
  if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
}

export function isFailure(failure: unknown): failure is Failure {
  return failure instanceof Refusal || failure instanceof Unreachable;
}

/** Whether trying again without a change may help. */
function passes(failure: Failure): boolean {
  return failure instanceof Unreachable || failure.status >= 500 || failure.status === TOO_MANY_REQUESTS;
}

/** Back to the door, with the place to come back to. */
export function leaveWhenLoggedOut(failure: unknown): void {
  if (failure instanceof Refusal && failure.status === UNAUTHORIZED) location.assign(`/login${location.hash}`);
}
