import assert from "node:assert/strict";
import { test } from "node:test";
import { inWords, Refusal, Unreachable } from "../src/asking/ask";
import { lines, PRODUCTS, total } from "../src/shop/goods";
import { withoutInstant } from "../src/asking/paging";

test("a cart's sum has no loose cents", () => {
  const apron = PRODUCTS.filter(({ product_id }) => product_id === "apron");
  const cart = [...apron, ...apron, ...apron];
  assert.equal(total(cart), 89.7);
  assert.deepEqual(lines(cart).map(({ pieces }) => pieces), [3]);
  assert.equal(total([]), 0);
});

test("a refusal is said in the server's own words, as a sentence", () => {
  assert.equal(inWords(new Refusal(422, { title: "Unprocessable", detail: "from: is after to" })), "From: is after to.");
  assert.equal(inWords(new Refusal(503, { title: "Service Unavailable" })), "Service Unavailable.");
  assert.equal(inWords(new Refusal(502, {})), "The server answered 502.");
  assert.equal(inWords(new Unreachable("No answer.")), "No answer.");
});

test("an answer that differs in its instant alone is the same", () => {
  assert.equal(withoutInstant({ as_of: "1", rows: [1] }), withoutInstant({ as_of: "2", rows: [1] }));
  assert.notEqual(withoutInstant({ as_of: "1", rows: [1] }), withoutInstant({ as_of: "1", rows: [2] }));
});
