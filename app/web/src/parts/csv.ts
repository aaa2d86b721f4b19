/** Tables as files. */

import type { Cell, Column } from "./sorting";

/** How a cell begins that a spreadsheet would reckon with. */
const ACTIVE = /^[\s\u00a0]*[=+\-@\t\r]/;

/** RFC 4180; text that a spreadsheet would take for a formula gets a leading apostrophe, numbers stay numbers. */
export function csvOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const lines = rows.map((row) => columns.map((column) => quoted((column.csv ?? column.value)(row))).join(","));
  return `${[columns.map(({ title }) => quoted(title)).join(","), ...lines].join("\r\n")}\r\n`;
}

function quoted(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const text = ACTIVE.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function saveText(name: string, text: string, type = "text/csv"): void {
  save(name, URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` })));
}

export function save(name: string, href: string): void {
  const link = document.createElement("a");
  link.href = href;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}
