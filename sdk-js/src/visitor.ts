import { attempt, keys, read, remove, write } from "./store.js";

const ANONYMOUS_ID = "waystage.anonymous_id";
const USER_ID = "waystage.user_id";
const YEAR_S = 31_536_000;

/** 128 random bits, on pages without https too. */
export const newId = (): string => crypto.getRandomValues(new Uint32Array(4)).join("-");

/**
 * Set the cookie for the widest domain that takes it, so that subdomains share a visitor; with a life of 0 s it goes from all of them.
 * The time in it makes each cookie another one: one that is found was taken just now.
 */
const setCookie = (anonymousId: string, seconds: number): void => {
  const cookie = `${ANONYMOUS_ID}=${anonymousId}.${Date.now()}`;
  const labels = location.hostname.split(".");
  for (let taken = 1; labels[taken - 1] && !document.cookie.includes(cookie); taken++) {
    document.cookie = `${cookie};path=/;max-age=${seconds};samesite=lax;domain=${labels.slice(-taken).join(".")}`;
  }
};

/** Kept in a cookie and in localStorage for a year from now, so that either can be lost. */
export const keep = (anonymousId: string): string => {
  write(ANONYMOUS_ID, anonymousId);
  attempt(() => setCookie(anonymousId, YEAR_S));
  return anonymousId;
};

/** Both ids are read anew for every event, because another tab or subdomain may have changed them. */
export const anonymousId = (): string =>
  keep(attempt(() => /waystage.anonymous_id=([\w-]+)/.exec(document.cookie)![1]) ?? read(ANONYMOUS_ID) ?? newId());

export const userId = (): string | undefined => read(USER_ID);

export const rememberUser = (userId: string | number): void => write(USER_ID, userId);

/** Be somebody else from now on. */
export const renew = (): void => {
  remove(USER_ID);
  keep(newId());
};

/** Leave nothing in the browser. */
export const forget = (): void => {
  keys("waystage.").forEach(remove);
  attempt(() => setCookie("", 0));
};
