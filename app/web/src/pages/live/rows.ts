/** What is told, as rows: an event that arrived and what was derived of it are one row, the newest stands first. */

import type { AnyTold, DerivedTold, EventTold, FailedTold, LeftOutTold } from "./wire";

export const ROWS_MOST = 300;

export type Row = { key: string; at: string; source: string } & (
  | { what: "event"; event: EventTold; derived: DerivedTold | null; duplicate: boolean }
  | { what: "failed"; failed: FailedTold }
  | { what: "left_out"; left: LeftOutTold["what"]; events: number }
);

/** The rows after something more was told; the oldest go where they are too many. What is told twice changes nothing. */
export function withTold(rows: readonly Row[], told: readonly AnyTold[]): readonly Row[] {
  const kept = new Map([...rows].reverse().map((row) => [row.key, row]));
  for (const one of told) {
    const row = rowOf(one);
    const before = kept.get(row.key);
    kept.set(row.key, before ? joined(before, row) : row);
  }
  return [...kept.values()].reverse().slice(0, ROWS_MOST);
}

/** What only changes rows that are there already, so that nothing moves. */
export function known(rows: readonly Row[], told: readonly AnyTold[]): AnyTold[] {
  const keys = new Set(rows.map(({ key }) => key));
  return told.filter((one) => one.kind === "derived" && keys.has(rowOf(one).key));
}

function rowOf(told: AnyTold): Row {
  const [at, source] = [told.at ?? "", told.source ?? ""];
  const place = { key: `${told.kind} ${told.id ?? `${at} ${source}`}`, at, source };
  switch (told.kind) {
    case "failed":
      return { ...place, what: "failed", failed: told };
    case "left_out":
      return { ...place, what: "left_out", left: told.what, events: told.events };
    case "duplicate":
      return { ...place, what: "event", event: told, derived: null, duplicate: true };
    default:
      return { ...place, key: `event ${source} ${told.message_id}`, what: "event", event: told, derived: isDerived(told) ? told : null, duplicate: false };
  }
}

function isDerived(told: EventTold): told is DerivedTold {
  return told.kind === "derived";
}

/** A row keeps its place and its instant; what was derived is added. */
function joined(before: Row, row: Row): Row {
  if (before.what === "event" && row.what === "event") return { ...before, derived: row.derived ?? before.derived };
  return before;
}
