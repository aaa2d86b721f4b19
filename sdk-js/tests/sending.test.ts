import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pauseMs } from "../src/sender.js";
import { Browser, HOST, type Page } from "./browser.js";

const QUIET = { dataset: { autoPage: "false" } };
const status = (code: number, headers = {}) => () => new Response("{}", { status: code, headers });
const lost = () => Promise.reject(new TypeError("network"));

test("calls of one moment share a request that needs no preflight and outlives the page", async () => {
  const browser = new Browser();
  const page = await browser.open(QUIET);
  page.waystage.track("Product Viewed", { price: 5 });
  page.waystage.track("Product Added");
  await browser.elapse(0);
  assert.equal(browser.requests.length, 1);
  const [sent] = browser.requests;
  assert.equal(sent!.url, `${HOST}/v1/batch`);
  assert.match(sent!.contentType!, /^text\/plain/);
  assert.equal(sent!.keepalive, true);
  assert.equal(sent!.writeKey, "wk_1");
  assert.deepEqual(browser.events.map(({ event }) => event), ["Product Viewed", "Product Added"]);
  assert.deepEqual(browser.queued, []);
});

for (const [name, failure] of Object.entries({ "a lost network": lost, "a 503": status(503), "a 429": status(429) })) {
  test(`after ${name} the very same event is sent again`, async () => {
    const browser = new Browser();
    browser.answer = failure;
    const page = await browser.open(QUIET);
    page.waystage.track("Order Completed", { total: 12.5 });
    await browser.elapse(0);
    assert.equal(browser.queued.length, 1);
    browser.answer = status(200);
    await browser.elapse(60_000);
    assert.equal(browser.requests.length, 2);
    assert.deepEqual(browser.events[1], browser.events[0]);
    assert.deepEqual(browser.queued, []);
  });
}

test("what a page could not send, the next page sends unchanged", async () => {
  const browser = new Browser();
  browser.answer = lost;
  const page = await browser.open(QUIET);
  page.waystage.track("Order Completed");
  await browser.elapse(0);
  page.leave();
  browser.answer = status(200);
  await browser.open(QUIET);
  assert.deepEqual(browser.events[1], browser.events[0]);
  assert.deepEqual(browser.queued, []);
});

test("an event that the server refuses is not sent again, and is counted on the next one", async () => {
  const browser = new Browser();
  browser.answer = status(400);
  const page = await browser.open(QUIET);
  page.waystage.track("Refused");
  await browser.elapse(0);
  browser.answer = status(200);
  page.waystage.track("Accepted");
  await browser.elapse(3_600_000);
  assert.deepEqual(browser.events.map(({ event, context }) => [event, context.dropped]), [["Refused", undefined], ["Accepted", 1]]);
});

test("Retry-After is waited for, also by new events", async () => {
  const browser = new Browser();
  browser.answer = status(503, { "Retry-After": "120" });
  const page = await browser.open(QUIET);
  page.waystage.track("First");
  await browser.elapse(0);
  page.waystage.track("Second");
  await browser.elapse(119_999);
  assert.equal(browser.requests.length, 1);
  browser.answer = status(200);
  await browser.elapse(1_001);
  assert.deepEqual(browser.events.map(({ event }) => event), ["First", "First", "Second"]);
});

test("the pause doubles with each failure, at random below its bound, on top of what Retry-After asks", () => {
  const now = Date.parse("2026-03-01T12:00:00Z");
  const halves = [0, 1, 2, 20].map((failures) => pauseMs(failures, null, now, 0.5));
  assert.deepEqual(halves, [500, 1_000, 2_000, 150_000]);
  assert.equal(pauseMs(5, null, now, 0), 0);
  assert.equal(pauseMs(0, "30", now, 0), 30_000);
  assert.equal(pauseMs(0, "Sun, 01 Mar 2026 12:00:10 GMT", now, 0), 10_000);
  assert.equal(pauseMs(0, "Sun, 01 Mar 2026 11:00:00 GMT", now, 0.5), 500);
  assert.equal(pauseMs(0, "soon", now, 0.5), 500);
  assert.ok(pauseMs(40, "99999999999", now, 1) < 2 ** 31, "longer than a timer can wait, it would run at once");
});

