import assert from "node:assert/strict";
import { test } from "node:test";
import { pairKey } from "../src/pages/transitions/answer";
import { picture } from "../src/pages/transitions/sankey";
import { askable, Stages } from "../src/stages";
import type { Transition } from "../src/asking/wire";

const MODEL = {
  model: "shop",
  version: 1,
  state: "active",
  stages: [
    { stage: "awareness", labels: { en: "Awareness", ru: "Осознание" } },
    { stage: "decision", labels: { en: "Decision" } },
    { stage: "purchase" },
  ],
};
const STAGES = new Stages(MODEL);

function move(from: string | null, to: string, count: number): Transition {
  return { from, to, count, customers: count, share: 1, dwell: { median: null, p90: null } };
}

test("cycles and moves back are two columns, in the model's order", () => {
  const { nodes, links } = picture([move("purchase", "awareness", 2), move("awareness", "purchase", 5), move(null, "awareness", 9)], STAGES);
  assert.deepEqual(nodes.map(({ side, label, count }) => [side, label, count]), [
    ["from", "Start", 9], ["from", "Awareness", 5], ["from", "purchase", 2], ["to", "Awareness", 11], ["to", "purchase", 5],
  ]);
  assert.deepEqual(links.map(({ count, back }) => [count, back]), [[9, false], [5, false], [2, true]]);
});

test("what is not drawn is summed, and nothing is lost", () => {
  const moves = Array.from({ length: 100 }, (_, at) => move(`event ${at % 10}`, `event ${Math.floor(at / 10)}`, at + 1));
  const { links, nodes, rest } = picture(moves, new Stages(undefined), 60);
  assert.equal(links.length, 61);
  assert.deepEqual(rest, { pairs: 40, count: 820 });
  assert.equal(links.reduce((sum, { count }) => sum + count, 0), 5_050);
  for (const side of ["from", "to"]) {
    assert.equal(nodes.filter((node) => node.side === side).reduce((sum, { count }) => sum + count, 0), 5_050);
    assert.equal(nodes.filter((node) => node.side === side).at(-1)?.label, "Rest");
  }
});

test("hostile names stay apart", () => {
  const names = ["__proto__", "constructor", "from:", "to", ".", ""];
  const { nodes } = picture(names.map((name) => move(null, name, 1)), new Stages(undefined, names.map((stage) => ({ stage }))));
  assert.equal(new Set(nodes.map(({ name }) => name)).size, names.length + 1);
  assert.notEqual(pairKey(move("a,b", "c", 1)), pairKey(move("a", "b,c", 1)));
  assert.notEqual(pairKey(move(null, "c", 1)), pairKey(move("null", "c", 1)));
});

test("empty moves are not drawn", () => {
  assert.deepEqual(picture([move("a", "b", 0)], STAGES), { nodes: [], links: [], rest: { pairs: 0, count: 0 } });
});

test("names of events stand in no order: the largest first, and none leads back", () => {
  const stages = new Stages({ ...MODEL, model: "each_event_name" });
  const { nodes, links } = picture([move("purchase", "awareness", 2), move("awareness", "decision", 1)], stages);
  assert.deepEqual(nodes.filter(({ side }) => side === "from").map(({ stage }) => stage), ["purchase", "awareness"]);
  assert.ok(links.every(({ back }) => !back));
});

test("a stage that nobody labelled is called by its name", () => {
  assert.deepEqual(["awareness", "purchase", "nowhere"].map((stage) => STAGES.label(stage)), ["Awareness", "purchase", "nowhere"]);
});

test("only active models can be asked about, names of events last", () => {
  const models = [{ ...MODEL, model: "each_event_name" }, MODEL, { ...MODEL, version: 2, state: "deriving" }];
  assert.deepEqual(askable(models).map(({ model, version }) => [model, version]), [["shop", 1], ["each_event_name", 1]]);
});
