import assert from "node:assert/strict";
import { test } from "node:test";
import { byDay, moments } from "../src/moments";
import type { Entry, Journey, JourneyEvent, Session, Touch } from "../src/wire";

const at = (minute: number) => `2025-11-21T10:${String(minute).padStart(2, "0")}:00Z`;
const event = (id: string, minute: number): JourneyEvent => ({ event: id, type: "track", name: id, occurred_at: at(minute), url: null, channel: null });
const entry = (id: string, minute: number): Entry =>
  ({ stage: "decision", entered_at: at(minute), left_at: null, dwell: null, from: null, channel: null, campaign: null, event: id });
const touch = (id: string, minute: number): Touch =>
  ({ touched_at: at(minute), kind: "session", channel: null, source: null, medium: null, campaign: null, referrer: null, device: null, event: id, machine: false });
const session = (id: string, minute: number): Session =>
  ({ started_at: at(minute), ended_at: at(minute), events: 1, channel: null, campaign: null, device: null, event: id });

function page(parts: Partial<Journey>): Journey {
  const customer = { identifiers: [], traits: {}, first_seen: at(0), last_seen: at(59) };
  return { customer, entries: [], touches: [], sessions: [], events: [], as_of: at(59), next: null, ...parts };
}

test("an event carries what it caused", () => {
  const list = moments([page({ events: [event("a", 1), event("b", 2)], entries: [entry("b", 2)], touches: [touch("a", 1)], sessions: [session("a", 1)] })]);
  assert.deepEqual(list.map((moment) => Object.keys(moment).sort()), [["at", "event", "session", "touch"], ["at", "entry", "event"]]);
});

test("what has no event on the page stands by itself, in time", () => {
  const list = moments([page({ events: [event("b", 5)], entries: [entry("x", 3)], touches: [touch("y", 9)] })]);
  assert.deepEqual(list.map((moment) => moment.at), [at(3), at(5), at(9)]);
});

test("events of one instant stay in the customer's order, whichever way pages are listed", () => {
  const order = (pages: Journey[]) => moments(pages).map((moment) => moment.event?.event).join("");
  assert.equal(order([page({ events: [event("a", 1), event("b", 2), event("c", 2)] }), page({ events: [event("d", 3)] })]), "abcd");
  assert.equal(order([page({ events: [event("d", 3)] }), page({ events: [event("c", 2), event("b", 2), event("a", 1)] })]), "abcd");
});

test("what two pages repeat stands once", () => {
  const parts = { events: [event("a", 1)], entries: [entry("a", 1)], touches: [touch("gone", 0)] };
  assert.equal(moments([page(parts), page(parts)]).length, 2);
});

test("days are runs, in the order given", () => {
  const list = moments([page({ events: [event("a", 1), event("b", 2)] })]);
  assert.deepEqual(byDay(list.reverse(), (instant) => instant.slice(0, 10)).map(({ day, moments: run }) => [day, run.length]), [["2025-11-21", 2]]);
});
