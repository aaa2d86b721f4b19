/** A table that its headers sort; the order stands in the address. */

import { useState } from "preact/hooks";
import { useView } from "../frame/view";
import { count } from "../words/format";
import { FRAME } from "../words/frame";
import { said } from "../words/language";
import { type Column, inOrder, type Order, readOrder, turned, writeOrder } from "./sorting";

const ROWS_SHOWN = 25;

interface TableProps<Row> {
  /** Its name in the address. */
  name: string;
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  order: Order;
  /** Rows that stand under all others whatever the order, as a rest and a sum do. */
  foot?: readonly Row[];
  /** Rows that are shown at first. */
  most?: number;
  /** The key of a row that is marked, or those of several. */
  marked?: string | ReadonlySet<string> | null;
  /** The key of the row that is pointed at. */
  onPoint?: (key: string | null) => void;
}

export function Table<Row>({ name, caption, columns, rows, keyOf, order: usual, foot = [], most = ROWS_SHOWN, marked = null, onPoint }: TableProps<Row>) {
  const view = useView();
  const [whole, setWhole] = useState(false);
  const order = readOrder(view.params[`${name}.sort`], usual);
  const ordered = inOrder(rows, columns, order);
  const shown = whole ? ordered : ordered.slice(0, most);
  const sort = (column: Column<Row>) => view.set({ [`${name}.sort`]: writeOrder(turned(order, column)) }, true);
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
        <table>
          <caption class="unseen">{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column.name} scope="col" class={column.numeric ? "number" : undefined} aria-sort={sortOf(column, order)}>
                  {column.title && <button type="button" onClick={() => sort(column)}>{column.title}</button>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody onPointerLeave={() => onPoint?.(null)}>
            {shown.map((row) => (
              <tr key={keyOf(row)} class={isMarked(keyOf(row), marked) ? "marked" : undefined} onPointerEnter={() => onPoint?.(keyOf(row))}>
                <Cells columns={columns} row={row} />
              </tr>
            ))}
          </tbody>
          {foot.length > 0 && <tfoot>{foot.map((row) => <tr key={keyOf(row)}><Cells columns={columns} row={row} /></tr>)}</tfoot>}
        </table>
      </div>
      {shown.length < ordered.length && <button type="button" class="quiet more" onClick={() => setWhole(true)}>{said(FRAME).showRows(count(ordered.length))}</button>}
    </>
  );
}

function Cells<Row>({ columns, row }: { columns: readonly Column<Row>[]; row: Row }) {
  return <>{columns.map((column) => <td key={column.name} class={column.numeric ? "number" : undefined}>{(column.show ?? column.value)(row)}</td>)}</>;
}

function isMarked(key: string, marked: string | ReadonlySet<string> | null): boolean {
  return typeof marked === "object" ? Boolean(marked?.has(key)) : key === marked;
}

function sortOf<Row>(column: Column<Row>, order: Order): "ascending" | "descending" | undefined {
  if (column.name !== order.column) return undefined;
  return order.descending ? "descending" : "ascending";
}
