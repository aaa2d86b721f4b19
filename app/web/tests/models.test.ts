import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal, Unreachable } from "../src/asking/ask";
import { freeName, lineAt, mistakesOf, nameIn, renamed } from "../src/pages/setup/models/document";

test("the name of a document is read from YAML and JSON", () => {
  assert.equal(nameIn("# mine\nmodel: shop-2 # this one\nstages: []\n"), "shop-2");
  assert.equal(nameIn('{"stages": [],\n "model": "shop"}'), "shop");
  assert.equal(nameIn("stages: []"), "");
});

test("a copy has another name and is otherwise the same", () => {
  assert.equal(renamed("model: 'shop'\nlabels: {en: model}\n", "own"), "model: own\nlabels: {en: model}\n");
  assert.equal(nameIn(renamed("model: $1\n", "a$&b")), "a$&b");
});

test("a new model takes a name that is free", () => {
  assert.equal(freeName("journey-5", ["journey-5"]), "journey-5-own");
  assert.equal(freeName("journey-5", ["journey-5", "journey-5-own", "journey-5-own-2"]), "journey-5-own-3");
});

test("mistakes have their lines; other failures are one without", () => {
  const refusal = new Refusal(422, { detail: "x", errors: [{ field: "stages[0].stage", reason: "missing", line: 3 }, { field: "body", reason: "is large" }] });
  assert.deepEqual(mistakesOf(refusal), [{ line: 3, field: "stages[0].stage", reason: "missing" }, { line: null, field: "body", reason: "is large" }]);
  assert.equal(mistakesOf(new Unreachable("The server does not answer."))[0]?.reason, "The server does not answer.");
});

test("a line is found in the text", () => {
  const text = "one\n\nthree";
  assert.equal(text.slice(...lineAt(text, 3)), "three");
  assert.deepEqual(lineAt(text, 2), [4, 4]);
  assert.equal(text.slice(...lineAt(text, 9)), "");
});
