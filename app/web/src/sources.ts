/** What sends events, and when it last did. */

import { byId, h, keep } from "./element";
import { ABSENT, counted, instant } from "./format";
import type { Source } from "./wire";

export function showSources(sources: Source[]): void {
  byId("sources", HTMLElement).hidden = sources.length === 0;
  keep(byId("source-list", HTMLElement), sources.map(sourceItem));
}

function sourceItem({ name, kind, last_event_at, events_24h }: Source): HTMLElement {
  const last = last_event_at ? instant(last_event_at) : ABSENT;
  const note = h("span", { class: "note" }, `${counted(events_24h, "event")} in 24 hours · last ${last}`);
  return h("li", { "data-key": name }, h("strong", {}, name), " ", h("span", { class: "chip" }, kind), " ", note);
}
