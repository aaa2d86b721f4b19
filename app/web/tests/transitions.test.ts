import assert from "node:assert/strict";
import { test } from "node:test";
import { address } from "../src/asking/ask";
import type { Transition } from "../src/asking/wire";
import { barsOf, placeOf } from "../src/charts/histogram";
import { ticksBetween } from "../src/charts/spans";
import { chosen, choosing, peopleOf } from "../src/pages/transitions/answer";
import { matrixOf } from "../src/pages/transitions/cells";
import { Stages } from "../src/stages";

const STAGES = new Stages({ model: "shop", version: 1, state: "active", stages: ["seen", "tried", "paid"].map((stage) => ({ stage })) });
const BOUNDS = Array.from({ length: 27 }, (_, power) => 2 ** power);

function move(from: string | null, to: string, count: number): Transition {
  return { from, to, count, customers: count, share: 1, dwell: { median: null, p90: null } };
}

test("a matrix has the model's order, sums its rows and columns, and knows what leads back", () => {
  const { rows, columns, largest, rest } = matrixOf([move(null, "seen", 9), move("seen", "tried", 6), move("tried", "paid", 3), move("tried", "seen", 1)], STAGES);
  assert.deepEqual(rows.map(({ total }) => total), [9, 6, 4, 0]);
  assert.deepEqual(columns.map(({ total }) => total), [10, 6, 3]);
  assert.deepEqual(rows.map(({ cells }) => cells.map((cell) => cell?.count ?? 0)), [[9, 0, 0], [0, 6, 0], [1, 0, 3], [0, 0, 0]]);
  assert.deepEqual(rows[2]?.cells.map((cell) => cell && [cell.share, cell.back]), [[0.25, true], null, [0.75, false]]);
  assert.deepEqual([largest, rest], [9, 0]);
});

test("a thousand names stay a matrix that can be read, and nothing is lost", () => {
  const moves = Array.from({ length: 5_000 }, (_, at) => move(at % 1_000 ? `name ${at % 1_000}` : null, `name ${(at * 7) % 999}`, 1 + (at % 50)));
  const merged = [...new Map(moves.map((each) => [JSON.stringify([each.from, each.to]), each])).values()];
  const { rows, columns, rest } = matrixOf(merged, new Stages(undefined));
  assert.ok(rows.length <= 18 && columns.length === 17);
  const all = merged.reduce((sum, { count }) => sum + count, 0);
  assert.equal(rows.reduce((sum, { total }) => sum + total, 0), all);
  assert.equal(columns.reduce((sum, { total }) => sum + total, 0), all);
  assert.equal(rest, 984);
  assert.ok(columns.at(-1)?.end.rest);
  const single = rows.flatMap(({ end, cells }) => cells.map((cell, at) => [cell, !end.rest && !columns[at]?.end.rest] as const));
  assert.ok(single.every(([cell, alone]) => !cell || (cell.move !== null) === alone));
});

test("hostile names stay apart in a matrix", () => {
  const names = ["__proto__", "constructor", "rest", "null", ""];
  const { rows, columns } = matrixOf(names.flatMap((name) => [move(null, name, 1), move(name, "end", 1)]), new Stages(undefined));
  assert.equal(rows.length, names.length + 2);
  assert.equal(columns.length, names.length + 1);
});

test("the address names the transition, else it is the largest that leads from a stage", () => {
  const moves = [move(null, "seen", 9), move("seen", "tried", 3), move("tried", "paid", 5)];
  assert.equal(chosen(moves, {}), moves[2]);
  assert.equal(chosen(moves, choosing(move("seen", "tried", 0))), moves[1]);
  assert.equal(chosen(moves, choosing(move(null, "seen", 0))), moves[0]);
  assert.equal(chosen(moves, { from_stage: "no", to_stage: "where" }), moves[2]);
  assert.equal(chosen(moves.slice(0, 1), {}), moves[0]);
  assert.equal(chosen([], {}), undefined);
});

test("the beginning of a journey and the group of those without are asked for by empty values", () => {
  assert.equal(address("/x", peopleOf({ mode: "every" }, move(null, "a b", 1), null)), "/x?mode=every&from_stage=&to_stage=a+b&group=");
  assert.equal(address("/x", peopleOf({}, move("a", "b", 1))), "/x?from_stage=a&to_stage=b");
});

test("bars reach from the first to the last that hold anything", () => {
  const counts = Array.from({ length: 28 }, () => 0);
  assert.deepEqual(barsOf(counts, BOUNDS), []);
  Object.assign(counts, { 0: 2, 2: 5, 27: 1 });
  const bars = barsOf(counts, BOUNDS);
  assert.equal(bars.length, 28);
  assert.deepEqual(bars[0], { place: 0, from: null, to: 1, count: 2 });
  assert.deepEqual(bars[2], { place: 2, from: 2, to: 4, count: 5 });
  assert.deepEqual(bars[27], { place: 27, from: 2 ** 26, to: null, count: 1 });
});

test("a span lies in its bar, and later spans lie further right", () => {
  assert.deepEqual([0, 0.5, 1, 2, 4, 2 ** 26].map((seconds) => placeOf(seconds, BOUNDS)), [0, 0.5, 1, 2, 3, 27]);
  const places = Array.from({ length: 2_000 }, (_, at) => placeOf(1.5 ** (at / 50), BOUNDS));
  assert.ok(places.every((place, at) => at === 0 || place >= (places[at - 1] ?? 0)));
  assert.ok(placeOf(1e12, BOUNDS) <= 28);
});

test("round spans on an axis keep their distance", () => {
  const ticks = ticksBetween(0, 28, (seconds) => placeOf(seconds, BOUNDS), 300);
  assert.ok(ticks.length >= 3 && ticks.length <= 5);
  assert.ok(ticks.every(({ place }, at) => at === 0 || (place - (ticks[at - 1]?.place ?? 0)) * (300 / 28) >= 62));
});
