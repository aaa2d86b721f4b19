/** What of this page the address says, and how touches and conversions are called. */

import type { Query } from "../../asking/ask";
import { Stages, UNORDERED } from "../../stages";
import type { View } from "../../frame/view";
import { FILTERS } from "../../view";
import { said } from "../../words/language";
import { WORDS } from "./words";

export const BYS = ["channel", "utm_campaign", "utm_source", "utm_medium", "utm_content", "utm_term", "kind"] as const;
export type By = (typeof BYS)[number];
export const LOOKBACKS = [7, 14, 30, 60, 90, 365] as const;

/** What the service tells after which touches journeys stop by. */
const ENDED_BY = ["channel", "utm_source", "utm_medium", "utm_campaign", "kind"];
const BOUGHT = "purchase";

export function byOf(view: View): By {
  return BYS.find((by) => by === view.params["by"]) ?? "channel";
}

/** Whether the service knows where journeys stop: by this, in a model that orders its stages. */
export function endsOf(view: View, by: By): boolean {
  return ENDED_BY.includes(by) && view.model?.model !== UNORDERED;
}

/** What asks about a value alone; an empty one is none. */
export function exactly(name: string, value: string | null): Query {
  return { [name]: [value ?? ""] };
}

export function valueWords(view: View, by: By, value: string | null): string {
  if (value === null) return said(WORDS).unset;
  if (by === "channel") return view.channel(value);
  return by === "kind" ? view.kind(value) : value;
}

/** The filter that a value of the touch can be. */
export function filterOf(by: By): string | null {
  return FILTERS.find((filter) => filter === by) ?? null;
}

/** The stages that events enter. */
export function stepsOf(view: View): string[] {
  const declared = view.model?.stages ?? [];
  const entered = declared.filter(({ rules }) => rules === undefined || rules.length > 0).map(({ stage }) => stage);
  return entered.length ? entered : new Stages(view.model).names;
}

/** The conversion of the address, as the service is asked for it; else the purchase, else the furthest stage. */
export function conversionOf(view: View): string {
  const steps = stepsOf(view);
  const usual = steps.includes(BOUGHT) ? BOUGHT : steps.at(-1);
  return view.params["conversion"] || (usual ? `stage:${usual}` : "");
}

export function creditQuery(view: View, by: By): Query {
  const conversion = conversionOf(view);
  const from_stage = conversion.startsWith("stage:") ? view.params["from_stage"] : undefined;
  return { ...view.query, by, conversion, from_stage, lookback: `${lookbackOf(view)}d`, reset: view.params["reset"] === "1" };
}

export function lookbackOf(view: View): number {
  const days = Number(view.params["lookback"]);
  return LOOKBACKS.find((each) => each === days) ?? 30;
}
