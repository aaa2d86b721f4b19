import assert from "node:assert/strict";
import { test } from "node:test";
import { askingOf, type FunnelStep, questionOf, stepLabel } from "../src/pages/funnel/answer";
import { goneOn, told } from "../src/pages/funnel/curves";
import { inSeconds, isPattern, moved, nameOf, parseSteps, parseWithin, typed, writeSteps, written } from "../src/pages/funnel/steps";
import { labelsOf, outcomeOf, story } from "../src/pages/funnel/story";
import { Stages } from "../src/stages";

const STAGES = new Stages({ model: "shop", version: 1, state: "active", stages: [{ stage: "seen", labels: { en: "Seen" } }, { stage: "a,b" }, { stage: "paid" }] });

function step(number: number, reached: number, converted: number, still: number): FunnelStep {
  const times = { median: null, p90: null, mean: null };
  return { step: number, reached, converted, still_in_window: still, dropped: reached - converted - still, conversion: reached ? converted / reached : null, time_to_convert: times };
}

test("whatever a name holds, it is written and read as itself", () => {
  const names = ["plain", "a,b", "a|b", "back\\slash", "\\", "\\,", "*", "what?", "", " ", "{a|b}", "a\nb", "\u{1F600},"];
  for (const name of names) {
    assert.deepEqual(parseSteps(`x,${written(name)}|y`), [["x"], [written(name), "y"]]);
    assert.equal(nameOf(written(name)), name);
  }
  const text = "a|b\\|c,d\\,e,\\\\,f*";
  assert.deepEqual(parseSteps(text), [["a", "b\\|c"], ["d\\,e"], ["\\\\"], ["f*"]]);
  assert.equal(writeSteps(parseSteps(text)), text);
  assert.deepEqual(parseSteps(""), []);
  assert.equal(writeSteps(parseSteps("a\\")), "a\\");
});

test("what is typed is a pattern only of events, and only where no event is called so", () => {
  assert.equal(typed("Product*", "events", []), "Product*");
  assert.equal(typed("Product*", "events", ["Product*"]), "Product\\*");
  assert.equal(typed("a,b|c", "events", []), "a\\,b\\|c");
  assert.equal(typed("what?", "stages", []), "what\\?");
  assert.ok(isPattern("a?", "events"));
  assert.ok(!isPattern("a\\?", "events"));
  assert.ok(!isPattern("a?", "stages"));
});

test("steps move, and nothing is lost", () => {
  assert.deepEqual(moved(["a", "b", "c"], 0, 2), ["b", "c", "a"]);
  assert.deepEqual(moved(["a", "b", "c"], 2, 0), ["c", "a", "b"]);
  assert.deepEqual(moved(["a"], 0, 0), ["a"]);
});

test("spans", () => {
  assert.deepEqual(parseWithin("14d"), { number: 14, unit: "d" });
  assert.equal(parseWithin("14"), null);
  assert.equal(parseWithin("d"), null);
  assert.deepEqual(["90s", "2m", "1h", "14d", "1w", "no"].map(inSeconds), [90, 120, 3_600, 1_209_600, 604_800, 0]);
});

test("the address says what is asked; without steps those of the model", () => {
  const usual = askingOf({ params: {}, stages: STAGES });
  assert.equal(writeSteps(usual.steps), "seen,a\\,b,paid");
  assert.deepEqual([usual.of, usual.within, usual.order, usual.credit], ["stages", "14d", "ordered", "first"]);
  const asked = askingOf({ params: { steps_of: "events", steps: "A|B,C*", within: "2h", order: "any", exclude: "X,Y|Z" }, stages: STAGES });
  assert.deepEqual(questionOf(asked, { model: "shop" }), { model: "shop", of: "events", steps: "A|B,C*", within: "2h", order: "any", exclude: "X,Y,Z" });
  assert.deepEqual(askingOf({ params: { steps_of: "events" }, stages: STAGES }).steps, []);
  assert.equal(stepLabel(["seen", "a\\,b"], "stages", STAGES, "or"), "Seen or a,b");
});

test("a story tells who still has time apart from who stopped", () => {
  const steps = [step(1, 1_204, 400, 60), step(2, 400, 312, 28), step(3, 312, 312, 0)];
  assert.deepEqual(outcomeOf(steps), { began: 1_204, done: 312, waiting: 88, stopped: 804 });
  const asking = askingOf({ params: {}, stages: STAGES });
  assert.deepEqual(labelsOf(asking, STAGES), ["Seen", "a,b", "paid"]);
  assert.deepEqual(story(asking, steps, STAGES), [
    "Of 1,204 customers who entered Seen, 312 (25.9%) reached paid within 14 days.", "88 still have time; of those whose time is over, 28.0% made it.",
  ]);
  const any = askingOf({ params: { order: "any", within: "1h" }, stages: STAGES });
  assert.match(story(any, [step(1, 1, 1, 0), step(2, 1, 1, 0)], STAGES).join(" "), /^Of 1 customer who did at least one of the steps, 1 \(100\.0%\) did all of them within 1 hour\. Nobody/);
});

test("a curve rises to what is not left, and its table has round spans", () => {
  const points = [{ seconds: 0, share: 1, at_risk: 4 }, { seconds: 70, share: 0.5, at_risk: 4 }, { seconds: 4_000, share: 0.25, at_risk: 2 }];
  assert.deepEqual([0, 69, 70, 3_999, 4_000, 1e9].map((seconds) => goneOn({ points }, seconds)), [0, 0, 0.5, 0.5, 0.75, 0.75]);
  assert.equal(goneOn({ points: [] }, 5), null);
  assert.deepEqual(told([{ label: "", tone: null, points }], 14_400), [300, 900, 3_600, 14_400]);
});
