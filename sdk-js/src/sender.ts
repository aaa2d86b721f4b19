import { alone, release } from "./lock.js";
import { drop, MAX_AGE_MS, MAX_BATCH_BYTES, size, waiting } from "./queue.js";
import { attempt, read, remove } from "./store.js";

const LOOK_MS = 50;
const SPACING_MS = 500;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 300_000;
const MAX_REFUSALS = 3;

/**
 * How long to pause after a failed request, in ms: what Retry-After says (seconds or a date), and a random part of 1 s doubled with
 * each failure in a row, up to 5 minutes.
 */
export const pauseMs = (failures: number, retryAfter: string | null | undefined, now: number, random: number): number => {
  const asked = Number(retryAfter) * 1000 || Date.parse(retryAfter!) - now || 0;
  return Math.min(Math.max(asked, 0), MAX_AGE_MS) + random * Math.min(FIRST_PAUSE_MS * 2 ** failures, MAX_PAUSE_MS);
};

/**
 * Sends what waits, for as long as `allowed` says yes, and gives the function to call when something has come to wait: calls of one
 * moment share a request, and two requests are half a second apart.
 */
export const openSender = (writeKey: string, endpoint: string, allowed: () => boolean): (() => unknown) => {
  const url = endpoint.replace(/\/$/, "") + "/v1/batch";
  let timer: ReturnType<typeof setTimeout> | 0 = 0;
  let handed: string[] = [];
  let failures = 0;
  let refusals = 0;

  /** After three requests that the network refused in a row, as under an ad-blocker, this page makes no more. */
  const may = () => allowed() && refusals < MAX_REFUSALS;
  /** What a request carries now. */
  const take = () => {
    let total = 0;
    const fits = (key: string) => !handed.includes(key) && (total += size(read(key))) <= MAX_BATCH_BYTES;
    const keys = waiting(writeKey).filter(fits);
    handed.push(...keys);
    return keys;
  };
  const body = (keys: string[]) =>
    `{"writeKey":"${writeKey}","sentAt":"${new Date().toISOString()}","batch":[${keys.map(read).filter(Boolean)}]}`;

  /** 2xx confirms, a 4xx other than 429 refuses for good; anything else is tried again. */
  const send = async () => {
    handed = [];
    const keys = take();
    if (!keys[0]) return (timer = 0);
    let response: Response | undefined;
    try {
      response = await fetch(url, { method: "POST", body: body(keys), keepalive: true });
    } catch {}
    handed = [];
    const status = response?.status as number;
    refusals = status ? 0 : refusals + 1;
    if (status < 500 && status !== 429) {
      keys.forEach(status < 300 ? remove : drop);
      schedule(SPACING_MS);
      failures = 0;
    } else schedule(pauseMs(failures++, response?.headers?.get("Retry-After"), Date.now(), Math.random()));
    return new Promise((free) => setTimeout(free, SPACING_MS)); // what was removed is not seen by other tabs at once
  };

  const schedule = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => (may() ? alone(send, () => schedule(LOOK_MS)) : (timer = 0)), ms);
  };

  /** Hand what waits to the browser, for a page that may not come back. It stays queued until a request confirms it. */
  const leave = () => {
    for (let keys: string[]; may() && (keys = take())[0] && attempt(() => navigator.sendBeacon(url, body(keys))); );
    release();
  };

  addEventListener("pagehide", leave);
  addEventListener("online", () => handed[0] || schedule((refusals = 0)));
  addEventListener("visibilitychange", () => document.hidden && leave());
  return () => timer || schedule(0);
};
