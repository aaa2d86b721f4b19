import { drop, MAX_AGE_MS, MAX_BATCH_BYTES, size, waiting } from "./queue.js";
import { attempt, read, remove } from "./store.js";

const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 300_000;

export interface Sender {
  /** Send what waits, soon; calls of one moment share a request. */
  schedule(): unknown;
  /** Hand what waits to the browser, for a page that may not come back. It stays queued until a request confirms it. */
  beacon(): void;
}

/**
 * How long to pause after a failed request, in ms: what Retry-After says (seconds or a date), and a random part of 1 s doubled with
 * each failure in a row, up to 5 minutes.
 */
export function pauseMs(failures: number, retryAfter: string | null, now: number, random: number): number {
  const asked = (retryAfter && (Number(retryAfter) * 1000 || Date.parse(retryAfter) - now)) || 0;
  return Math.min(Math.max(asked, 0), MAX_AGE_MS) + random * Math.min(FIRST_PAUSE_MS * 2 ** failures, MAX_PAUSE_MS);
}

/** True where sending the same events again can do no better: a 4xx other than 429. */
function refused({ status }: Response): boolean {
  return status >= 400 && status < 500 && status !== 429;
}

export function openSender(writeKey: string, endpoint: string): Sender {
  const url = endpoint.replace(/\/$/, "") + "/v1/batch";
  let scheduled = false;
  let failures = 0;
  let handed: string[] = [];

  const batch = (without: string[]) => {
    let total = 0;
    return waiting(writeKey).filter((key) => !without.includes(key) && (total += size(read(key))) <= MAX_BATCH_BYTES);
  };
  const body = (keys: string[]) =>
    `{"batch":[${keys.map(read).filter(Boolean)}],"writeKey":${JSON.stringify(writeKey)},"sentAt":"${new Date().toISOString()}"}`;
  const post = async (keys: string[]) => fetch(url, { method: "POST", body: body(keys), keepalive: true });

  /** Sends batch after batch until none waits, or one has to wait. */
  const drain = async () => {
    while ((handed = batch([])).length) {
      const keys = handed;
      const response = await post(keys).catch(() => Response.error());
      if (response.ok) keys.forEach(remove);
      else if (refused(response)) keys.forEach(drop);
      else {
        handed = [];
        return schedule(pauseMs(failures++, response.headers.get("Retry-After"), Date.now(), Math.random()));
      }
      failures = 0;
    }
    scheduled = false;
  };

  /** One tab at a time where the browser has locks; the next one finds what is left. */
  const drainAlone = () => (navigator.locks ? navigator.locks.request("waystage", drain).catch(drain) : drain());

  const schedule = (delay: number) => {
    scheduled = true;
    setTimeout(drainAlone, delay);
  };

  const beacon = () => {
    const keys = batch(handed);
    if (!keys.length || !attempt(() => navigator.sendBeacon(url, body(keys)))) return;
    handed = [...handed, ...keys];
    beacon();
  };

  return { beacon, schedule: () => scheduled || schedule(0) };
}
