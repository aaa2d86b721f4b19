/** Columns of a table and the order of its rows. */

import type { ComponentChildren } from "preact";

export type Cell = string | number | null;

/** `value` is what the column is sorted by and what a CSV says (`csv` where that differs); `show` what stands in the cell. */
export interface Column<Row> {
  name: string;
  title: string;
  numeric?: boolean;
  value: (row: Row) => Cell;
  csv?: (row: Row) => Cell;
  show?: (row: Row) => ComponentChildren;
}

export interface Order {
  column: string;
  descending: boolean;
}

/** "dwell" and "-dwell", as an address says it. */
export function readOrder(text: string | undefined, fallback: Order): Order {
  if (!text) return fallback;
  return text.startsWith("-") ? { column: text.slice(1), descending: true } : { column: text, descending: false };
}

export function writeOrder({ column, descending }: Order): string {
  return descending ? `-${column}` : column;
}

/** The rows in order; absent values come last either way, equal ones keep their order. */
export function inOrder<Row>(rows: readonly Row[], columns: readonly Column<Row>[], order: Order): readonly Row[] {
  const column = columns.find(({ name }) => name === order.column);
  if (!column) return rows;
  return [...rows].sort((a, b) => compared(column.value(a), column.value(b), order.descending));
}

function compared(a: Cell, b: Cell, descending: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const ascending = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
  return descending ? -ascending : ascending;
}

/** The order after a click on a header: numbers start with the largest, words with A; a second click turns it round. */
export function turned<Row>(order: Order, column: Column<Row>): Order {
  if (order.column === column.name) return { ...order, descending: !order.descending };
  return { column: column.name, descending: Boolean(column.numeric) };
}
