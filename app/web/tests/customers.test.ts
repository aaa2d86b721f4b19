import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry, JourneyEvent, Session, StageModel, Touch } from "../src/asking/wire";
import { apart, itemsOf } from "../src/pages/customers/band";
import { sums } from "../src/pages/customers/facts";
import { lanesOf, windowOf } from "../src/pages/customers/lanes";
import { kindsOf, type Moment, unhidden } from "../src/pages/customers/moments";
import { criteria, ruleAt, ruleWords } from "../src/words/rules";
import { placing, ticks } from "../src/pages/customers/scale";
import { traitWords } from "../src/pages/customers/traits";
import { treeOf } from "../src/pages/customers/tree";
import type { Identity, Member } from "../src/pages/customers/wire";
import { Stages } from "../src/stages";

const HOUR = 3_600_000;
const START = Date.parse("2026-03-01T00:00:00Z");
const at = (hour: number) => new Date(START + hour * HOUR).toISOString();
const caused = (hour: number) => ({ event: "Page Viewed", message_id: `m-${hour}` });
const event = (hour: number, device: string | null): JourneyEvent =>
  ({ ...caused(hour), type: "page", occurred_at: at(hour), anonymous_id: device, url: null, referrer: null, source: "site", value: null, currency: null });
const touch = (hour: number, machine = false): Touch =>
  ({ ...caused(hour), touched_at: at(hour), kind: "session", channel: "email", source: null, medium: null, campaign: null, referrer: null, device: "mobile", machine, machine_rule: null, machine_why: null });
const session = (hour: number): Session => ({ ...caused(hour), started_at: at(hour), ended_at: at(hour + 1), events: 2, channel: "email", campaign: null, device: "mobile", machine: false });
const entry = (stage: string, from: string | null, hour: number): Entry =>
  ({ ...caused(hour), stage, from, entered_at: at(hour), left_at: null, dwell: null, channel: null, campaign: null });
const visit = (hour: number, device: string | null): Moment => ({ at: at(hour), event: event(hour, device), session: session(hour), touch: touch(hour) });

test("each device has a lane in the order in which it was first seen, and what happens on none comes last", () => {
  const lanes = lanesOf([visit(0, null), visit(1, "phone"), visit(2, "laptop"), visit(3, "phone")]);
  assert.deepEqual(lanes.map(({ device, touches }) => [device, touches.length]), [["phone", 2], ["laptop", 1], [null, 1]]);
});

test("devices beyond the most share the last device's lane", () => {
  const lanes = lanesOf(["a", "b", "c", "d", "d", null].map((device, hour) => visit(hour, device)), 2);
  assert.deepEqual(lanes.map(({ device, others, sessions }) => [device, others, sessions.length]), [["a", 0, 1], ["b", 2, 4], [null, 0, 1]]);
});

test("events that are neither a touch nor a session make no lane", () => {
  assert.deepEqual(lanesOf([{ at: at(0), event: event(0, "phone"), entry: entry("decision", null, 0) }]), []);
});

test("as time passes, places are even; drawn together, a short gap has more room than its share", () => {
  const known = [START, START + HOUR, START + 100 * HOUR];
  const [even, together] = [placing(known, START, START + 100 * HOUR, "time"), placing(known, START, START + 100 * HOUR, "even")];
  assert.deepEqual([even(START), even(START + 50 * HOUR), even(START + 100 * HOUR), even(START + 200 * HOUR)], [0, 0.5, 1, 1]);
  assert.deepEqual([together(START), together(START + 100 * HOUR)], [0, 1]);
  assert.ok(together(START + HOUR) > 0.3, String(together(START + HOUR)));
});

test("places never go backward", () => {
  const known = Array.from({ length: 50 }, (_, place) => START + ((place * 7919) % 400) * HOUR);
  for (const scale of ["time", "even"] as const) {
    const placed = placing(known, START, START + 400 * HOUR, scale);
    const places = Array.from({ length: 401 }, (_, hour) => placed(START + hour * HOUR));
    assert.ok(places.every((place, hour) => hour === 0 || place >= (places[hour - 1] ?? 0)));
  }
});

test("an axis has no more ticks than there is room for, and never none", () => {
  for (const hours of [0.001, 1, 30, 24 * 40, 24 * 365 * 5]) {
    for (const scale of ["time", "even"] as const) {
      const to = START + hours * HOUR;
      const marks = ticks(START, to, 6, placing([START, to], START, to, scale), scale);
      assert.ok(marks.length >= 1 && marks.length <= 7, `${hours} h ${scale}: ${marks.length}`);
    }
  }
  assert.deepEqual(ticks(START, START + 48 * HOUR, 2, (instant) => instant, "time"), [START, START + 24 * HOUR, START + 48 * HOUR]);
});

test("the window goes to now unless a long silence would take the room", () => {
  const day = 24 * HOUR;
  assert.equal(windowOf(START, START + 10 * day, START + 11 * day, 0).to, START + 11 * day);
  assert.ok(windowOf(START, START + 10 * day, START + 900 * day, 0).to < START + 11 * day);
  assert.equal(windowOf(START, START + 10 * day, START + 11 * day, 7).from, START + 3 * day);
});

