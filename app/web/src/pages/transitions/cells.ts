/** Transitions as a matrix: a row for each stage before, a column for each stage after. */

import type { Transition } from "../../asking/wire";
import type { Stages } from "../../stages";
import { pairKey } from "./answer";

export const MOST = 16;

/** A stage, or `rest`: all those that have no row or column of their own. `null` is the beginning of a journey. */
export type End = { stage: string | null; rest: false } | { rest: true };

/** `move` is null where the cell sums up several transitions. `share` is of the row. */
export interface Cell {
  count: number;
  share: number;
  move: Transition | null;
  back: boolean;
}

export interface Matrix {
  rows: { end: End; total: number; cells: (Cell | null)[] }[];
  columns: { end: End; total: number }[];
  /** The largest count of a cell, and how many stages are summed as the rest. */
  largest: number;
  rest: number;
}

/** The stages with the most transitions keep their own row and column, in the model's order; of a model without an order the largest first. */
export function matrixOf(moves: readonly Transition[], stages: Stages, most = MOST): Matrix {
  const real = moves.filter(({ count }) => count > 0);
  const known = stagesOf(real, stages);
  const own = new Set(known.slice(0, most));
  const names = stages.ordered ? stages.names.filter((name) => own.has(name)) : [...own];
  const rest: End[] = known.length > own.size ? [{ rest: true }] : [];
  const columns: End[] = [...names.map(plainEnd), ...rest];
  const rows: End[] = [...(real.some(({ from }) => from === null) ? [plainEnd(null)] : []), ...columns];
  const cells = summed(real, own);
  const total = (parts: (Cell | null)[]) => parts.reduce((sum, cell) => sum + (cell?.count ?? 0), 0);
  const filled = rows.map((row) => columns.map((column) => cells.get(cellKey(row, column)) ?? null));
  return {
    rows: rows.map((end, at) => rowOf(end, filled[at] ?? [], total(filled[at] ?? []), columns, stages)),
    columns: columns.map((end, at) => ({ end, total: total(filled.map((row) => row[at] ?? null)) })),
    largest: Math.max(0, ...filled.flat().map((cell) => cell?.count ?? 0)),
    rest: known.length - own.size,
  };
}

function rowOf(end: End, cells: (Cell | null)[], total: number, columns: End[], stages: Stages) {
  const back = (at: number) => {
    const column = columns[at];
    return !end.rest && column !== undefined && !column.rest && column.stage !== null && stages.back(end.stage, column.stage);
  };
  return { end, total, cells: cells.map((cell, at) => cell && { ...cell, share: cell.count / total, back: back(at) }) };
}

/** The stages that anybody enters or leaves, and where they stand in an order all that it has; those with the most transitions first. */
function stagesOf(moves: readonly Transition[], stages: Stages): string[] {
  const sizes = new Map(stages.ordered ? stages.names.map((name) => [name, 0]) : []);
  for (const { from, to, count } of moves) {
    for (const stage of [from, to]) if (stage !== null) sizes.set(stage, (sizes.get(stage) ?? 0) + count);
  }
  return [...sizes].sort(([, a], [, b]) => b - a).map(([stage]) => stage);
}

function summed(moves: readonly Transition[], own: ReadonlySet<string>): Map<string, Cell> {
  const end = (stage: string | null): End => (stage === null || own.has(stage) ? plainEnd(stage) : { rest: true });
  const cells = new Map<string, Cell>();
  for (const move of moves) {
    const [row, column] = [end(move.from), end(move.to)];
    const key = cellKey(row, column);
    const single = !row.rest && !column.rest;
    cells.set(key, { count: (cells.get(key)?.count ?? 0) + move.count, share: 0, move: single ? move : null, back: false });
  }
  return cells;
}

function plainEnd(stage: string | null): End {
  return { stage, rest: false };
}

function cellKey(row: End, column: End): string {
  return JSON.stringify([row, column]);
}

export function endKey(end: End): string {
  return end.rest ? "rest" : pairKey({ from: end.stage, to: "" });
}
