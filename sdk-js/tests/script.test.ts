import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { Browser, EXTRA, HOST, Page, SCRIPT } from "./browser.js";

const QUIET = { dataset: { autoPage: "false" } };
const MAX_GZIP_BYTES = 2_239;
const SNIPPET = /^<script>(.*)<\/script>\n<script async src="SCRIPT_URL" data-write-key="WRITE_KEY"><\/script>\n$/;
const STUB = SNIPPET.exec(readFileSync("dist/snippet.html", "utf8"))![1]!;
const LOADER = readFileSync("dist/loader.js", "utf8");

const forbidden = /\beval\b|new Function|\bfetch\s*=[^=]/;

const seen = (browser: Browser) => browser.events.map(({ type, event }) => event ?? type);

test(`the script is at most ${MAX_GZIP_BYTES} bytes, gzipped`, (t) => {
  const bytes = gzipSync(SCRIPT, { level: 9 }).length;
  t.diagnostic(`dist/waystage.js: ${SCRIPT.length} bytes, ${bytes} gzipped`);
  assert.ok(bytes <= MAX_GZIP_BYTES, `${bytes}`);
});

test("no script evaluates text or takes the place of fetch", () => {
  for (const text of [SCRIPT, EXTRA, LOADER]) assert.doesNotMatch(text, forbidden);
});

describe("the stub", () => {
  test("keeps calls in order until the script is there", async () => {
    const browser = new Browser();
    await browser.open({ inline: `${STUB};waystage("identify", "u1");waystage("track", "First");waystage("track", "Second", { of: 2 })` });
    assert.deepEqual(seen(browser), ["page", "identify", "First", "Second"]);
    assert.deepEqual(browser.events[3]!.properties, { of: 2 });
  });

  test("still works for who holds on to it", async () => {
    const browser = new Browser();
    const page = await browser.open({ inline: `${STUB};held = waystage` });
    page.run(`held("track", "Late")`);
    page.run(`waystage("track", "As A Command"); waystage.track("As A Method")`);
    await browser.settle();
    assert.deepEqual(seen(browser), ["page", "Late", "As A Command", "As A Method"]);
  });

  test("leaves a script that is already there alone", async () => {
    const browser = new Browser();
    const page = await browser.open();
    page.run(`${STUB};waystage("track", "Sent")`);
    await browser.settle();
    assert.deepEqual(seen(browser), ["page", "Sent"]);
  });
});

test("the loader does in one tag what the two tags do", async () => {
  const browser = new Browser();
  const page = new Page(browser, {});
  browser.pages.push(page);
  page.run(LOADER.replace("SCRIPT_URL", `${HOST}/waystage.js`).replace("WRITE_KEY", "wk_7"));
  page.run(`waystage("track", "Early")`);
  assert.equal(page.appended.length, 1);
  page.load(page.appended[0]!);
  await browser.elapse(0);
  assert.deepEqual(seen(browser), ["page", "Early"]);
  assert.equal(browser.requests[0]!.writeKey, "wk_7");
  assert.equal(browser.requests[0]!.url, `${HOST}/v1/batch`);
});

test("what the page does to shared objects neither breaks the snippet nor the other way round", async () => {
  const browser = new Browser();
  const page = await browser.open({
    ...QUIET,
    inline: `
      Array.prototype.last = function () { return this[this.length - 1] };
      Object.prototype.own = "the page's";
      Object.defineProperty(Array.prototype, "toJSON", { value() { return "list" } });
      { const { stringify } = JSON; JSON.stringify = (...given) => stringify(...given) }
      { const own = fetch; fetch = (...given) => own(...given) }
      before = [fetch, JSON.stringify, Object.keys(Array.prototype).join(), Object.keys(globalThis).join()].join()`,
  });
  page.waystage.track("Product Viewed", { price: 5 });
  await browser.settle();
  assert.deepEqual(seen(browser), ["Product Viewed"]);
  assert.equal(browser.events[0]!.properties!.price, 5);
  const after = `[fetch, JSON.stringify, Object.keys(Array.prototype).join(), Object.keys(globalThis).join()].join()`;
  assert.equal(page.run(after), `${page.run("before")},before,waystage`);
});

describe("the script tag", () => {
  test("can leave out the page event and name another endpoint", async () => {
    const browser = new Browser();
    const page = await browser.open({ dataset: { autoPage: "false", endpoint: "https://shop.example/collect/" } });
    page.waystage.track("Sent");
    await browser.elapse(0);
    assert.deepEqual(seen(browser), ["Sent"]);
    assert.equal(browser.requests[0]!.url, "https://shop.example/collect/v1/batch");
  });

  test("works once however often it is there", async () => {
    const browser = new Browser();
    const page = await browser.open();
    page.load({ src: `${HOST}/waystage.js`, dataset: { writeKey: "wk_1" } });
    await browser.elapse(0);
    assert.deepEqual(seen(browser), ["page"]);
  });

  test("does nothing without a write key", async () => {
    const page = new Page(new Browser(), {});
    page.load({ src: `${HOST}/waystage.js`, dataset: {} });
    assert.equal(page.run("typeof waystage"), "undefined");
  });

  test("waits until a page opened ahead is looked at", async () => {
    const browser = new Browser();
    const page = await browser.open({ prerendering: true, inline: `${STUB};waystage("track", "Early")` });
    assert.deepEqual(seen(browser), []);
    page.document.dispatchEvent(new Event("prerenderingchange"));
    await browser.elapse(0);
    assert.deepEqual(seen(browser), ["page", "Early"]);
  });
});

test("ready calls back, at once when the script is there", async () => {
  const browser = new Browser();
  const page = await browser.open({ inline: `called = []; ${STUB};waystage("ready", () => called.push("early"))` });
  page.run(`waystage.ready(() => called.push("late"))`);
  await browser.elapse(0);
  assert.equal(page.run("called.join()"), "early,late");
});

test("nothing throws into the page", async () => {
  const browser = new Browser();
  const page = await browser.open();
  const hostile = `[undefined, null, Symbol("s"), 1n, () => 0, { get trap() { throw new Error("trap") } }]`;
  page.run(`for (const method of ["page", "track", "identify", "alias", "group", "reset", "ready", "unknown"])
    for (const first of ${hostile}) for (const second of ${hostile}) {
      waystage(method, first, second);
      waystage[method]?.(first, second);
    }`);
  page.run("fetch = navigator.sendBeacon = () => { throw new Error('forbidden') }");
  page.waystage.track("Last");
  await browser.elapse(0);
  page.leave();
  assert.ok(browser.queued.length > 0);
});

test("the module does nothing until it is asked to", async () => {
  const { createWaystage } = (await import(`${process.cwd()}/dist/waystage.mjs`)) as { createWaystage: unknown };
  assert.equal(typeof createWaystage, "function");
  assert.equal("waystage" in globalThis, false);
});
