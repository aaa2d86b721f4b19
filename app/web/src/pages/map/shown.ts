/** What is shown of an answer: the stages, with the same stages of the others beside them. */

import type { Query } from "../../asking/ask";
import type { JourneyMap, MapStage, Ranked, Stall } from "./wire";

/** A and B of one stage. */
export interface Both {
  a: MapStage;
  b: MapStage | null;
  stallA: Stall | null;
  stallB: Stall | null;
}

/** What the numbers of A and of B are asked for with. */
export interface Asking {
  a: Query;
  b: Query | null;
}

/** Stages of A in their order, each with its counterpart: as the answer has it, or of an answer about the others. */
export function together(map: JourneyMap, others: JourneyMap | undefined, stallsA: Stall[] = [], stallsB: Stall[] = []): Both[] {
  const named = <T extends { stage: string }>(all: readonly T[], stage: string) => all.find((each) => each.stage === stage) ?? null;
  return map.stages.map((a) => ({
    a,
    b: a.compared ?? named(others?.stages ?? [], a.stage),
    stallA: named(stallsA, a.stage),
    stallB: named(stallsB, a.stage),
  }));
}

export interface Line {
  name: string | null;
  a: number | null;
  b: number | null;
}

/** The names that A or B lists with their counts in both, the most in A first. What is not listed is nothing only where all are listed. */
export function lines(a: Ranked, b: Ranked | null, countOf: (row: Ranked["listed"][number]) => number = ({ count }) => count): Line[] {
  const read = (ranked: Ranked | null, name: string | null) => {
    const row = ranked?.listed.find((each) => each.name === name);
    if (row) return countOf(row);
    return ranked && ranked.other.names === 0 ? 0 : null;
  };
  const names = [...new Set([...a.listed, ...(b?.listed ?? [])].map(({ name }) => name))];
  return names.map((name) => ({ name, a: read(a, name), b: b && read(b, name) })).sort((one, other) => (other.a ?? -1) - (one.a ?? -1));
}

export function anybody(map: JourneyMap): boolean {
  return map.stages.some(({ at_start, entries, at_end }) => at_start + entries + at_end > 0);
}

/** A less B, null where either has none. */
export function less(a: number | null | undefined, b: number | null | undefined): number | null {
  return a === null || a === undefined || b === null || b === undefined ? null : a - b;
}
