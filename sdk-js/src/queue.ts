import { attempt, count, keys, read, remove, write } from "./store.js";

const PREFIX = "waystage.event.";
const MAX_BYTES = 200_000;

/** How many events wait at most. */
export const MAX_EVENTS = 200;

/** What one request carries of events; browsers allow 64 KiB at once to a page that closes. */
export const MAX_BATCH_BYTES = 59_000;

/** How long an event waits to be sent, 6 days: the server would set the time of one older than 7. */
export const MAX_AGE_MS = 518_400_000;

/** Where this browser counts the events that it lost. */
export const DROPPED = "waystage.dropped";

/** Bytes of an event in a batch, comma included. */
export const size = (json: string | undefined): number => new Blob([`${json},`]).size;

export const drop = (key: string): void => {
  remove(key);
  count(DROPPED);
};

/**
 * Keys of the store that hold an event each, as JSON: those to be sent with this write key, oldest first.
 * The queue of an origin is bounded to 200 events, 200 kB and 6 days; what exceeds that is dropped, oldest first.
 * A key is made of the time (ms since 1970), message id and write key: keys in order are events in order, and each source has its own.
 */
export const waiting = (writeKey: string): string[] => {
  const expired = PREFIX + (Date.now() - MAX_AGE_MS);
  let room = MAX_BYTES;
  const newestFirst = keys(PREFIX).sort().reverse();
  return newestFirst
    .filter((key, place) => (place < MAX_EVENTS && key > expired && (room -= size(read(key))) >= 0) || drop(key))
    .filter((key) => key.endsWith(`.${writeKey}`))
    .reverse();
};

/** Queue an event until it is confirmed. One that cannot be written as JSON, or that no request can carry, is dropped. */
export const add = (event: { messageId: string }, writeKey: string): void => {
  const key = `${PREFIX}${Date.now()}.${event.messageId}.${writeKey}`;
  const json = attempt(() => JSON.stringify(event));
  if (json && size(json) <= MAX_BATCH_BYTES) write(key, json);
  else drop(key);
  waiting(writeKey);
};
