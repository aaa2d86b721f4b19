/** The answer of /v1/funnel, and what asks for it. */

import type { Query } from "../../asking/ask";
import type { View } from "../../frame/view";
import type { Stages } from "../../stages";
import { nameOf, type Of, parseSteps, type Step, written, writeSteps } from "./steps";

export const PATH = "/v1/funnel";
export const GROUPS = 12;
export const WITHIN = "14d";
export const ORDERS = ["ordered", "strict", "any"] as const;
export const CREDITS = ["first", "last", "step"] as const;
export const OUTCOMES = ["reached", "converted", "still_in_window", "dropped"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface SurvivalPoint {
  seconds: number;
  share: number;
  at_risk: number;
}

/** Seconds from the step before; the first step has none. */
export interface TimeToConvert {
  median: number | null;
  p90: number | null;
  mean: number | null;
  histogram?: number[];
  survival?: SurvivalPoint[];
}

export interface FunnelStep extends Record<Outcome, number> {
  step: number;
  conversion: number | null;
  time_to_convert: TimeToConvert;
}

/** `group` is null for those without any; the last may be `other`. */
export interface FunnelGroup {
  group: string | null;
  steps: FunnelStep[];
}

export interface Funnel {
  as_of: string;
  from: string | null;
  to: string | null;
  within: string;
  steps: FunnelStep[];
  bounds?: number[];
  breakdown?: string;
  groups?: FunnelGroup[];
}

/** What the reader asks, as the address has it (`of` as steps_of); without steps those of the model, in its order. */
export interface Asking {
  of: Of;
  steps: Step[];
  within: string;
  order: (typeof ORDERS)[number];
  exclude: Step;
  credit: (typeof CREDITS)[number];
  breakdown: string;
}

export function askingOf({ params, stages }: Pick<View, "params" | "stages">): Asking {
  const of = params["steps_of"] === "events" ? "events" : "stages";
  const usual = of === "stages" && stages.ordered ? stages.names.map((name) => [written(name)]) : [];
  return {
    of,
    steps: params["steps"] ? parseSteps(params["steps"]) : usual,
    within: params["within"] || WITHIN,
    order: ORDERS.find((order) => order === params["order"]) ?? "ordered",
    exclude: parseSteps(params["exclude"] ?? "").flat(),
    credit: CREDITS.find((credit) => credit === params["credit"]) ?? "first",
    breakdown: params["breakdown"] ?? "",
  };
}

/** What says so to the API. */
export function questionOf({ of, steps, within, order, exclude }: Asking, query: Query): Query {
  return { ...query, of, steps: writeSteps(steps), within, order, exclude: exclude.join(",") };
}

/** The words for a step: its names, in any order its number alone. */
export function stepLabel(step: Step, of: Of, stages: Stages, or: string): string {
  return step.map((alternative) => (of === "stages" ? stages.label(nameOf(alternative)) : nameOf(alternative))).join(` ${or} `);
}