test("an outage is not hammered, and is forgotten after it", async () => {
  const browser = new Browser();
  browser.answer = status(503);
  const page = await browser.open(QUIET);
  page.waystage.track("First");
  await browser.elapse(3_600_000);
  assert.ok(browser.requests.length < 300, `${browser.requests.length} requests in an hour`);
  browser.answer = status(200);
  await browser.elapse(300_000);
  assert.deepEqual(browser.queued, []);
  browser.answer = lost;
  page.waystage.track("Second");
  await browser.elapse(0);
  browser.answer = status(200);
  await browser.elapse(1_000);
  assert.deepEqual(browser.queued, []);
});

test("batches stay below 60,000 bytes and carry every event once, the oldest first", async () => {
  const browser = new Browser();
  const page = await browser.open(QUIET);
  const names = Array.from({ length: 40 }, (_, place) => `Event ${place}`);
  for (const name of names) {
    page.waystage.track(name, { text: "я".repeat(2_000) });
    browser.now += 1;
  }
  await browser.settle();
  assert.ok(browser.requests.length > 2);
  assert.ok(browser.requests.every(({ bytes }) => bytes < 60_000), `${browser.requests.map(({ bytes }) => bytes)}`);
  assert.deepEqual(browser.requests.flatMap(({ batch }) => batch.map(({ event }) => event)), names);
});

test("requests are half a second apart, however often something happens", async () => {
  const browser = new Browser();
  const times: number[] = [];
  browser.answer = () => (times.push(browser.now), new Response("{}"));
  const page = await browser.open(QUIET);
  for (let place = 0; place < 100; place++) {
    page.waystage.track("Moved");
    await browser.elapse(17);
  }
  await browser.settle();
  assert.equal(browser.events.length, 100);
  assert.ok(times.slice(1).every((time, place) => time - times[place]! >= 500), `${times}`);
});

describe("after three requests that the network refused in a row", () => {
  async function silenced(): Promise<[Browser, Page]> {
    const browser = new Browser();
    browser.answer = lost;
    const page = await browser.open(QUIET);
    page.waystage.track("First");
    await browser.elapse(60_000);
    assert.equal(browser.requests.length, 3);
    browser.requests = [];
    browser.answer = status(200);
    return [browser, page];
  }

  test("a page makes no more, and the next one sends what it left", async () => {
    const [browser, page] = await silenced();
    page.waystage.track("Second");
    await browser.elapse(3_600_000);
    page.leave();
    assert.deepEqual([browser.requests, browser.beacons], [[], []]);
    await browser.open(QUIET);
    assert.deepEqual(browser.events.map(({ event }) => event), ["First", "Second"]);
  });

  test("a page goes on when the browser is online again", async () => {
    const [browser, page] = await silenced();
    page.window.dispatchEvent(new Event("online"));
    await browser.elapse(0);
    assert.deepEqual(browser.events.map(({ event }) => event), ["First"]);
  });
});

test("when the browser is online again, the pause is over", async () => {
  const browser = new Browser();
  browser.answer = status(503, { "Retry-After": "3600" });
  const page = await browser.open(QUIET);
  page.waystage.track("First");
  await browser.elapse(1_000);
  browser.answer = status(200);
  page.window.dispatchEvent(new Event("online"));
  await browser.elapse(0);
  assert.deepEqual(browser.queued, []);
});

test("an answer that is none is a request that the network refused", async () => {
  for (const answer of [undefined, null, {}, "refused"]) {
    const browser = new Browser();
    browser.answer = () => answer as Response;
    const page = await browser.open(QUIET);
    page.waystage.track("Kept");
    await browser.elapse(600_000);
    assert.equal(browser.requests.length, 3);
    assert.equal(browser.queued.length, 1);
  }
});

