import assert from "node:assert/strict";
import { test } from "node:test";
import { inWords, Refusal, Unreachable } from "../src/ask";
import { stepsOf } from "../src/funnel";
import { lines, PRODUCTS, total } from "../src/goods";
import { withoutInstant } from "../src/paging";
import { commandLine, writeKey } from "../src/welcome";

test("a cart's sum has no loose cents", () => {
  const apron = PRODUCTS.filter(({ product_id }) => product_id === "apron");
  const cart = [...apron, ...apron, ...apron];
  assert.equal(total(cart), 89.7);
  assert.deepEqual(lines(cart).map(({ pieces }) => pieces), [3]);
  assert.equal(total([]), 0);
});

test("the command line carries the snippet's write key", () => {
  assert.equal(writeKey('<script async src="/s.js" data-write-key="wk_4f-2.d"></script>'), "wk_4f-2.d");
  assert.equal(writeKey("<script></script>"), "WRITE_KEY");
  assert.ok(commandLine("http://127.0.0.1:8000", "wk").startsWith("curl http://127.0.0.1:8000/v1/track -u wk: "));
});

test("a refusal is said in the server's own words, as a sentence", () => {
  assert.equal(inWords(new Refusal(422, { title: "Unprocessable", detail: "from: is after to" })), "From: is after to.");
  assert.equal(inWords(new Refusal(503, { title: "Service Unavailable" })), "Service Unavailable.");
  assert.equal(inWords(new Refusal(502, {})), "The server answered 502.");
  assert.equal(inWords(new Unreachable("No answer.")), "No answer.");
});

test("only models of two to eight stages are read as a funnel", () => {
  assert.equal(stepsOf(["a", "b"]), "a,b");
  assert.equal(stepsOf(["a"]), null);
  assert.equal(stepsOf(Array.from({ length: 9 }, String)), null);
});

test("an answer that differs in its instant alone is the same", () => {
  assert.equal(withoutInstant({ as_of: "1", rows: [1] }), withoutInstant({ as_of: "2", rows: [1] }));
  assert.notEqual(withoutInstant({ as_of: "1", rows: [1] }), withoutInstant({ as_of: "1", rows: [2] }));
});