test("a stay leads to the next one, and a move back is marked", () => {
  const model: StageModel = { model: "own", version: 1, state: "active", stages: [{ stage: "looking" }, { stage: "buying" }] };
  const entries = [entry("looking", null, 0), entry("buying", "looking", 4), entry("looking", "buying", 6)];
  const colours = { ink: "ink", muted: "muted", line: "line", paper: "paper", accent: "rgb(0, 0, 1)", back: "back", good: "good", tones: ["first", "second"] };
  const said = { stage: (stage: string) => stage, dwell: () => "1 h", entry: () => "", lane: () => "", session: () => "", touch: () => "", channel: () => "", tick: () => "" };
  const placed = placing([], START, START + 8 * HOUR, "time");
  const items = itemsOf({ entries, lanes: [], stages: new Stages(model), from: START, to: START + 8 * HOUR, placed, scale: "time", said }, colours, 808);
  const stays = items.filter(({ tip, height }) => tip && height > 8);
  assert.deepEqual(stays.map(({ x, width, fill }) => [x, width, fill]), [[4, 399, "first"], [404, 199, "second"], [604, 199, "first"]]);
  assert.deepEqual(items.filter(({ text }) => text?.startsWith("↩")).map(({ text, fill }) => [text, fill]), [["↩ looking", "back"]]);
});

test("of what stands on one pixel the first is kept, and how many more there are", () => {
  assert.deepEqual(apart([1, 1.2, 1.4, 5, 9, 9.1], (x) => x), [[1, 2], [5, 0], [9, 1]]);
  assert.deepEqual(apart([], (x: number) => x), []);
});

test("a moment is hidden when all that it is, is hidden", () => {
  const [both, alone]: Moment[] = [{ at: at(0), touch: touch(0), session: session(0) }, { at: at(1), event: event(1, null) }];
  assert.deepEqual([kindsOf(both as Moment), kindsOf(alone as Moment)], [["touches", "sessions"], ["others"]]);
  assert.deepEqual(unhidden([both as Moment, alone as Moment], ["touches", "others"]), [both]);
  assert.deepEqual(unhidden([both as Moment, alone as Moment], ["touches", "sessions"]), [alone]);
});

test("what orders were worth is told for each currency", () => {
  const order = (value: number | null, currency: string | null) => ({ ...event(0, null), value, currency });
  assert.equal(sums([order(10, "EUR"), order(2.5, "EUR"), order(3, "USD"), order(null, null)]), "€12.50 + $3.00");
  assert.equal(sums([order(null, null)]), "");
});

const naming = { stage: (name: string) => name.toUpperCase(), channel: (name: string) => name };

test("a rule is said in words, piece by piece", () => {
  assert.equal(ruleWords({ event: ["Order Completed", "Order *"], occurrence: { min: 2 } }, naming), "the event is “Order Completed” or “Order *” and it is number 2 of such events, or a later one");
  assert.equal(ruleWords({ touch: true, occurrence: { max: 1 } }, naming), "it is a touch and it is the first such event");
  assert.equal(ruleWords({}, naming), "any event of a person");
  assert.deepEqual([...criteria({ where: { "properties.revenue": { gt: 10, lt: 50 }, "properties.coupon": { exists: false } }, traits: { plan: "pro" }, since: { stage: "looking", within: "14d" } }, naming)], [
    ["where.properties.revenue", "properties.revenue is more than 10 and is less than 50"],
    ["where.properties.coupon", "properties.coupon is not there"],
    ["traits.plan", "the trait plan is “pro”"],
    ["since.looking", "at most 14d after the stage LOOKING"],
  ]);
});

test("a rule is found by its place in the document", () => {
  const stages = [{ rules: [{ touch: true }] }, { rules: [{ type: "page" }, { type: "screen" }] }];
  assert.deepEqual(ruleAt(stages, "stages[1].enter[1]"), { type: "screen" });
  assert.deepEqual([ruleAt(stages, "stages[7].enter[0]"), ruleAt(stages, "lapsed")], [undefined, undefined]);
});

test("identifiers stand under the one that they belong to", () => {
  const member = (value: string, parent: string | null): Member => ({ kind: "email", value, parent, rule: parent ? "best_link" : "root", via: null, named_at: null, links: [] });
  const identity: Identity = { id: "email:a", identifiers: [member("a", null), member("c", "email:b"), member("b", "email:a"), member("d", "email:gone")], aliases: [], struck: [], complete: true };
  const shape = (branches: ReturnType<typeof treeOf>): unknown[] => branches.map((branch) => [branch.member.value, shape(branch.branches)]);
  assert.deepEqual(shape(treeOf(identity)), [["a", [["b", [["c", []]]]]], ["d", []]]);
});

test("values of traits are words", () => {
  assert.deepEqual([null, "", false, 0, "pro", ["a"]].map(traitWords), ["–", "–", "no", "0", "pro", '["a"]']);
});

