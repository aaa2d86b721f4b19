/** Small marks that stand in several places. */

import { h } from "./element";
import { ago, instant, named } from "./format";
import type { Stages } from "./stages";
import type { Identifier } from "./wire";

/** A stage: its dot in its colour, and its label. */
export function stageBadge(stage: string | null, stages: Stages): HTMLElement {
  const tone = stages.tone(stage);
  return h("span", { class: tone === null ? "stage" : `stage tone-${tone}` }, stages.label(stage));
}

export function channelChip(channel: string): HTMLElement {
  return h("span", { class: "chip" }, named(channel));
}

export function identifierChip({ kind, value }: Identifier): HTMLElement {
  return h("span", { class: "chip" }, h("span", { class: "kind" }, named(kind)), " ", h("span", { class: "value" }, value));
}

/** An instant as people say it, and exactly under the pointer. */
export function moment(at: string): HTMLElement {
  return h("time", { datetime: at, title: instant(at) }, ago(at, new Date()));
}
