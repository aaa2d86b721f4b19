/** Listening to what happens, and showing it at a pace that can be read. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { address, ask, type Query } from "../../asking/ask";
import { isFailure, leaveWhenLoggedOut } from "../../asking/answers";
import { known, type Row, withTold } from "./rows";
import type { AnyTold } from "./wire";

const KINDS = ["accepted", "duplicate", "failed", "derived", "left_out"];
const SHOWN_EVERY = 400;
const COME_BACK_AFTER = 3_000;
const WAITING_MOST = 2_000;
const MINUTE = 60_000;

/** `opening`: nothing is heard yet; `listening`: everything is told; `partly`: for a while it is not; `away`: the connection is gone. */
export type State = "opening" | "listening" | "partly" | "away";

export interface Stream {
  rows: readonly Row[];
  state: State;
  /** Events that are held back. */
  waiting: number;
  /** Events heard in the last minute. */
  minute: number;
  /** Shows what is held back. */
  catchUp: () => void;
}

/** While `held`, only rows that are shown already change. */
export function useStream(query: Query, held: boolean): Stream {
  const url = address("/v1/live", query);
  const [rows, setRows] = useState<readonly Row[]>([]);
  const [state, setState] = useState<State>("opening");
  const [waiting, setWaiting] = useState(0);
  const [minute, setMinute] = useState(0);
  const shown = useRef<readonly Row[]>([]);
  const waitingFor = useRef<readonly AnyTold[]>([]);
  const heard = useRef<number[]>([]);

  useEffect(() => {
    waitingFor.current = [];
    shown.current = [];
    setRows([]);
    return listen(url, setState, (told) => {
      waitingFor.current = [...waitingFor.current.slice(1 - WAITING_MOST), told];
      if (told.kind !== "derived" && told.kind !== "left_out") heard.current.push(Date.now());
    });
  }, [url]);

  const show = useCallback((all: boolean) => {
    const now = new Set(all ? waitingFor.current : known(shown.current, waitingFor.current));
    waitingFor.current = waitingFor.current.filter((told) => !now.has(told));
    if (now.size > 0) shown.current = withTold(shown.current, [...now]);
    heard.current = heard.current.filter((at) => at > Date.now() - MINUTE);
    setRows(shown.current);
    setWaiting(countOf(waitingFor.current));
    setMinute(heard.current.length);
  }, []);

  useEffect(() => {
    const timer = window.setInterval(() => show(!held), SHOWN_EVERY);
    return () => clearInterval(timer);
  }, [held]);

  return { rows, state, waiting, minute, catchUp: () => show(true) };
}

function countOf(told: readonly AnyTold[]): number {
  return told.filter(({ kind }) => kind !== "derived").length;
}

/** Listens until it is stopped. The browser comes back by itself where a connection breaks, this where it was refused. */
function listen(url: string, tell: (state: State) => void, hear: (told: AnyTold) => void): () => void {
  let source: EventSource;
  let timer = 0;
  const leaving = new AbortController();

  function open(): void {
    tell("opening");
    source = new EventSource(url);
    for (const kind of KINDS) source.addEventListener(kind, ({ data }) => hear(JSON.parse(data) as AnyTold));
    source.addEventListener("listening", ({ data }) => tell((JSON.parse(data) as { complete: boolean }).complete ? "listening" : "partly"));
    source.addEventListener("error", () => {
      tell("away");
      if (source.readyState === EventSource.CLOSED) timer = window.setTimeout(() => void again(), COME_BACK_AFTER);
    });
  }

  /** Whoever is not logged in any more is shown the door. */
  async function again(): Promise<void> {
    try {
      await ask("/v1/session", {}, leaving.signal);
    } catch (failure) {
      if (leaving.signal.aborted) return;
      if (!isFailure(failure)) throw failure;
      leaveWhenLoggedOut(failure);
    }
    if (!leaving.signal.aborted) open();
  }

  open();
  return () => {
    clearTimeout(timer);
    leaving.abort();
    source.close();
  };
}
