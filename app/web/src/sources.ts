/** What sends events, and when it last did. */

import { byId, h, keep } from "./element";
import { ago, counted } from "./format";
import type { Source } from "./wire";

export function showSources(sources: Source[]): void {
  byId("sources", HTMLElement).hidden = sources.length === 0;
  keep(byId("source-list", HTMLElement), sources.map(sourceItem));
}

function sourceItem({ name, kind, last_event_at, events_24h }: Source): HTMLElement {
  const words = last_event_at ? `${counted(events_24h, "event")} in 24 hours, the last ${ago(last_event_at, new Date())}` : "nothing yet";
  const note = h("span", { class: "note" }, words);
  return h("li", { "data-key": name }, h("strong", {}, name), " ", h("span", { class: "chip" }, kind), " ", note);
}
