import assert from "node:assert/strict";
import { test } from "node:test";
import { known, ROWS_MOST, withTold } from "../src/pages/live/rows";
import { faultOf, laidOut, marked } from "../src/pages/live/where";
import type { AnyTold, DerivedTold, EventTold } from "../src/pages/live/wire";

const EVENT: EventTold = { id: 1, kind: "accepted", at: "2026-01-01T10:00:00Z", source: "site", message_id: "m1", type: "page", event: "Page Viewed", occurred_at: "2026-01-01T10:00:00Z", url: null, identifiers: [] };
const DERIVED: DerivedTold = { ...EVENT, id: 2, kind: "derived", channel: "email", channel_rule: "email", channel_why: "", machine_rule: null, machine_why: null, subject: null, customer: null, touch: null, entries: [] };

test("an event and what was derived of it are one row, in either order, and told twice it stays one", () => {
  for (const told of [[EVENT, DERIVED], [DERIVED, EVENT], [EVENT, DERIVED, EVENT, DERIVED]] as AnyTold[][]) {
    const [row, ...others] = withTold([], told);
    assert.equal(others.length, 0);
    assert.ok(row?.what === "event" && row.derived?.channel === "email");
  }
});

test("the newest stands first, a row keeps its place, and the oldest go", () => {
  const later = { ...EVENT, id: 3, message_id: "m2" };
  assert.deepEqual(withTold(withTold([], [EVENT, later]), [DERIVED]).map(({ key }) => key), ["event site m2", "event site m1"]);
  const many = Array.from({ length: ROWS_MOST + 5 }, (_, at) => ({ ...EVENT, id: at, message_id: `m${at}` }));
  const rows = withTold([], many);
  assert.equal(rows.length, ROWS_MOST);
  assert.equal(rows[0]?.key, `event site m${ROWS_MOST + 4}`);
});

test("duplicates and failures are rows of their own", () => {
  const failed: AnyTold = { id: 4, kind: "failed", message_id: "m1", code: "not_json", field: null, message: "x" };
  const rows = withTold([], [EVENT, { ...EVENT, id: 5, kind: "duplicate" }, { ...EVENT, id: 6, kind: "duplicate" }, failed]);
  assert.deepEqual(rows.map(({ what }) => what), ["failed", "event", "event", "event"]);
});

test("only what changes a row that is shown is known", () => {
  const rows = withTold([], [EVENT]);
  assert.deepEqual(known(rows, [DERIVED, { ...DERIVED, message_id: "m9" }, EVENT]), [DERIVED]);
});

test("a fault is marked where it stands", () => {
  const body = '{"type":"track","timestamp": "soon, {really}","properties":{"revenue":{"a":[1,2]},"x":1}}';
  const at = (field: string | null, message = "", text = body, code = "wrong_type") => marked(text, { code, field, message });
  assert.deepEqual(at("timestamp"), ['{"type":"track",', '"timestamp": "soon, {really}"', ',"properties":{"revenue":{"a":[1,2]},"x":1}}']);
  assert.equal(at("properties.revenue")?.[1], '"revenue":{"a":[1,2]}');
  assert.equal(at("properties.x")?.[1], '"x":1');
  assert.equal(at("userId", "userId is missing"), null);
  assert.equal(at("a(", "", '{"a(":1}')?.[1], '"a(":1');
  assert.deepEqual(at(null, "the event is not JSON: object keys must be strings (byte 1)", "{ы: 1}"), ["{", "ы", ": 1}"]);
  assert.equal(at(null, "unexpected end (byte 99)", "{}"), null);
  assert.equal(at(null, "", '{"a":"x\\u0000"}', "unstorable_text")?.[1], "\\u0000");
  assert.equal(at(null, "", '{"a":12345678901234567890}', "unstorable_number")?.[1], "12345678901234567890");
});

test("a body is laid out only where that changes nothing", () => {
  assert.equal(laidOut('{"a":1}'), '{\n  "a": 1\n}');
  assert.equal(laidOut("{a:1}"), "{a:1}");
  assert.equal(laidOut('{"a":12345678901234567890}'), '{"a":12345678901234567890}');
  assert.equal(faultOf('{"a":1}'), null);
  assert.ok(faultOf("[1]") && faultOf("{") && faultOf("null"));
});
