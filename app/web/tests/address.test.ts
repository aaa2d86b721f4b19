import assert from "node:assert/strict";
import { test } from "node:test";
import { readPlace, writePlace } from "../src/address";
import { address } from "../src/asking/ask";
import { besideTitle, byStrength, customerPath, nameOf, titleOf } from "../src/asking/identifiers";
import { dayIn, daysLater, endsNow, questionOf, realZone, shared, traitsOf, windowOf, withTraits } from "../src/view";

test("an address and a place are two forms of one thing", () => {
  for (const about of ["user_id:u-1", "email:a+b@example.com", "user_id:a&b=c#d?e/../%00 é<script>", "user_id:x:y", ""]) {
    const place = { page: "customers", about, params: { model: "retail-4", from: "2025-01-31", behind: "/v1/paths/customers?a=b&c=d e" } };
    const read = readPlace(writePlace(place));
    assert.deepEqual({ ...read, params: { ...read.params } }, place);
  }
});

test("empty parameters are not written, broken ones are read as they stand", () => {
  assert.equal(writePlace({ page: "map", about: "", params: { model: "", channel: "email" } }), "#/map?channel=email");
  assert.deepEqual({ ...readPlace("#/map?q=%E0%A4%A&__proto__=x").params }, { q: "%E0%A4%A", ["__proto__"]: "x" });
  assert.equal(Object.getPrototypeOf(readPlace("#/map?__proto__=x").params), null);
  assert.deepEqual(readPlace("").page, "");
});

test("a plus in a link that somebody typed is a plus", () => {
  assert.equal(readPlace("#/customers/email:a+b@example.com").about, "email:a+b@example.com");
});

test("the last seven days are today and the six before, and end now", () => {
  assert.deepEqual(windowOf({ window: "7" }, "2025-03-03"), { from: "2025-02-25" });
  assert.ok(endsNow({ window: "7" }, "2025-03-03"));
  for (const window of ["", "all", "0", "-3", "1e9", "nonsense"]) assert.deepEqual(windowOf({ window }, "2025-03-03"), {});
});

test("the last chosen day is inside a half-open window; today as the last day ends now", () => {
  const params = { window: "dates", from: "2025-02-01", to: "2025-02-28" };
  assert.deepEqual(windowOf(params, "2025-03-03"), { from: "2025-02-01", to: "2025-03-01" });
  assert.ok(!endsNow(params, "2025-03-03"));
  assert.deepEqual(windowOf(params, "2025-02-28"), { from: "2025-02-01" });
  assert.deepEqual(windowOf({ window: "dates", from: "2025-13-01", to: "tomorrow" }, "2025-03-03"), {});
});

test("days are counted over the ends of months and years, and begin where the zone says", () => {
  assert.equal(daysLater("2024-02-28", 1), "2024-02-29");
  assert.equal(dayIn(new Date("2025-12-31T21:30:00Z"), "Europe/Moscow"), "2026-01-01");
  assert.equal(realZone("Asia/Tokyo"), "Asia/Tokyo");
  assert.notEqual(realZone("Nowhere/Atlantis"), "Nowhere/Atlantis");
});

test("a question leaves out what is not chosen, and says traits one by one", () => {
  const query = questionOf({ model: "journey-5", channel: "paid_search", trait: "plan:pro|city:A%7CB" }, "2025-03-03", "Europe/Moscow");
  assert.equal(address("/v1/transitions", query), "/v1/transitions?model=journey-5&timezone=Europe%2FMoscow&channel=paid_search&trait=plan%3Apro&trait=city%3AA%7CB");
  assert.equal(address("/v1/sources", {}), "/v1/sources");
  assert.equal(address("/v1/paths/customers", { other: true, collapse: false, depth: 3 }), "/v1/paths/customers?other=1&depth=3");
});

test("traits of any letters are kept apart", () => {
  const traits = ["a:b|c", "a:%7C", "plan:100%"];
  assert.deepEqual(traitsOf({ trait: withTraits(traits) }), traits);
});

test("model, window and filters go along to another page, the rest does not", () => {
  assert.deepEqual(shared({ model: "retail-4", channel: "email", "flow.as": "table", steps: "a,b", zone: "UTC" }), { model: "retail-4", zone: "UTC", channel: "email" });
});

test("a customer is called by the strongest identifier", () => {
  const identifiers = ["anonymous_id", "crm", "phone", "email", "user_id"].map((kind) => ({ kind, value: "1" }));
  assert.deepEqual(byStrength(identifiers).map(({ kind }) => kind), ["user_id", "email", "phone", "crm", "anonymous_id"]);
  assert.equal(nameOf(identifiers), "user_id:1");
  assert.equal(nameOf([]), "");
  assert.equal(titleOf(identifiers), "1");
  assert.equal(titleOf([{ kind: "anonymous_id", value: "f666b58d-7551-9b89" }]), "Visitor f666b58d");
  assert.deepEqual([besideTitle(identifiers).others.length, besideTitle(identifiers).devices], [3, 1]);
});

test("any character of an identifier survives the path", () => {
  assert.equal(customerPath("user_id:a/b:c?d#é", "journey"), "/v1/customers/user_id:a%2Fb%3Ac%3Fd%23%C3%A9/journey");
});
