import assert from "node:assert/strict";
import { test } from "node:test";
import { comparisonOf, offered, yearEarlier } from "../src/pages/map/comparing";
import { compared, welcome } from "../src/pages/map/differences";
import { flowOf, type Flow, type Ribbon, type StageFlow } from "../src/pages/map/flow_layout";
import { pathOf } from "../src/pages/map/outlines";
import { mapAsCsv } from "../src/pages/map/saved";
import { less, lines } from "../src/pages/map/shown";
import { commandLine, writeKeyOf } from "../src/pages/map/welcome";
import { count } from "../src/words/format";

const NAMES = ["look", "choose", "buy", "return"];
const MOVES: [from: string | null, to: string, count: number][] = [
  [null, "look", 100], [null, "choose", 20], ["look", "choose", 60], ["look", "buy", 5], ["choose", "buy", 40], ["buy", "choose", 12],
  ["buy", "return", 10], ["return", "look", 4], ["look", "return", 1],
];

/** Stages with these moves; who came and did not leave is still there. */
function stagesOf(names: string[], moves: typeof MOVES, before = 0): StageFlow[] {
  return names.map((stage) => {
    const entries = sum(moves.filter(([, to]) => to === stage));
    const exits = sum(moves.filter(([from]) => from === stage));
    const came_from = moves.filter(([, to]) => to === stage).map(([from, , count]) => ({ from, count }));
    return { stage, at_start: before, entries, exits, at_end: before + entries - exits, came_from };
  });
}

function sum(moves: typeof MOVES): number {
  return moves.reduce((total, [, , count]) => total + count, 0);
}

function points(ribbon: Ribbon): [number, number][] {
  return ribbon.outline.flatMap(([, ...all]) => all.map(([u, v]): [number, number] => [u, v]));
}

function named({ ribbons }: Flow, kind: string): string[] {
  return ribbons.filter((ribbon) => ribbon.kind === kind).map(({ from, to, count }) => `${from}>${to} ${count}`).sort();
}

test("bars stand over the middles of their columns and share one scale", () => {
  const { bars } = flowOf(stagesOf(NAMES, MOVES), 800, 300);
  assert.deepEqual(bars.map(({ u }) => u), [100, 300, 500, 700]);
  assert.deepEqual(bars.map(({ count }) => count), [104, 92, 45, 11]);
  for (const { top, count } of bars) assert.ok(Math.abs(top / count - (bars[0]?.top ?? 0) / 104) < 1e-9);
});

test("no move is hidden: next stages by ribbons, farther ones above, backward ones below", () => {
  const flow = flowOf(stagesOf(NAMES, MOVES), 800, 300);
  assert.deepEqual(named(flow, "on"), ["0>1 60", "1>2 40", "2>3 10"]);
  assert.deepEqual(named(flow, "skip"), ["0>2 5", "0>3 1"]);
  assert.deepEqual(named(flow, "back"), ["2>1 12", "3>0 4"]);
  assert.deepEqual(named(flow, "new"), ["null>0 100", "null>1 20"]);
  assert.deepEqual(named(flow, "stay"), ["0>null 38", "1>null 52", "2>null 23", "3>null 7"]);
  for (const ribbon of flow.ribbons.filter(({ kind }) => kind === "back")) assert.ok(points(ribbon).every(([, v]) => v <= 0));
  for (const ribbon of flow.ribbons.filter(({ kind }) => kind !== "back")) assert.ok(points(ribbon).every(([, v]) => v >= 0));
});

test("ribbons are as wide as their counts, and a bar's sides hold all that comes and goes", () => {
  const { bars, ribbons } = flowOf(stagesOf(NAMES, MOVES, 3), 1_200, 400);
  const scale = (bars[0]?.top ?? 0) / (bars[0]?.count ?? 1);
  for (const { width, count } of ribbons) assert.ok(Math.abs(width - Math.max(1.5, count * scale)) < 1e-9);
  bars.forEach(({ count }, place) => {
    const [into, out] = [ribbons.filter(({ to }) => to === place), ribbons.filter(({ from }) => from === place)];
    assert.equal(into.reduce((total, ribbon) => total + ribbon.count, 0), count);
    assert.equal(out.reduce((total, ribbon) => total + ribbon.count, 0), count);
  });
});

