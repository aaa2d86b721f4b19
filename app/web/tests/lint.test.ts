import assert from "node:assert/strict";
import { test } from "node:test";
import { type Code, lint, marked, type Marked, tidied } from "../src/pages/setup/lint";

const GOOD: Marked = { target: "https://shop.example/spring", place: "", source: "newsletter", medium: "email", campaign: "spring", term: "", content: "" };

function codes(change: Partial<Marked>): Code[] {
  return lint({ ...GOOD, ...change }).map(({ code }) => code);
}

test("a link that is marked well has nothing against it", () => {
  assert.deepEqual(codes({}), []);
  assert.equal(marked(GOOD), "https://shop.example/spring?utm_source=newsletter&utm_medium=email&utm_campaign=spring");
});

const FAULTS: [Code, Partial<Marked>][] = [
  ["no_target", { target: "" }],
  ["not_web", { target: "shop.example" }],
  ["not_web", { target: "javascript:alert(1)" }],
  ["not_web", { target: "https://ada:secret@shop.example/" }],
  ["no_source", { source: "" }],
  ["no_medium", { medium: "" }],
  ["upper_case", { medium: "Email" }],
  ["space", { campaign: "spring sale" }],
  ["personal", { content: "ada@example.com" }],
  ["personal", { content: "ada%40example.com" }],
  ["personal", { term: "+491701234567" }],
  ["swapped", { source: "cpc", medium: "google" }],
  ["internal", { place: "https://www.shop.example/home" }],
  ["marked_already", { target: "https://shop.example/?UTM_source=old" }],
  ["too_long", { target: `https://shop.example/${"x".repeat(2_000)}` }],
  ["too_long", { campaign: "x".repeat(101) }],
];

for (const [code, change] of FAULTS) {
  test(`${code}: ${JSON.stringify(change).slice(0, 60)}`, () => assert.deepEqual(codes(change), [code]));
}

test("a link from elsewhere, and numbers that are nobody's, are fine", () => {
  assert.deepEqual(codes({ place: "https://blog.example/" }), []);
  assert.deepEqual(codes({ content: "banner-728x90", campaign: "2026-03-01" }), []);
});

test("marks replace those of the address, and what is in it stays as it is", () => {
  const link = { ...GOOD, target: "https://shop.example/a+b?q=1%2B1&utm_source=old#part", campaign: "a b&c" };
  assert.equal(marked(link), "https://shop.example/a+b?q=1%2B1&utm_source=newsletter&utm_medium=email&utm_campaign=a%20b%26c#part");
});

test("what is tidied has nothing against its letters", () => {
  assert.equal(tidied("  Spring  Sale "), "spring-sale");
  assert.deepEqual(codes({ campaign: tidied("Spring Sale"), medium: tidied("EMAIL") }), []);
});
