/** The answer of /v1/transitions with what this page asks for beside counts, and which of it the address names. */

import type { Params } from "../../address";
import type { Query } from "../../asking/ask";
import type { StageRow, Transition, Transitions } from "../../asking/wire";

export interface Distributed extends Transitions {
  bounds: number[];
  transitions: (Transition & { histogram: number[] })[];
}

/** `group` is null for entries without any; the last may be `other`. */
export interface Group {
  group: string | null;
  stages: StageRow[];
  transitions: Transition[];
}

export interface BrokenDown extends Transitions {
  breakdown: string;
  groups: Group[];
}

/** A transition by its two stages; `from` is null at the beginning of a journey. */
export type Pair = Pick<Transition, "from" | "to">;

/** The name of a pair: unambiguous whatever the stages are called. */
export function pairKey({ from, to }: Pair): string {
  return JSON.stringify([from, to]);
}

/** The transition that the address names by `from_stage` and `to_stage`; else the largest that leads from a stage, else the largest. */
export function chosen<Row extends Transition>(rows: readonly Row[], params: Params): Row | undefined {
  const named = pairKey({ from: params["from_stage"] || null, to: params["to_stage"] ?? "" });
  const bySize = [...rows].sort((a, b) => b.count - a.count);
  return rows.find((row) => pairKey(row) === named) ?? bySize.find(({ from }) => from !== null) ?? bySize[0];
}

/** What the address says of a pair. */
export function choosing({ from, to }: Pair): Params {
  return { from_stage: from ?? "", to_stage: to };
}

/** What asks for the people of a transition: `address` leaves empty values out, but an empty stage and group are null here. */
export function peopleOf(query: Query, { from, to }: Pair, group?: string | null): Query {
  return { ...query, from_stage: [from ?? ""], to_stage: to, ...(group !== undefined && { group: [group ?? ""] }) };
}
