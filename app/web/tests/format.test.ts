import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, clock, count, counted, day, duration, instant, named, percent, share, span } from "../src/words/format";

const NOUN = { one: "customer", other: "customers" };

test("a duration has at most two units and carries when it is rounded", () => {
  const cases: [number | null, string][] = [
    [null, "–"], [0, "0 s"], [0.4, "< 1 s"], [59.4, "59 s"], [59.6, "1 min"], [725, "12 min 5 s"], [3_599.7, "1 h"],
    [7_530, "2 h 6 min"], [7_500, "2 h 5 min"], [86_399, "1 d"], [273_600, "3 d 4 h"], [8_640_000, "100 d"], [86_400_000, "1,000 d"],
  ];
  for (const [seconds, words] of cases) assert.equal(duration(seconds), words);
});

test("a share has one digit, and a small one is not nothing", () => {
  assert.deepEqual([null, 0, 0.0001, 0.0006, 0.312, 1].map(share), ["–", "0.0%", "< 0.1%", "0.1%", "31.2%", "100.0%"]);
});

test("at a glance one unit will do", () => {
  assert.deepEqual([0, 59.9, 92, 7_530, 370_000].map(span), ["0 s", "59 s", "1 min", "2 h", "4 d"]);
  assert.deepEqual([null, 0, 0.004, 0.803, 1].map(percent), ["–", "0%", "< 1%", "80%", "100%"]);
});

test("a moment ago, days ago, then a date", () => {
  const now = new Date("2025-11-21T12:00:00Z");
  const cases = [
    ["2025-11-21T11:59:30Z", "just now"], ["2025-11-21T11:55:00Z", "5 min ago"], ["2025-11-15T12:00:00Z", "6 d ago"],
    ["2025-11-01T12:00:00Z", "1 Nov"], ["2024-11-01T12:00:00Z", "1 Nov 2024"], ["2025-11-22T09:00:00Z", "22 Nov"], ["nonsense", "–"],
  ];
  for (const [at, words] of cases) assert.equal(ago(at ?? "", now, "UTC"), words);
});

test("numbers and nouns", () => {
  assert.equal(count(3605), "3,605");
  assert.deepEqual([counted(1, NOUN), counted(600, NOUN)], ["1 customer", "600 customers"]);
});

test("names of the wire become words", () => {
  assert.deepEqual(["paid_search", "ai_assistant", "sms", "In Person", ""].map(named), ["Paid search", "Ai assistant", "Sms", "In Person", ""]);
});

test("instants are written in the zone asked for", () => {
  const at = "2025-11-21T22:30:09.250Z";
  assert.equal(instant(at, "Europe/Moscow"), "22 Nov 2025, 01:30");
  assert.equal(day(at, "UTC").replace(",", ""), "Friday 21 November 2025");
  assert.equal(clock("2025-11-21T00:00:09Z", "UTC"), "00:00:09");
  assert.equal(instant("nonsense", "UTC"), "–");
});
