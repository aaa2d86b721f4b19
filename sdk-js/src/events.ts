import { DROPPED } from "./queue.js";
import { count, read } from "./store.js";
import { anonymousId, userId, uuid } from "./visitor.js";

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

/** An event as the Segment spec writes it. */
export interface WireEvent extends Call {
  messageId: string;
  timestamp: string;
  anonymousId: string;
  context: Properties;
}

/** The url without its fragment, which may hold secrets. */
const currentUrl = () => location.href.split("#")[0]!;

/** Describes the page at each call. Where scripts change the url, the referrer is the url before. */
export function pageReader(): () => Properties {
  let { referrer } = document;
  let url = currentUrl();
  return () => {
    if (url !== currentUrl()) referrer = url;
    url = currentUrl();
    const { pathname: path, search } = location;
    return { url, path, title: document.title, referrer, search };
  };
}

/** The call as an event: who, when and in which place is settled here, so that sending it again repeats the same event. */
export function wireEvent(call: Call, page: Properties): WireEvent {
  const context = {
    page,
    library: { name: "waystage", version: VERSION },
    sequence: count("waystage.sequence"),
    dropped: Number(read(DROPPED)) || undefined,
  };
  return { messageId: uuid(), timestamp: new Date().toISOString(), anonymousId: anonymousId(), userId: userId(), context, ...call };
}