test("everything stays in the room, however wild the moves", () => {
  const names = Array.from({ length: 10 }, (_, at) => `s${at}`);
  const moves = names.flatMap((from) => names.filter((to) => to !== from).map((to, at): (typeof MOVES)[number] => [from, to, 10_000 + at]));
  for (const [length, height] of [[1_300, 300], [390, 840]] as const) {
    const { ribbons, bars, above, below } = flowOf(stagesOf(names, moves, 90_000), length, height);
    assert.equal(ribbons.filter(({ from, to }) => from !== null && to !== null).length, 90);
    assert.ok(Math.abs(above + below - height) < 1);
    for (const { middle: [u, v] } of ribbons) assert.ok(u >= 0 && u <= length && v >= -below && v <= above, `${u} ${v}`);
    bars.slice(1).forEach(({ foot }, at) => assert.ok(foot[0] >= (bars[at]?.foot[1] ?? 0), "the ends of arcs of two stages meet"));
  }
});

test("what leads farther runs outside of what leads less far and shares an end with it", () => {
  const names = Array.from({ length: 6 }, (_, at) => `s${at}`);
  const moves = names.flatMap((from) => names.filter((to) => to !== from).map((to): (typeof MOVES)[number] => [from, to, 5]));
  const arcs = flowOf(stagesOf(names, moves, 200), 1_200, 400).ribbons.filter(({ kind }) => kind === "back" || kind === "skip");
  const far = ({ from, to }: Ribbon) => Math.abs((from ?? 0) - (to ?? 0));
  for (const one of arcs) {
    for (const other of arcs.filter(({ kind, from, to }) => kind === one.kind && (from === one.from || to === one.to))) {
      if (far(other) > far(one)) assert.ok(Math.abs(other.middle[1]) > Math.abs(one.middle[1]));
    }
  }
});

test("who leaves by an entry that filters leave out is told as such", () => {
  const flow = flowOf(stagesOf(NAMES, MOVES).map((stage) => (stage.stage === "buy" ? { ...stage, exits: 30, at_end: 15 } : stage)), 800, 300);
  assert.deepEqual(named(flow, "away"), ["2>null 8"]);
  assert.deepEqual(named(flow, "stay")[2], "2>null 15");
});

test("the other counts are drawn in the same scale and fit too", () => {
  const stages = stagesOf(NAMES, MOVES).map((stage) => ({ ...stage, other: 1_000 }));
  const { bars, above } = flowOf(stages, 800, 300);
  assert.ok(bars.every(({ other }) => other !== null && other <= above));
  assert.ok(Math.abs((bars[0]?.other ?? 0) / 1_000 - (bars[0]?.top ?? 0) / 104) < 1e-9);
});

test("nobody at all is a flow without ribbons", () => {
  const { ribbons, bars } = flowOf(stagesOf(NAMES, []), 800, 300);
  assert.deepEqual(ribbons, []);
  assert.equal(bars.length, 4);
  assert.deepEqual(flowOf([], 0, 300).bars, []);
});

test("a path has its points where the picture puts them", () => {
  assert.equal(pathOf([["M", [0, 1]], ["L", [2, 3.25]]], ([u, v]) => [v, u]), "M1.0 0.0L3.3 2.0Z");
});

test("the period before is as long and ends where this one begins; all time has none", () => {
  const query = { model: "shop", from: "2026-03-01", to: "2026-03-11" };
  assert.deepEqual(comparisonOf({ against: "period" }, query, "2026-04-01")?.asked, { compare_from: "2026-02-19", compare_to: "2026-03-01" });
  assert.deepEqual(comparisonOf({ against: "period" }, { from: "2026-03-26" }, "2026-04-01")?.asked, { compare_from: "2026-03-19", compare_to: "2026-03-26" });
  assert.equal(comparisonOf({ against: "period" }, {}, "2026-04-01"), null);
  assert.ok(!offered({}).includes("period"));
  assert.ok(offered(query).includes("period"));
});

