import assert from "node:assert/strict";
import { test } from "node:test";
import { boxKey, flowOf, outline, ribbonKey, stubOutline } from "../src/pages/paths/flow";
import { litBy, tracesOf } from "../src/pages/paths/lit";
import { tonesOf } from "../src/pages/paths/names";
import { atStep, backwards, onPath, otherSteps, queryOf, readingOf } from "../src/pages/paths/question";
import type { Path, Step } from "../src/pages/paths/wire";

const STEPS: Step[] = [
  {
    step: 1, customers: 10, exits: 1, more: 0,
    nodes: [{ name: "other", customers: 5, exits: 0, more: 0 }, { name: "home", customers: 5, exits: 1, more: 0 }],
    edges: [{ from: "other", to: "cart", customers: 5, median: 3 }, { from: "home", to: "cart", customers: 2, median: 2 }, { from: "home", to: null, customers: 2, median: 1 }],
  },
  {
    step: 2, customers: 9, exits: 3, more: 6,
    nodes: [{ name: "cart", customers: 7, exits: 3, more: 4 }, { name: null, customers: 2, exits: 0, more: 2 }],
    edges: [],
  },
  { step: 3, customers: 0, exits: 0, more: 0, nodes: [], edges: [] },
];
const ANSWER = { customers: 10, steps: STEPS };
const PATHS: Path[] = [
  { path: ["rare", "cart"], customers: 4, share: 0.4, exits: 2, more: 2, median: 1 },
  { path: ["home", "cart"], customers: 2, share: 0.2, exits: 1, more: 1, median: 1 },
  { path: ["home"], customers: 1, share: 0.1, exits: 1, more: 0, median: null },
];

test("every step that somebody takes is a column, and everybody at it a box, the rest of the names last", () => {
  const flow = flowOf(ANSWER, 1_000, false);
  assert.deepEqual(flow.columns.map(({ step }) => step.step), [1, 2]);
  assert.deepEqual([...flow.boxes.keys()], [boxKey(1, "home"), boxKey(1, "other"), boxKey(2, "cart"), boxKey(2, null)]);
  assert.equal(flow.undrawn, 0);
});

test("what leaves a box, ends in it or goes on is as thick as the box has customers, and stands within its sides", () => {
  for (const back of [false, true]) {
    const flow = flowOf(ANSWER, 1_000, back);
    for (const box of flow.boxes.values()) {
      const leaving = [...flow.ribbons.filter(({ from }) => from === box), ...flow.stubs.filter((stub) => stub.box === box)];
      const thick = leaving.reduce((sum, one) => sum + one.thick, 0);
      assert.ok(Math.abs(thick - box.node.customers * flow.scale) < 1e-6);
      assert.ok(leaving.every(({ start, thick }) => start.y >= box.y - 1 && start.y + thick <= box.y + box.height + 1));
      assert.ok(leaving.every(({ start }) => start.x === (back ? box.x : box.x + box.width)));
    }
  }
});

test("read backwards the anchor stands at the right", () => {
  const flow = flowOf(ANSWER, 1_000, true);
  const [first, second] = flow.columns.map(({ x }) => x);
  assert.ok(first !== undefined && second !== undefined && first > second);
  assert.equal(flow.ribbons.find(({ key }) => key === ribbonKey(1, "home", "cart"))?.earlier, "cart");
});

test("a narrow place is scrolled, a wide one is filled", () => {
  assert.ok(flowOf(ANSWER, 200, false).width > 200);
  const wide = flowOf({ customers: 10, steps: [1, 2, 3, 4].flatMap((step) => STEPS.slice(0, 1).map((one) => ({ ...one, step }))) }, 1_000, false);
  assert.ok(Math.abs(wide.width - 1_000) <= 2);
});

test("outlines are closed", () => {
  const flow = flowOf(ANSWER, 1_000, false);
  for (const ribbon of flow.ribbons) assert.match(outline(ribbon, ribbon.thick), /^M[^NZ]+Z$/);
  for (const stub of flow.stubs) assert.match(stubOutline(stub), /^M[^NZ]+Z$/);
});

test("a path leads by the boxes of its names, rare ones by the rest", () => {
  const flow = flowOf(ANSWER, 1_000, false);
  assert.deepEqual(tracesOf(PATHS, flow, false)[0], { boxes: [boxKey(1, "other"), boxKey(2, "cart")], ribbons: [ribbonKey(1, "other", "cart")] });
  assert.deepEqual(tracesOf([{ ...PATHS[1] as Path, path: ["cart", "home"] }], flow, true)[0]?.ribbons, [ribbonKey(1, "home", "cart")]);
});

test("a path lights up as thick as it is travelled, a box with all that leaves it and comes to it", () => {
  const flow = flowOf(ANSWER, 1_000, false);
  const traces = tracesOf(PATHS, flow, false);
  const path = litBy({ of: "path", at: 0 }, flow, PATHS, traces);
  assert.deepEqual([...path.ribbons], [[ribbonKey(1, "other", "cart"), 4]]);
  const box = litBy({ of: "box", key: boxKey(1, "home") }, flow, PATHS, traces);
  assert.deepEqual(new Map(box.ribbons), new Map([[ribbonKey(1, "home", "cart"), 2], [ribbonKey(1, "home", null), 2]]));
  assert.deepEqual([...box.paths], [1, 2]);
  assert.ok(box.boxes.has(boxKey(2, null)));
  const ribbon = litBy({ of: "ribbon", key: ribbonKey(1, "other", "cart") }, flow, PATHS, traces);
  assert.deepEqual([...ribbon.ribbons], [[ribbonKey(1, "other", "cart"), 5]]);
});

test("frequent names have colours of their own, and the rest none", () => {
  const tones = tonesOf(STEPS);
  assert.equal(new Set(tones.values()).size, tones.size);
  assert.deepEqual([...tones.keys()].sort(), ["cart", "home"]);
  const many = Array.from({ length: 30 }, (_, at) => ({ name: `name ${at}`, customers: 30 - at, exits: 0, more: 0 }));
  assert.equal(tonesOf([{ ...STEPS[0] as Step, nodes: many }]).size, 9);
});

test("the address says what is asked", () => {
  const reading = readingOf({ steps: "touches", by: "kind", end: "call", depth: "8" });
  assert.ok(backwards(reading));
  assert.ok(!backwards({ ...reading, start: "email" }));
  assert.deepEqual(queryOf(reading), { of: "touches", by: "kind", start: "", end: "call", depth: "8", top: 100, top_nodes: "8", collapse: "1" });
  assert.equal(queryOf(readingOf({ steps: "nonsense" })).of, "stages");
  assert.equal(readingOf({ collapse: "1" }).collapse, true);
  assert.deepEqual(otherSteps("stages"), { steps: "", by: "", start: "", end: "", collapse: "" });
});

test("people are asked for by step and name, where no name is an empty one, and by path, where > in a name is told apart", () => {
  assert.deepEqual(atStep(2, null, "a"), { step: 2, name: [""], next: ["a"] });
  assert.deepEqual(atStep(2), { step: 2 });
  assert.deepEqual(onPath(["a>b", null, "c\\"]), { path: ["a\\>b>>c\\\\"] });
});
