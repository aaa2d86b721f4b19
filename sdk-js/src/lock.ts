import { read, remove, write } from "./store.js";

const LOCK = "waystage.lock";
const CLAIM_MS = 1_000;
const LIFE_MS = 60_000;

let claim = "";

const hold = (ms: number): void => write(LOCK, (claim = `${Date.now() + ms + Math.random()}`));

/** Give the lock in localStorage to the next tab. */
export const release = (): void => {
  if (read(LOCK) === claim) remove(LOCK);
};

/**
 * Without Web Locks, the lock is an instant in localStorage until which it holds. Of tabs that claim it at once, the last one finds its
 * claim there when it looks again.
 */
const claimed = async (run: () => Promise<unknown>, again: () => void): Promise<void> => {
  const lock = read(LOCK);
  if (lock === claim) {
    hold(LIFE_MS);
    await run();
    release();
  } else {
    if (!(Number(lock) > Date.now())) hold(CLAIM_MS);
    again();
  }
};

/** Run in one tab of this origin at a time; `again` is to call this once more soon, where it is not yet the turn of this one. */
export const alone = async (run: () => Promise<unknown>, again: () => void): Promise<void> => {
  try {
    await navigator.locks.request(LOCK, run);
  } catch {
    await claimed(run, again);
  }
};
