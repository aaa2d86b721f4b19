import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Browser } from "./browser.js";

const QUIET = { autoPage: "false" };
const ASKING = { dataset: { ...QUIET, consent: "pending" } };
const seen = (browser: Browser) => browser.events.map(({ type, event }) => event ?? type);
const stored = (browser: Browser) => [...Object.keys(browser.localStorage), ...browser.cookies.keys(), ...browser.cookieTexts];

for (const [name, locks] of Object.entries({ "Web Locks": new Browser().locks, "no Web Locks": undefined })) {
  test(`while consent is pending, nothing is stored and nothing sent, with ${name}`, async () => {
    const browser = new Browser();
    browser.locks = locks;
    const page = await browser.open({ dataset: { consent: "pending" } });
    page.waystage.identify("u1");
    page.window.dispatchEvent(new Event("online"));
    await browser.elapse(60_000);
    page.leave();
    assert.deepEqual([browser.requests, browser.beacons, stored(browser)], [[], [], []]);
  });
}

describe("consent that comes", () => {
  test("lets go out what was called before, as of then, in order", async () => {
    const browser = new Browser();
    const page = await browser.open(ASKING);
    page.waystage.track("Asked");
    page.waystage.identify("u1");
    await browser.elapse(10_000);
    page.location.href = "https://shop.example/later";
    page.waystage.consent("granted");
    page.waystage.track("Answered");
    await browser.settle();
    assert.deepEqual(seen(browser), ["Asked", "identify", "Answered"]);
    const [asked, , answered] = browser.events;
    assert.equal(asked!.timestamp, "2026-03-01T12:00:00.000Z");
    assert.equal((asked!.context.page as { url: string }).url, "https://shop.example/");
    assert.deepEqual([asked!.userId, answered!.userId], [undefined, "u1"]);
    assert.deepEqual(browser.events.map(({ context }) => context.sequence), [1, 2, 3]);
  });

  test("finds the visitor of the page before, and goes on counting", async () => {
    const browser = new Browser();
    await browser.open({ dataset: { consent: "granted" } });
    const page = await browser.open(ASKING);
    page.waystage.track("Asked");
    page.waystage.consent("granted");
    await browser.settle();
    const [before, after] = browser.events;
    assert.equal(after!.anonymousId, before!.anonymousId);
    assert.deepEqual(browser.events.map(({ context }) => context.sequence), [1, 2]);
  });

  test("is taken from the queue of the stub too", async () => {
    const browser = new Browser();
    await browser.open({ ...ASKING, inline: `waystage = function () {}; waystage.q = [["track", "Early"], ["consent", "granted"]]` });
    assert.deepEqual(seen(browser), ["Early"]);
  });

  test("finds the 200 latest calls", async () => {
    const browser = new Browser();
    const page = await browser.open(ASKING);
    for (let place = 0; place < 203; place++) page.waystage.track(`Event ${place}`);
    page.waystage.consent("granted");
    await browser.settle();
    const places = browser.events.map(({ event }) => Number(event!.split(" ")[1])).sort((a, b) => a - b);
    assert.deepEqual(places, Array.from({ length: 200 }, (_, place) => place + 3));
  });
});

test("without consent calls are dropped, and everything that the browser kept is forgotten", async () => {
  const browser = new Browser();
  const before = await browser.open({ dataset: QUIET });
  before.waystage.identify("u1");
  browser.answer = () => Promise.reject(new TypeError("network"));
  await browser.settle();
  before.waystage.track("Waiting");
  before.leave();
  browser.beacons.length = browser.requests.length = browser.cookieTexts.length = 0;
  browser.now += 1_000;
  browser.localStorage["theme"] = "dark";

  const page = await browser.open(ASKING);
  page.waystage.track("Asked");
  page.waystage.consent("denied");
  page.waystage.track("Refused");
  page.waystage.reset();
  await browser.elapse(60_000);
  page.leave();
  assert.deepEqual([browser.requests, browser.beacons], [[], []]);
  assert.deepEqual([Object.keys(browser.localStorage), [...browser.cookies]], [["theme"], []]);
});

test("consent can be withdrawn, and given again by somebody new", async () => {
  const browser = new Browser();
  const page = await browser.open({ dataset: QUIET });
  page.waystage.track("First");
  await browser.settle();
  page.waystage.consent("denied");
  page.waystage.track("Between");
  page.waystage.consent("granted");
  page.waystage.track("Second");
  await browser.settle();
  assert.deepEqual(seen(browser), ["First", "Second"]);
  assert.notEqual(browser.events[1]!.anonymousId, browser.events[0]!.anonymousId);
});

test("consent asked for again holds back what waits", async () => {
  const browser = new Browser();
  browser.answer = () => new Response("{}", { status: 503 });
  const page = await browser.open({ dataset: QUIET });
  page.waystage.track("Waiting");
  await browser.elapse(0);
  page.waystage.consent("pending");
  browser.requests = [];
  await browser.elapse(600_000);
  page.leave();
  assert.deepEqual([browser.requests, browser.beacons], [[], []]);
});

describe("a browser that asks not to be tracked", () => {
  const signals = { "Global Privacy Control": { globalPrivacyControl: true }, "Do Not Track": { doNotTrack: "1" } };
  for (const [name, signal] of Object.entries(signals)) {
    test(`by ${name} is let alone, whatever the page says at first`, async () => {
      const browser = Object.assign(new Browser(), signal);
      const page = await browser.open({ dataset: { consent: "granted" } });
      await browser.settle();
      page.leave();
      assert.deepEqual([browser.requests, browser.beacons, Object.keys(browser.localStorage)], [[], [], []]);
    });

    test(`by ${name} is like others where the operator says so, or the visitor consents`, async () => {
      const browser = Object.assign(new Browser(), signal);
      await browser.open({ dataset: { ignoreSignals: "true" } });
      const page = await browser.open({ dataset: QUIET });
      page.waystage.consent("granted");
      page.waystage.track("Consented");
      await browser.settle();
      assert.deepEqual(seen(browser), ["page", "Consented"]);
    });
  }

  test("does so by nothing else", async () => {
    const browser = Object.assign(new Browser(), { globalPrivacyControl: false, doNotTrack: "0" });
    await browser.open();
    assert.deepEqual(seen(browser), ["page"]);
  });
});
