/** What the map is compared with: another window, or other customers. All of it stands in the address. */

import type { Params } from "../../address";
import type { Query } from "../../asking/ask";
import { daysLater, FILTERS, traitsOf, windowOf } from "../../view";

export const AGAINST = ["period", "year", "dates", "segment"] as const;
export type Against = (typeof AGAINST)[number];

/** How the filters of the others are called in the address. */
export const OTHERS = "b.";

/** `asked` is what the map's own question says beside its own parameters; `query` what a question about the others alone says. */
export interface Comparison {
  against: Against;
  asked: Query;
  query: Query;
}

export function comparisonOf(params: Params, query: Query, today: string): Comparison | null {
  const against = AGAINST.find((each) => each === params["against"]);
  if (!against) return null;
  if (against === "segment") return { against, asked: {}, query: { ...query, ...othersOf(params) } };
  const window = otherWindow(against, params, query, today);
  if (!window) return null;
  return { against, asked: { compare_from: window.from, compare_to: window.to }, query: { ...query, from: window.from, to: window.to } };
}

/** Which comparisons a window allows: before all time lies nothing. */
export function offered(query: Query): Against[] {
  return AGAINST.filter((each) => each !== "period" || typeof query["from"] === "string");
}

function othersOf(params: Params): Query {
  const filters = Object.fromEntries(FILTERS.map((name) => [name, params[OTHERS + name]]));
  return { ...filters, trait: traitsOf({ trait: params[`${OTHERS}trait`] ?? "" }) };
}

function otherWindow(against: Exclude<Against, "segment">, params: Params, query: Query, today: string): { from?: string; to?: string } | null {
  const from = typeof query["from"] === "string" ? query["from"] : null;
  const to = typeof query["to"] === "string" ? query["to"] : daysLater(today, 1);
  switch (against) {
    case "period":
      return from === null ? null : { from: daysLater(from, -daysBetween(from, to)), to: from };
    case "year":
      return { ...(from !== null && { from: yearEarlier(from) }), to: yearEarlier(to) };
    case "dates": {
      const chosen = windowOf({ window: "dates", from: params["compare_from"] ?? "", to: params["compare_to"] ?? "" }, today);
      return chosen.from ?? chosen.to ? chosen : null;
    }
  }
}

function daysBetween(from: string, to: string): number {
  return Math.max(1, Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000));
}

/** The same day of the year before; of 29 February the 28th. */
export function yearEarlier(day: string): string {
  const [year = "", month = "", date = ""] = day.split("-");
  const earlier = String(Number(year) - 1).padStart(4, "0");
  return `${earlier}-${month}-${month === "02" && date === "29" ? "28" : date}`;
}
