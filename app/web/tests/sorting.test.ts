import assert from "node:assert/strict";
import { test } from "node:test";
import { type Column, inOrder, turned } from "../src/parts/sorting";

type Row = { name: string; size: number | null };
const COLUMNS: Column<Row>[] = [
  { name: "name", title: "Name", value: ({ name }) => name, show: ({ name }) => name },
  { name: "size", title: "Size", numeric: true, value: ({ size }) => size, show: ({ size }) => String(size) },
];
const ROWS: Row[] = [{ name: "b", size: 10 }, { name: "a", size: null }, { name: "c", size: 9 }, { name: "d", size: 10 }];

const names = (column: string, descending: boolean) => inOrder(ROWS, COLUMNS, { column, descending }).map(({ name }) => name).join("");

test("numbers by size, absent ones last either way, equal ones as they came", () => {
  assert.equal(names("size", true), "bdca");
  assert.equal(names("size", false), "cbda");
});

test("words by letters; an unknown column leaves the order", () => {
  assert.equal(names("name", false), "abcd");
  assert.equal(names("nowhere", false), "bacd");
});

test("a header starts with the largest number or with A, and turns round", () => {
  const [name, size] = COLUMNS as [Column<Row>, Column<Row>];
  assert.deepEqual(turned({ column: "name", descending: false }, size), { column: "size", descending: true });
  assert.deepEqual(turned({ column: "size", descending: true }, size), { column: "size", descending: false });
  assert.deepEqual(turned({ column: "size", descending: true }, name), { column: "name", descending: false });
});