describe("leaving the page", () => {
  test("hands over each waiting event once, and keeps it for the next page", async () => {
    const browser = new Browser();
    const page = await browser.open(QUIET);
    page.waystage.track("Link Clicked");
    page.leave();
    assert.equal(browser.beacons.length, 1);
    assert.match(browser.beacons[0]!.contentType!, /^text\/plain/);
    assert.equal(browser.beacons[0]!.writeKey, "wk_1");
    await browser.open(QUIET);
    assert.deepEqual(browser.events, browser.beacons[0]!.batch);
    assert.deepEqual(browser.queued, []);
  });

  test("is heeded by either signal, and coming back is none", async () => {
    const browser = new Browser();
    const page = await browser.open(QUIET);
    page.waystage.track("First");
    page.show(true);
    assert.equal(browser.beacons.length, 0);
    page.show(false);
    assert.equal(browser.beacons.length, 1);
    page.waystage.track("Second");
    page.window.dispatchEvent(new Event("pagehide"));
    assert.deepEqual(browser.beacons.flatMap(({ batch }) => batch.map(({ event }) => event)), ["First", "Second"]);
  });

  test("leaves alone what a request under way carries", async () => {
    const browser = new Browser();
    const page = await browser.open(QUIET);
    browser.answer = () => new Promise(() => {});
    page.waystage.track("Under Way");
    await browser.elapse(0);
    page.waystage.track("Last");
    page.leave();
    assert.deepEqual(browser.beacons.flatMap(({ batch }) => batch.map(({ event }) => event)), ["Last"]);
  });

  test("tries once more what a request failed to carry", async () => {
    const browser = new Browser();
    browser.answer = lost;
    const page = await browser.open(QUIET);
    page.waystage.track("Failed");
    await browser.elapse(0);
    page.leave();
    assert.deepEqual(browser.beacons[0]!.batch, browser.events);
  });

  test("splits beacons too, and stops when the browser takes no more", async () => {
    const browser = new Browser();
    const page = await browser.open(QUIET);
    for (let place = 0; place < 40; place++) page.waystage.track("Long", { text: "x".repeat(4_000) });
    page.leave();
    assert.equal(browser.beacons.flatMap(({ batch }) => batch).length, 40);
    assert.ok(browser.beacons.every(({ bytes }) => bytes < 60_000));

    browser.acceptsBeacons = false;
    const next = await browser.open(QUIET);
    await browser.settle();
    assert.deepEqual(browser.queued, []);
    next.waystage.track("Refused By Browser");
    next.leave();
    assert.equal(browser.queued.length, 1);
  });
});

describe("two tabs", () => {
  test("send an event once where the browser has locks", async () => {
    const browser = new Browser();
    browser.answer = lost;
    const first = await browser.open(QUIET);
    first.waystage.track("Shared");
    await browser.elapse(0);
    browser.crash();
    browser.requests = [];
    let confirm = () => {};
    browser.answer = () => new Promise((resolve) => (confirm = () => resolve(new Response("{}"))));
    await browser.open(QUIET);
    await browser.open(QUIET);
    confirm();
    await browser.elapse(600_000);
    assert.equal(browser.events.length, 1);
  });

  async function withoutLocks(): Promise<Browser> {
    const browser = new Browser();
    browser.locks = undefined;
    browser.localStorage["waystage.event.1772366400000.m1.wk_1"] = JSON.stringify({ type: "track", event: "Left", context: {} });
    return browser;
  }

  test("send an event once without them too, opened at one moment or while the other sends", async () => {
    const browser = await withoutLocks();
    let confirm = () => {};
    browser.answer = () => new Promise((resolve) => (confirm = () => resolve(new Response("{}"))));
    await Promise.all([browser.open(QUIET), browser.open(QUIET), browser.open(QUIET)]);
    await browser.elapse(10_000);
    await browser.open(QUIET);
    await browser.elapse(10_000);
    assert.equal(browser.requests.length, 1);
    confirm();
    await browser.settle();
    assert.deepEqual([browser.requests.length, browser.queued], [1, []]);
  });

  test("give the lock back when they are left", async () => {
    const browser = await withoutLocks();
    browser.answer = () => new Promise(() => {});
    for (const visit of [1, 2]) {
      const page = await browser.open(QUIET);
      await browser.elapse(100);
      assert.equal(browser.requests.length, visit);
      page.leave();
      assert.equal(browser.localStorage["waystage.lock"], undefined);
    }
  });

  test("do not wait for ever for one that broke down", async () => {
    const browser = await withoutLocks();
    browser.answer = () => new Promise(() => {});
    await browser.open(QUIET);
    await browser.elapse(1_000);
    browser.crash();
    browser.answer = status(200);
    await browser.open(QUIET);
    await browser.elapse(50_000);
    assert.equal(browser.requests.length, 1);
    await browser.elapse(15_000);
    assert.deepEqual(browser.queued, []);
  });

  const forbidden = { request: () => Promise.reject(new DOMException("forbidden", "SecurityError")) };
  for (const [name, locks] of Object.entries({ "no locks": undefined, "forbidden locks": forbidden })) {
    test(`send with ${name} as well`, async () => {
      const browser = new Browser();
      browser.locks = locks;
      const page = await browser.open(QUIET);
      page.waystage.track("Sent");
      await browser.settle();
      assert.equal(browser.events.length, 1);
    });
  }
});
