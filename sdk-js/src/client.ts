import { momentReader, wireEvent, type Call, type Id, type Moment, type Properties } from "./events.js";
import { arrived, carry } from "./links.js";
import { followPages } from "./navigation.js";
import { add, MAX_EVENTS } from "./queue.js";
import { openSender } from "./sender.js";
import { attempt } from "./store.js";
import { anonymousId, forget, keep, rememberUser, renew, userId as currentUserId } from "./visitor.js";

/** Whether this build can carry the visitor to other domains. */
declare const LINKS: boolean;

export type { Id, Properties };

/** pending: keep calls in memory; granted: store and send; denied: forget everything and take no more. */
export type Consent = "pending" | "granted" | "denied";

/** Texts are as in the attributes of the script's tag. */
export interface Options {
  writeKey: string;
  /** Where Waystage listens, without /v1/batch; it may have a path of its own. */
  endpoint: string;
  /** false: no page events by themselves. */
  autoPage?: boolean | "true" | "false" | undefined;
  /** What the visitor has said so far; granted where not given. */
  consent?: Consent | undefined;
  /** true: take a browser that asks not to be tracked (GPC, DNT) for any other; else it counts as denied. */
  ignoreSignals?: boolean | "true" | undefined;
  /** Other domains of the same operator, parted by commas: links to them say who the visitor is. */
  domains?: string | undefined;
}

/** Every call returns at once and throws nothing. */
export interface Waystage {
  page(name?: string | Properties | null, properties?: Properties): void;
  track(event: string, properties?: Properties): void;
  identify(userId?: Id | Properties | null, traits?: Properties): void;
  /** `previousId` is the user id known so far where not given, else the anonymous id. */
  alias(userId: Id, previousId?: Id): void;
  group(groupId: Id, traits?: Properties): void;
  /** Forget the user, for example at log-out: the next event comes from somebody new. */
  reset(): void;
  ready(callback: () => void): void;
  /** What the visitor has decided. */
  consent(decision: Consent): void;
}

/** A first argument that may be left out: (name, rest), (rest) or (null, rest). */
const split = (first: Id | Properties | null | undefined, rest: Properties | undefined): [Id | undefined, Properties | undefined] =>
  typeof (first ?? {}) === "object" ? [undefined, (first as Properties) ?? rest] : [first as Id, rest];

/** Opens what this browser keeps, sends what earlier pages left, and listens for other pages and for the end of this one. */
export const createWaystage = ({ writeKey, endpoint, consent, autoPage, ignoreSignals, domains }: Options): Waystage => {
  const now = momentReader();
  let held: (() => void)[] = [];
  const granted = () => consent === "granted";
  const schedule = openSender(writeKey, endpoint, granted);

  /** Do what waits for consent, or let go of it; the oldest give way. */
  const settle = () => {
    if (granted()) held.forEach(attempt);
    held = consent === "pending" ? held.slice(-MAX_EVENTS) : [];
    schedule();
  };
  const decide = (decision: Consent) => {
    consent = decision;
    if (consent === "denied") forget();
    settle();
  };
  /** A method that records what `said` returns, as of the moment it was called. */
  const method =
    <Args extends unknown[]>(said: (moment: Moment, ...args: Args) => Call | void): ((...args: Args) => void) =>
    (...args) => {
      const moment = now();
      held.push(() => {
        const call = said(moment, ...args);
        if (call) add(wireEvent(call, moment), writeKey);
      });
      settle();
    };

  const client: Waystage = {
    page: method(({ page }, first, rest) => {
      const [name, properties] = split(first, rest);
      return { type: "page", name, properties: { ...page, ...properties } };
    }),
    track: method((_, event, properties) => ({ type: "track", event, properties })),
    identify: method((_, first, rest) => {
      const [userId, traits] = split(first, rest);
      if (userId) rememberUser(userId);
      return { type: "identify", traits };
    }),
    alias: method((_, userId, previousId = currentUserId() ?? anonymousId()) => ({ type: "alias", userId, previousId })),
    group: method((_, groupId, traits) => ({ type: "group", groupId, traits })),
    reset: method(renew),
    ready: (callback) => void Promise.resolve().then(callback),
    consent: decide,
  };

  decide(!ignoreSignals && (navigator.globalPrivacyControl || navigator.doNotTrack === "1") ? "denied" : (consent ?? "granted"));
  if (LINKS && domains) {
    const id = arrived();
    if (id) method(() => void keep(id))();
    carry(domains, () => (granted() ? anonymousId() : undefined));
  }
  if (`${autoPage}` !== "false") followPages(client.page);
  return client;
};
