import assert from "node:assert/strict";
import { test } from "node:test";
import { FAMILIES, familyOf, hasPeople, MODELS, modelsOf } from "../src/pages/touchpoints/models";
import { creditOf, rangesOf, tellingOf } from "../src/pages/touchpoints/range";
import type { CreditedName } from "../src/pages/touchpoints/wire";

const CONVERSIONS = { kind: "conversions" } as const;

function credited(name: string | null, credits: Record<string, number>, values: CreditedName["values"] = {}): CreditedName {
  return { name, reach: 1, touches: 1, assisted: 0, removal_effect: null, credits, values };
}

function alike(value: number): Record<string, number> {
  return Object.fromEntries(MODELS.map((model) => [model, value]));
}

test("every model has a lane, a family and, but for the chain, people", () => {
  assert.deepEqual(FAMILIES.flatMap(({ family }) => modelsOf(family)), [...MODELS]);
  assert.equal(new Set(FAMILIES.map(({ symbol }) => symbol)).size, FAMILIES.length);
  assert.deepEqual(MODELS.filter((model) => !hasPeople(model)), ["markov"]);
  assert.equal(familyOf("shapley").family, "journeys");
});

test("a credit is of conversions or of one currency", () => {
  const row = credited("email", { linear: 2.5 }, { linear: [{ currency: "EUR", value: 90 }, { currency: null, value: 4 }] });
  assert.equal(creditOf(row, "linear", CONVERSIONS), 2.5);
  assert.equal(creditOf(row, "first", CONVERSIONS), 0);
  assert.equal(creditOf(row, "linear", { kind: "money", currency: "EUR" }), 90);
  assert.equal(creditOf(row, "linear", { kind: "money", currency: null }), 4);
  assert.equal(creditOf(row, "linear", { kind: "money", currency: "USD" }), 0);
});

test("a range goes from the least model to the most, as a part of the whole", () => {
  const [range] = rangesOf([credited("email", { ...alike(4), first: 1, last: 9, shapley: -1 })], CONVERSIONS, 20);
  assert.deepEqual([range?.least, range?.most, range?.spread], ["shapley", "last", 0.5]);
});

test("names without any credit are left out, and of nothing nothing is told", () => {
  assert.deepEqual(rangesOf([credited("email", {}), credited(null, alike(0))], CONVERSIONS, 0), []);
  assert.equal(tellingOf([], 0), null);
  assert.equal(tellingOf(rangesOf([credited("email", alike(1))], CONVERSIONS, 1), 1), null);
});

test("what is told is where models differ most, and where they agree about something that matters", () => {
  const rows = [credited("email", { ...alike(10), last: 2 }), credited("call", alike(6)), credited("direct", { ...alike(4), last: 5 }), credited("tiny", alike(0.1))];
  const telling = tellingOf(rangesOf(rows, CONVERSIONS, 20), 20);
  assert.deepEqual([telling?.differ.name, telling?.agree?.name], ["email", "call"]);
});
