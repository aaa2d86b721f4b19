import { attempt, read, remove, write } from "./store.js";

const ANONYMOUS_ID = "waystage.anonymous_id";
const USER_ID = "waystage.user_id";

/** A random UUID (version 4), on pages without https too. */
export function uuid(): string {
  const digit = () => (crypto.getRandomValues(new Uint8Array(1))[0]! & 15).toString(16);
  return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, digit);
}

/** Kept in localStorage and in a cookie for a year from now, so that either can be lost. */
function keep(anonymousId: string): string {
  write(ANONYMOUS_ID, anonymousId);
  attempt(() => (document.cookie = `${ANONYMOUS_ID}=${anonymousId};path=/;max-age=31536000;samesite=lax`));
  return anonymousId;
}

function inCookie(): string | undefined {
  return attempt(() => /waystage.anonymous_id=([\w-]+)/.exec(document.cookie)?.[1]);
}

/** Both ids are read anew for every event, because another tab may have changed them. */
export function anonymousId(): string {
  return keep(read(ANONYMOUS_ID) ?? inCookie() ?? uuid());
}

export function userId(): string | undefined {
  return read(USER_ID);
}

export function rememberUser(userId: string): void {
  write(USER_ID, userId);
}

export function forget(): void {
  remove(USER_ID);
  keep(uuid());
}
