import { DROPPED } from "./queue.js";
import { count, number } from "./store.js";
import { anonymousId, newId, userId } from "./visitor.js";

declare const VERSION: string;

export type Id = string | number;
export type Properties = Record<string, unknown>;

/** What a call says. */
export interface Call {
  type: "page" | "track" | "identify" | "alias" | "group";
  userId?: Id | undefined;
  previousId?: Id;
  groupId?: Id;
  event?: string;
  name?: Id | undefined;
  properties?: Properties | undefined;
  traits?: Properties | undefined;
}

/** What is settled at the call, whenever and however often its event is sent. */
export interface Moment {
  messageId: string;
  timestamp: string;
  page: Properties;
}

/** An event as the Segment spec writes it. */
export interface WireEvent extends Call {
  messageId: string;
  timestamp: string;
  anonymousId: string;
  context: Properties;
}

/**
 * Describes the moment and the page at each call. The url stands without its fragment, which may hold secrets; where scripts change it, the
 * referrer is the url of the call before.
 */
export const momentReader = (): (() => Moment) => {
  let { referrer } = document;
  let last: string | undefined;
  return () => {
    const { href, pathname: path, search } = location;
    const [url] = href.split("#");
    if (url !== last) referrer = last ?? referrer;
    last = url;
    return { messageId: newId(), timestamp: new Date().toISOString(), page: { title: document.title, referrer, url, path, search } };
  };
};

/** The call as an event of this browser's visitor, with its number among the events of this browser. */
export const wireEvent = (call: Call, { page, ...moment }: Moment): WireEvent => {
  const context = {
    page,
    library: { name: "waystage", version: VERSION },
    dropped: number(DROPPED) || undefined,
    sequence: count("waystage.sequence"),
  };
  return { ...moment, anonymousId: anonymousId(), userId: userId(), context, ...call };
};
