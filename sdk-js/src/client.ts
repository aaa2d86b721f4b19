import { pageReader, wireEvent, type Call, type Id, type Properties } from "./events.js";
import { add } from "./queue.js";
import { openSender } from "./sender.js";
import { attempt } from "./store.js";
import { anonymousId, forget, rememberUser, userId as currentUserId } from "./visitor.js";

export type { Id, Properties };

export interface Options {
  writeKey: string;
  /** Where Waystage listens, without /v1/batch. */
  endpoint: string;
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
}

/** A first argument that may be left out: (name, rest), (rest) or (null, rest). */
function split(first: Id | Properties | null | undefined, rest: Properties | undefined): [Id | undefined, Properties | undefined] {
  return first == null || typeof first === "object" ? [undefined, first ?? rest] : [first, rest];
}

function quiet<Args extends unknown[]>(run: (...args: Args) => void): (...args: Args) => void {
  return (...args) => void attempt(() => run(...args));
}

/** Opens what this browser keeps, sends what earlier pages left, and listens for the end of the page. */
export function createWaystage({ writeKey, endpoint }: Options): Waystage {
  const currentPage = pageReader();
  const sender = openSender(writeKey, endpoint);
  const record = (call: Call) => {
    add(wireEvent(call, currentPage()), writeKey);
    sender.schedule();
  };

  addEventListener("pagehide", sender.beacon);
  document.addEventListener("visibilitychange", () => document.hidden && sender.beacon());
  sender.schedule();

  return {
    page: quiet((first, rest) => {
      const [name, properties] = split(first, rest);
      record({ type: "page", name, properties: { ...currentPage(), ...properties } });
    }),
    track: quiet((event, properties) => record({ type: "track", event, properties })),
    identify: quiet((first, rest) => {
      const [userId, traits] = split(first, rest);
      if (userId != null) rememberUser(`${userId}`);
      record({ type: "identify", traits });
    }),
    alias: quiet((userId, previousId = currentUserId() ?? anonymousId()) => record({ type: "alias", userId, previousId })),
    group: quiet((groupId, traits) => record({ type: "group", groupId, traits })),
    reset: quiet(forget),
    ready: quiet(queueMicrotask),
  };
}
