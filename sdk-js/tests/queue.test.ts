import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Browser } from "./browser.js";

const QUIET = { dataset: { autoPage: "false" } };
const DAY_MS = 86_400_000;
const offline = () => Promise.reject(new TypeError("network"));
const online = () => new Response("{}");

/** What arrives on the page after this one, and how many the browser then says it lost. */
async function arriving(browser: Browser): Promise<{ names: (string | undefined)[]; dropped: unknown }> {
  browser.crash();
  browser.requests = [];
  browser.answer = online;
  const page = await browser.open(QUIET);
  await browser.settle();
  const names = browser.events.map(({ event }) => event);
  page.waystage.track("Probe");
  await browser.settle();
  return { names, dropped: browser.events.at(-1)!.context.dropped };
}

async function offlinePage(browser: Browser) {
  browser.answer = offline;
  return browser.open(QUIET);
}

describe("the queue is bounded", () => {
  test("to 200 events: the oldest give way and are counted", async () => {
    const browser = new Browser();
    const page = await offlinePage(browser);
    for (let place = 0; place < 203; place++) {
      page.waystage.track(`Event ${place}`);
      browser.now += 1;
    }
    assert.equal(browser.queued.length, 200);
    const { names, dropped } = await arriving(browser);
    assert.deepEqual(names, Array.from({ length: 200 }, (_, place) => `Event ${place + 3}`));
    assert.equal(dropped, 3);
  });

  test("to 200,000 bytes", async () => {
    const browser = new Browser();
    const page = await offlinePage(browser);
    for (let place = 0; place < 8; place++) {
      page.waystage.track(`Event ${place}`, { text: "x".repeat(40_000) });
      browser.now += 1;
    }
    const { names, dropped } = await arriving(browser);
    assert.deepEqual(names, ["Event 4", "Event 5", "Event 6", "Event 7"]);
    assert.equal(dropped, 4);
  });

  test("to 6 days", async () => {
    const browser = new Browser();
    const page = await offlinePage(browser);
    page.waystage.track("Too Old");
    browser.now += 1_000;
    page.waystage.track("Old");
    browser.now += 6 * DAY_MS - 500;
    const { names, dropped } = await arriving(browser);
    assert.deepEqual(names, ["Old"]);
    assert.equal(dropped, 1);
  });
});

test("an event that no request can carry, or that is no JSON, is dropped and counted, and the others stay", async () => {
  const browser = new Browser();
  const page = await offlinePage(browser);
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  page.waystage.track("Kept");
  page.waystage.track("Circular", circular);
  page.waystage.track("Huge", { text: "x".repeat(60_000) });
  const { names, dropped } = await arriving(browser);
  assert.deepEqual(names, ["Kept"]);
  assert.equal(dropped, 2);
});

test("two sources of one origin keep their events apart", async () => {
  const browser = new Browser();
  const shop = await offlinePage(browser);
  shop.waystage.track("Of The Shop");
  await browser.settle();
  browser.crash();
  browser.requests = [];
  browser.answer = online;
  for (const writeKey of ["wk_11", "wk_", "1"]) await browser.open({ ...QUIET, writeKey });
  assert.deepEqual(browser.events, []);
  await browser.open(QUIET);
  assert.deepEqual(browser.requests.map(({ writeKey, batch }) => [writeKey, batch[0]!.event]), [["wk_1", "Of The Shop"]]);
});

test("an event that another tab has just sent leaves no gap in a batch", async () => {
  const browser = new Browser();
  const page = await browser.open(QUIET);
  page.waystage.track("First");
  page.waystage.track("Second");
  const [first] = browser.queued;
  const { localStorage } = browser;
  let reads = 0;
  const text = localStorage[first!];
  Object.defineProperty(localStorage, first!, { configurable: true, enumerable: true, get: () => (++reads > 2 ? undefined : text) });
  await browser.settle();
  assert.equal(browser.requests[0]!.batch.length, 1);
});

describe("storage that", () => {
  test("is forbidden: events wait in memory, the cookie remembers the visitor, nothing throws", async () => {
    const browser = new Browser();
    browser.storageForbidden = true;
    const page = await offlinePage(browser);
    page.waystage.track("First");
    await browser.settle();
    browser.answer = online;
    await browser.elapse(60_000);
    assert.deepEqual(browser.events[1], browser.events[0]);
    await browser.open();
    assert.equal(browser.events.at(-1)!.type, "page");
    assert.equal(browser.events.at(-1)!.anonymousId, browser.events[0]!.anonymousId);
  });

  test("is full: events are sent all the same, in order", async () => {
    const browser = new Browser();
    browser.room = 0;
    const page = await browser.open(QUIET);
    page.waystage.identify("u1");
    page.waystage.track("First");
    await browser.settle();
    assert.deepEqual(browser.events.map(({ userId, context }) => [userId, context.sequence]), [["u1", 1], ["u1", 2]]);
  });

  test("fills up: who was forgotten does not come back on the next page", async () => {
    const browser = new Browser();
    const page = await browser.open();
    browser.room = 0;
    page.waystage.reset();
    page.leave();
    await browser.open();
    assert.notEqual(browser.events[1]!.anonymousId, browser.events[0]!.anonymousId);
  });
});
