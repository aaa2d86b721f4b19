/** Columns of a table and the order of its rows. */

import type { Child } from "./element";

/** `value` is what the column is sorted by; `show` what stands in the cell. */
export interface Column<Row> {
  name: string;
  title: string;
  numeric?: boolean;
  value: (row: Row) => string | number | null;
  show: (row: Row) => Child;
}

export interface Order {
  column: string;
  descending: boolean;
}

/** The rows in order; absent values come last either way, equal ones keep their order. */
export function inOrder<Row>(rows: Row[], columns: Column<Row>[], order: Order): Row[] {
  const column = columns.find(({ name }) => name === order.column);
  if (!column) return rows;
  return [...rows].sort((a, b) => compared(column.value(a), column.value(b), order.descending));
}

function compared(a: string | number | null, b: string | number | null, descending: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const ascending = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
  return descending ? -ascending : ascending;
}

/** The order after a click on a header: numbers start with the largest, words with A; a second click turns it round. */
export function turned<Row>(order: Order, column: Column<Row>): Order {
  if (order.column === column.name) return { ...order, descending: !order.descending };
  return { column: column.name, descending: Boolean(column.numeric) };
}