test("a year before has the same days, and no 29 February", () => {
  assert.deepEqual(comparisonOf({ against: "year" }, { from: "2024-02-29", to: "2024-04-01" }, "2026-04-01")?.query, { from: "2023-02-28", to: "2023-04-01" });
  assert.deepEqual(comparisonOf({ against: "year" }, {}, "2026-04-01")?.asked, { compare_from: undefined, compare_to: "2025-04-02" });
  assert.equal(yearEarlier("2026-12-31"), "2025-12-31");
});

test("other dates count when they are real, the last day inside", () => {
  const params = { against: "dates", compare_from: "2026-01-01", compare_to: "2026-01-31" };
  assert.deepEqual(comparisonOf(params, {}, "2026-04-01")?.asked, { compare_from: "2026-01-01", compare_to: "2026-02-01" });
  assert.equal(comparisonOf({ against: "dates", compare_from: "someday" }, {}, "2026-04-01"), null);
  assert.equal(comparisonOf({ against: "nonsense" }, {}, "2026-04-01"), null);
});

test("other customers are asked for with filters of their own, in the same window", () => {
  const query = { model: "shop", from: "2026-03-01", channel: "email", device: "phone", trait: ["plan:pro"] };
  const found = comparisonOf({ against: "segment", "b.channel": "paid_search", "b.trait": "plan:free|city:A%7CB" }, query, "2026-04-01");
  assert.deepEqual(found?.asked, {});
  assert.equal(found?.query["channel"], "paid_search");
  assert.equal(found?.query["device"], undefined);
  assert.equal(found?.query["from"], "2026-03-01");
  assert.deepEqual(found?.query["trait"], ["plan:free", "city:A|B"]);
});

test("names that only one side lists are nothing on the other only where that lists all", () => {
  const listed = (names: [string, number][], names_left = 0) => ({ listed: names.map(([name, count]) => ({ name, count })), other: { names: names_left, count: names_left } });
  assert.deepEqual(lines(listed([["email", 5], ["ads", 2]]), listed([["ads", 9], ["__proto__", 1]], 3)), [
    { name: "email", a: 5, b: null }, { name: "ads", a: 2, b: 9 }, { name: "__proto__", a: 0, b: 1 },
  ]);
  assert.deepEqual(lines(listed([["email", 5]]), null), [{ name: "email", a: 5, b: null }]);
});

test("a difference tells its direction by sign and arrow, and whether it is welcome", () => {
  assert.equal(compared(12, 9, count), "▲ +3");
  assert.equal(compared(9, 12, count), "▼ −3");
  assert.equal(compared(9, 9, count), "= ±0");
  assert.equal(compared(null, 9, count), "");
  assert.deepEqual([welcome(0.2, "up"), welcome(0.2, "down"), welcome(-1, "down"), welcome(3, "same"), welcome(null, "up")], ["good", "bad", "good", "", ""]);
  assert.equal(less(undefined, 3), null);
});

test("a file has a line for each number, and nothing in it is reckoned with", () => {
  const facts = [{ part: "What they did", stage: "look", name: "=cmd|' /C calc'!A0", a: 3, b: 5 }];
  assert.equal(mapAsCsv(facts, false), "Part,Stage,Name,Number\r\nWhat they did,look,'=cmd|' /C calc'!A0,3\r\n");
  assert.equal(mapAsCsv(facts, true), "Part,Stage,Name,A,B,A less B\r\nWhat they did,look,'=cmd|' /C calc'!A0,3,5,-2\r\n");
});

test("the command line sends with the snippet's write key", () => {
  assert.equal(writeKeyOf('<script async src="/waystage.js" data-write-key="wk_a-B.1"></script>'), "wk_a-B.1");
  assert.equal(writeKeyOf("<script></script>"), "WRITE_KEY");
  assert.match(commandLine("http://127.0.0.1:8400", "wk_1"), /^curl http:\/\/127\.0\.0\.1:8400\/v1\/track -u wk_1: .*Product Viewed/);
});
