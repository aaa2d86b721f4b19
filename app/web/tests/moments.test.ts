import assert from "node:assert/strict";
import { test } from "node:test";
import { byDay, joined, moments } from "../src/pages/customers/moments";
import type { Entry, Journey, JourneyEvent, Session, Touch } from "../src/asking/wire";

const at = (minute: number) => `2025-11-21T10:${String(minute).padStart(2, "0")}:00Z`;
const caused = (id: string) => ({ event: "Product Viewed", message_id: id });
const event = (id: string, minute: number): JourneyEvent => ({ ...caused(id), type: "track", occurred_at: at(minute), anonymous_id: null, url: null, referrer: null, source: "site", value: null, currency: null });
const entry = (id: string, minute: number): Entry =>
  ({ ...caused(id), stage: "decision", entered_at: at(minute), left_at: null, dwell: null, from: null, channel: null, campaign: null });
const touch = (id: string, minute: number): Touch =>
  ({ ...caused(id), touched_at: at(minute), kind: "session", channel: null, source: null, medium: null, campaign: null, referrer: null, device: null, machine: false,
    machine_rule: null, machine_why: null });
const session = (id: string, minute: number): Session =>
  ({ ...caused(id), started_at: at(minute), ended_at: at(minute), events: 1, channel: null, campaign: null, device: null, machine: false });

function journey(parts: Partial<Journey>): Journey {
  const customer = { id: "user_id:u-1", identifiers: [], traits: {}, first_seen: at(0), last_seen: at(59) };
  return { customer, entries: [], touches: [], sessions: [], events: [], as_of: at(59), next: null, ...parts };
}

test("an event carries what it caused", () => {
  const list = moments(journey({ events: [event("a", 1), event("b", 2)], entries: [entry("b", 2)], touches: [touch("a", 1)], sessions: [session("a", 1)] }));
  assert.deepEqual(list.map((moment) => Object.keys(moment).sort()), [["at", "event", "session", "touch"], ["at", "entry", "event"]]);
});

test("what has no event stands by itself, in time", () => {
  const list = moments(journey({ events: [event("b", 5)], entries: [entry("x", 3)], touches: [touch("y", 9)] }));
  assert.deepEqual(list.map((moment) => moment.at), [at(3), at(5), at(9)]);
});

test("one message id of two sources makes two moments of their own", () => {
  const list = moments(journey({ events: [event("a", 1), event("a", 2)], entries: [entry("a", 1), entry("a", 2)] }));
  assert.deepEqual(list.map((moment) => moment.entry?.entered_at), [at(1), at(2)]);
});

test("pages are one journey, and events of one instant stay in the customer's order", () => {
  const pages = [journey({ events: [event("a", 1), event("c", 2), event("b", 2)], entries: [entry("a", 1)] }), journey({ events: [event("d", 3)], as_of: at(58) })];
  const whole = joined(pages);
  assert.ok(whole);
  assert.equal(moments(whole).map((moment) => moment.event?.message_id).join(""), "acbd");
  assert.deepEqual([whole.entries.length, whole.as_of], [1, at(58)]);
  assert.equal(joined([]), undefined);
});

test("days are runs, in the order given", () => {
  const list = moments(journey({ events: [event("a", 1), event("b", 2)] }));
  assert.deepEqual(byDay(list.reverse(), (instant) => instant.slice(0, 10)).map(({ day, moments: run }) => [day, run.length]), [["2025-11-21", 2]]);
});
