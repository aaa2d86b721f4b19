/** A table that its headers sort. Rows are mended in place. */

import { h, keep } from "./element";
import { count } from "./format";
import { type Column, inOrder, type Order, turned } from "./sorting";

const ROWS_SHOWN = 25;

export class SortedTable<Row> {
  private rows: Row[] = [];
  private marked: string | null = null;
  private whole = false;
  private readonly heads = new Map<string, HTMLTableCellElement>();
  private readonly body = h("tbody", {});
  private readonly more = h("button", { type: "button", class: "quiet more", hidden: true });

  constructor(
    place: HTMLElement,
    caption: string,
    private readonly columns: Column<Row>[],
    private readonly keyOf: (row: Row) => string,
    private order: Order,
  ) {
    const head = h("tr", {}, ...columns.map((column) => this.head(column)));
    const table = h("table", {}, h("caption", { class: "unseen" }, caption), h("thead", {}, head), this.body);
    place.append(h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption }, table), this.more);
    this.more.addEventListener("click", () => this.showWhole());
  }

  /** Calls back with the key of the row under the pointer, null when it leaves. */
  onPoint(react: (key: string | null) => void): void {
    this.body.addEventListener("pointerover", (event) => {
      react(event.target instanceof Element ? (event.target.closest("tr")?.dataset["key"] ?? null) : null);
    });
    this.body.addEventListener("pointerleave", () => react(null));
  }

  show(rows: Row[]): void {
    this.rows = rows;
    this.draw();
  }

  /** Marks one row and brings it into view. */
  mark(key: string | null): void {
    this.marked = key;
    this.draw();
    this.body.querySelector(".marked")?.scrollIntoView({ block: "nearest" });
  }

  private showWhole(): void {
    this.whole = true;
    this.draw();
  }

  private draw(): void {
    const ordered = inOrder(this.rows, this.columns, this.order);
    const shown = this.whole ? ordered : ordered.filter((row, at) => at < ROWS_SHOWN || this.keyOf(row) === this.marked);
    keep(this.body, shown.map((row) => this.row(row)));
    for (const [name, head] of this.heads) this.turnHead(name, head);
    this.more.hidden = shown.length === ordered.length;
    this.more.textContent = `Show all ${count(ordered.length)} rows`;
  }

  private row(row: Row): HTMLTableRowElement {
    const key = this.keyOf(row);
    const cells = this.columns.map((column) => h("td", { class: column.numeric ? "number" : undefined }, column.show(row)));
    const marked = key === this.marked;
    return h("tr", { "data-key": key, class: marked ? "marked" : undefined, "aria-current": marked ? "true" : undefined }, ...cells);
  }

  private head(column: Column<Row>): HTMLTableCellElement {
    const button = h("button", { type: "button" }, column.title);
    button.addEventListener("click", () => {
      this.order = turned(this.order, column);
      this.draw();
    });
    const head = h("th", { scope: "col", class: column.numeric ? "number" : undefined }, button);
    this.heads.set(column.name, head);
    return head;
  }

  private turnHead(name: string, head: HTMLTableCellElement): void {
    if (name !== this.order.column) head.removeAttribute("aria-sort");
    else head.setAttribute("aria-sort", this.order.descending ? "descending" : "ascending");
  }
}
