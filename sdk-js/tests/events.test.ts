import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { WireEvent } from "../src/events.js";
import { Browser, type Page } from "./browser.js";

const QUIET = { dataset: { autoPage: "false" } };
const ID = /^\d+-\d+-\d+-\d+$/;

/** The events that these calls make, in a browser of their own. */
async function eventsOf(calls: (page: Page) => void): Promise<WireEvent[]> {
  const browser = new Browser();
  calls(await browser.open({ ...QUIET, url: "https://shop.example/shoes?utm_source=news#size", referrer: "https://search.example/" }));
  await browser.settle();
  return browser.events;
}

test("a page event says where the visitor is and came from; the fragment stays in the browser", async () => {
  const [page] = await eventsOf(({ waystage }) => waystage.page("Shoes", { colour: "red", title: "Own title" }));
  const search = "?utm_source=news";
  const where = { url: `https://shop.example/shoes${search}`, path: "/shoes", referrer: "https://search.example/", search };
  assert.equal(page!.type, "page");
  assert.equal(page!.name, "Shoes");
  assert.deepEqual(page!.properties, { ...where, title: "Own title", colour: "red" });
  assert.deepEqual(page!.context.page, { ...where, title: "Shop" });
  assert.deepEqual(page!.context.library, { name: "waystage", version: "0.1.0" });
});

test("an event has ids and the time of its call", async () => {
  const [first, second] = await eventsOf((page) => {
    page.waystage.track("First");
    page.browser.now += 5;
    page.waystage.track("Second", { of: 2 });
  });
  assert.equal(first!.timestamp, "2026-03-01T12:00:00.000Z");
  assert.equal(second!.timestamp, "2026-03-01T12:00:00.005Z");
  assert.match(first!.messageId, ID);
  assert.match(first!.anonymousId, ID);
  assert.notEqual(first!.messageId, second!.messageId);
  assert.deepEqual(second!.properties, { of: 2 });
});

test("first arguments can be left out", async () => {
  const events = await eventsOf(({ waystage }) => {
    waystage.page();
    waystage.page({ colour: "red" });
    waystage.identify({ plan: "free" });
    waystage.identify(null, { plan: "pro" });
    waystage.identify(42);
    waystage.group("g1", { size: 3 });
  });
  assert.deepEqual(events.map(({ name, userId, traits }) => [name, userId, traits]), [
    [undefined, undefined, undefined],
    [undefined, undefined, undefined],
    [undefined, undefined, { plan: "free" }],
    [undefined, undefined, { plan: "pro" }],
    [undefined, "42", undefined],
    [undefined, "42", { size: 3 }],
  ]);
  assert.equal(events[1]!.properties!.colour, "red");
  assert.equal(events[5]!.groupId, "g1");
});

test("where scripts change the address, the page before is the referrer", async () => {
  const events = await eventsOf((page) => {
    page.waystage.page();
    page.location.href = "https://shop.example/boots";
    page.waystage.page();
    page.waystage.track("Product Viewed");
  });
  const steps = events.map(({ context }) => context.page as { referrer: string; url: string });
  const [shoes, boots] = ["https://shop.example/shoes?utm_source=news", "https://shop.example/boots"];
  assert.deepEqual(steps.map(({ url }) => url), [shoes, boots, boots]);
  assert.deepEqual(steps.map(({ referrer }) => referrer), ["https://search.example/", shoes, shoes]);
});

test("sequence goes on over pages and tabs", async () => {
  const browser = new Browser();
  const tab = await browser.open();
  await browser.open();
  tab.waystage.track("In The First Tab");
  await browser.settle();
  assert.deepEqual(browser.events.map(({ context }) => context.sequence), [1, 2, 3]);
});

describe("the visitor", () => {
  test("is the same on the next page, and when either storage or cookie is gone", async () => {
    const browser = new Browser();
    await browser.open();
    await browser.open();
    delete browser.localStorage["waystage.anonymous_id"];
    await browser.open();
    browser.cookies.clear();
    await browser.open();
    await browser.settle();
    assert.deepEqual([...browser.cookies.keys()], ["shop.example waystage.anonymous_id"]);
    assert.equal(new Set(browser.events.map(({ anonymousId }) => anonymousId)).size, 1);
    assert.equal(browser.events.length, 4);
    const domains = browser.cookieTexts.slice(0, 2).map((text) => text.replace(/=[\d-]+\.\d+;/, "=;"));
    const attributes = "waystage.anonymous_id=;path=/;max-age=31536000;samesite=lax;domain=";
    assert.deepEqual(domains, [`${attributes}example`, `${attributes}shop.example`]);
  });

  test("is remembered for a year from the last page on", async () => {
    const browser = new Browser();
    await browser.open();
    browser.cookieTexts.length = 0;
    browser.now += 1;
    await browser.open();
    assert.match(browser.cookieTexts[0]!, /;max-age=31536000;/);
  });

  test("is read from among the site's other cookies", async () => {
    const browser = new Browser();
    for (const pair of ["theme=dark", "waystage.anonymous_id=a-1", "z=9"]) browser.setCookie("shop.example", pair);
    await browser.open();
    assert.equal(browser.events[0]!.anonymousId, "a-1");
  });

  test("is known by user id from identify on, on later pages and in other tabs", async () => {
    const browser = new Browser();
    const other = await browser.open();
    const page = await browser.open();
    page.waystage.identify("u1", { email: "a@example.com" });
    other.waystage.track("In The Other Tab");
    await browser.settle();
    await browser.open();
    assert.deepEqual(browser.events.map(({ type, userId, traits }) => [type, userId, traits]), [
      ["page", undefined, undefined],
      ["page", undefined, undefined],
      ["identify", "u1", { email: "a@example.com" }],
      ["track", "u1", undefined],
      ["page", "u1", undefined],
    ]);
  });

  test("is somebody new after reset", async () => {
    const browser = new Browser();
    const page = await browser.open();
    page.waystage.identify("u1");
    page.waystage.reset();
    page.waystage.track("After");
    await browser.settle();
    const [before, , after] = browser.events;
    assert.equal(after!.userId, undefined);
    assert.match(after!.anonymousId, ID);
    assert.notEqual(after!.anonymousId, before!.anonymousId);
    assert.equal([...browser.cookies.values()].join().split(".")[0], after!.anonymousId);
  });
});

test("alias joins a new user id to the one known so far", async () => {
  const events = await eventsOf(({ waystage }) => {
    waystage.alias("u1");
    waystage.identify("u1");
    waystage.alias("u2");
    waystage.alias("u2", "u0");
  });
  const aliases = events.filter(({ type }) => type === "alias").map(({ userId, previousId }) => [userId, previousId]);
  assert.deepEqual(aliases, [["u1", events[0]!.anonymousId], ["u2", "u1"], ["u2", "u0"]]);
});
