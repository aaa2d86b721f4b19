import assert from "node:assert/strict";
import { test } from "node:test";
import { address } from "../src/ask";
import { daysLater, endsNow, localDay, questionOf, readChoice, UNCHOSEN, windowOf, writeChoice } from "../src/choice";
import { besideTitle, byStrength, journeyPath, nameOf, titleOf } from "../src/identifiers";

test("a hash and a choice are two forms of one thing", () => {
  const values = ["user_id:u-1", "email:a+b@example.com", "user_id:a&b=c#d/../%00 é<script>", "user_id:x:y"];
  for (const customer of values) {
    const choice = { ...UNCHOSEN, model: "retail-4", window: "dates", from: "2025-01-31", customer };
    assert.deepEqual(readChoice(writeChoice(choice)), choice);
  }
});

test("defaults are not written, unknown names and broken values not read", () => {
  assert.equal(writeChoice(UNCHOSEN), "#");
  assert.deepEqual(readChoice("#__proto__=x&nonsense=1&from=2025-13-01&to=tomorrow&q=%E0%A4%A"), { ...UNCHOSEN, q: "%E0%A4%A" });
});

test("a plus in a link that somebody typed is a plus", () => {
  assert.equal(readChoice("#customer=email:a+b@example.com").customer, "email:a+b@example.com");
});

test("the last seven days are today and the six before, and end now", () => {
  const choice = { ...UNCHOSEN, window: "7" };
  assert.deepEqual(windowOf(choice, "2025-03-03"), { from: "2025-02-25" });
  assert.ok(endsNow(choice, "2025-03-03"));
  assert.deepEqual(windowOf(UNCHOSEN, "2025-03-03"), {});
});

test("the last chosen day is inside a half-open window; today as the last day ends now", () => {
  const choice = { ...UNCHOSEN, window: "dates", from: "2025-02-01", to: "2025-02-28" };
  assert.deepEqual(windowOf(choice, "2025-03-03"), { from: "2025-02-01", to: "2025-03-01" });
  assert.ok(!endsNow(choice, "2025-03-03"));
  assert.deepEqual(windowOf(choice, "2025-02-28"), { from: "2025-02-01" });
  assert.deepEqual(windowOf({ ...choice, from: "", to: "" }, "2025-03-03"), {});
});

test("days are counted over the ends of months and years", () => {
  assert.equal(daysLater("2024-02-28", 1), "2024-02-29");
  assert.equal(daysLater("2025-01-01", -1), "2024-12-31");
  assert.equal(localDay(new Date(2025, 0, 5, 23, 59)), "2025-01-05");
});

test("a question leaves out what is not chosen", () => {
  const query = questionOf({ ...UNCHOSEN, model: "journey-5", channel: "paid_search" }, "2025-03-03", "Europe/Moscow");
  assert.equal(address("/v1/transitions", query), "/v1/transitions?timezone=Europe%2FMoscow&channel=paid_search");
  assert.equal(address("/v1/sources", {}), "/v1/sources");
});

test("a customer is linked to by the strongest identifier", () => {
  const identifiers = ["anonymous_id", "crm", "phone", "email", "user_id"].map((kind) => ({ kind, value: "1" }));
  assert.deepEqual(byStrength(identifiers).map(({ kind }) => kind), ["user_id", "email", "phone", "crm", "anonymous_id"]);
  assert.equal(nameOf(identifiers), "user_id:1");
  assert.equal(nameOf([]), "");
  assert.equal(titleOf(identifiers), "1");
  assert.equal(titleOf([{ kind: "anonymous_id", value: "f666b58d-7551-9b89" }]), "Visitor f666b58d");
  assert.deepEqual([besideTitle(identifiers).others.length, besideTitle(identifiers).devices], [3, 1]);
});

test("any character of an identifier survives the path", () => {
  assert.equal(journeyPath("user_id:a/b:c?d#é"), "/v1/customers/user_id:a%2Fb%3Ac%3Fd%23%C3%A9/journey");
  assert.equal(journeyPath("email:a@b.c"), "/v1/customers/email:a%40b.c/journey");
});
