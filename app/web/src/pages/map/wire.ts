/** What /v1/journey-map and /v1/stalls answer. Times are in seconds. */

import type { Dwell, StageRow, Transition } from "../../asking/wire";

/** The most frequent names, and what all others come to. */
export interface Ranked {
  listed: { name: string | null; count: number; customers?: number }[];
  other: { names: number; count: number };
}

/** Who entered a stage and went to a stage further on in time: reached = converted + still_in_window + dropped. */
export interface Further {
  to: string[];
  within: number;
  reached: number;
  converted: number;
  still_in_window: number;
  dropped: number;
  conversion: number | null;
  time_to_convert: Dwell;
}

export interface Ratings {
  count: number;
  mean: number | null;
  values: { rating: number; count: number }[];
  other: number;
}

export type Verdict = "met" | "missed" | "open" | "no data";
export type Goal = "conversion" | "days" | "rating";

export interface Measured {
  target: number;
  measured: number | null;
  verdict: Verdict;
}

/** `further` is null where no stage lies further on; `came_from` are all transitions into the stage. */
export interface MapStage extends StageRow {
  further: Further | null;
  came_from: Transition[];
  channels: Ranked;
  actions: Ranked;
  touch_kinds: Ranked;
  touch_channels: Ranked;
  rating: Ratings;
  target: Partial<Record<Goal, Measured>> | null;
  compared?: MapStage;
}

export interface JourneyMap {
  model: string;
  version: number;
  within: string;
  from: string | null;
  to: string | null;
  as_of: string;
  compared_with?: { from: string | null; to: string | null };
  stages: MapStage[];
}

/** `limit` is how long one may stay in a stage, null where nothing says. */
export interface Stall {
  stage: string;
  limit: number | null;
  there: number;
  stalled: number;
}

export interface Stalls {
  stages: Stall[];
}
