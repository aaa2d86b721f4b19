import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AnchorElement, Browser, EXTRA, type Page } from "./browser.js";

const QUIET = { dataset: { autoPage: "false" } };
const paths = (browser: Browser) => browser.events.map(({ properties }) => `${properties!.path}${properties!.search}`);

describe("page events come by themselves", () => {
  test("where scripts push another address, go back, or replace one path with another", async () => {
    const browser = new Browser();
    const page = await browser.open({ url: "https://shop.example/", referrer: "https://search.example/" });
    page.change("pushState", "/shoes");
    page.change("pushState", "/shoes?page=2");
    page.change("replaceState", "/boots");
    page.back("https://shop.example/shoes");
    await browser.settle();
    assert.deepEqual(paths(browser), ["/", "/shoes", "/shoes?page=2", "/boots", "/shoes"]);
    assert.deepEqual(browser.events.map(({ properties }) => new URL(properties!.referrer as string).pathname), [
      "/", "/", "/shoes", "/shoes", "/boots",
    ]);
  });

  test("and not where the page is the same", async () => {
    const browser = new Browser();
    const page = await browser.open({ url: "https://shop.example/shoes" });
    page.change("replaceState", "/shoes?sort=price");
    page.change("pushState", "/shoes?sort=price");
    page.change("pushState", "/shoes?sort=price#size");
    page.back("https://shop.example/shoes?sort=price");
    await browser.settle();
    assert.deepEqual(paths(browser), ["/shoes"]);
  });

  test("nor where the tag says so", async () => {
    const browser = new Browser();
    const page = await browser.open(QUIET);
    page.change("pushState", "/shoes");
    await browser.settle();
    assert.deepEqual(browser.events, []);
  });
});

describe("the cookie", () => {
  for (const [host, domain] of Object.entries({
    "www.shop.example": "shop.example",
    "a.b.shop.co.uk": "shop.co.uk",
    localhost: "localhost",
    "127.0.0.1": "127.0.0.1",
  })) {
    test(`of ${host} is of ${domain}`, async () => {
      const browser = new Browser();
      await browser.open({ url: `http://${host}/` });
      assert.deepEqual([...browser.cookies.keys()], [`${domain} waystage.anonymous_id`]);
    });
  }

  test("makes subdomains know one visitor, and one reset", async () => {
    const browser = new Browser();
    await browser.open({ url: "https://www.shop.example/" });
    browser.localStorage = new Browser().localStorage;
    const blog = await browser.open({ url: "https://blog.shop.example/" });
    blog.waystage.reset();
    blog.waystage.track("After");
    await browser.settle();
    const [first, second, third] = browser.events.map(({ anonymousId }) => anonymousId);
    assert.equal(second, first);
    assert.notEqual(third, first);
    browser.now += 1;
    await browser.open({ url: "https://www.shop.example/" });
    assert.equal(browser.events.at(-1)!.anonymousId, third);
  });
});

describe("a link to another domain", () => {
  const EXTENDED = { script: EXTRA, dataset: { domains: "shop.example, blog.example" } };

  function used(page: Page, href: string, type = "click"): string {
    const link = new AnchorElement(href);
    const event = new Event(type);
    Object.defineProperty(event, "target", { value: link });
    page.window.dispatchEvent(event);
    return link.href;
  }

  /** The address that a link on the shop's page leads to, and who the visitor is there. */
  async function left(href = "https://www.blog.example/teapots?x=a%20b#top"): Promise<{ address: string; visitor: string }> {
    const browser = new Browser();
    const page = await browser.open({ ...EXTENDED, url: "https://shop.example/" });
    const address = used(page, href, "mousedown");
    assert.equal(used(page, address).replace(/waystage=[^&#]*/, ""), address.replace(/waystage=[^&#]*/, ""));
    return { address, visitor: browser.events[0]!.anonymousId };
  }

  /** Who the visitor is on the other domain, and what stands in the address bar there. */
  async function arriving(address: string, prepare: (browser: Browser) => void = () => {}): Promise<[string, string]> {
    const browser = new Browser();
    prepare(browser);
    const page = await browser.open({ ...EXTENDED, url: address });
    assert.equal(browser.events[0]!.properties!.url, page.location.href.split("#")[0]);
    return [browser.events[0]!.anonymousId, page.location.href];
  }

  test("takes the visitor there, and the parameter goes from the address bar", async () => {
    const { address, visitor } = await left();
    assert.match(address, /^https:\/\/www\.blog\.example\/teapots\?x=a%20b&waystage=[\w.-]+#top$/);
    assert.deepEqual(await arriving(address), [visitor, "https://www.blog.example/teapots?x=a%20b#top"]);
    const [late] = await arriving(address, (browser) => (browser.now += 119_999));
    assert.equal(late, visitor);
  });

  test("has its parameter where there is no other", async () => {
    const { address, visitor } = await left("https://blog.example/");
    assert.deepEqual(await arriving(address), [visitor, "https://blog.example/"]);
    assert.deepEqual(await arriving(`${address}&y=1`), [visitor, "https://blog.example/?y=1"]);
  });

  test("is not believed when it is old, used in another browser, or edited", async () => {
    const { address, visitor } = await left("https://blog.example/");
    const [id, time, check] = address.split("waystage=")[1]!.split(".") as [string, string, string];
    const wrong: [string, (browser: Browser) => void][] = [
      [address, (browser) => (browser.now += 120_000)],
      [address, (browser) => (browser.now -= 1)],
      [address, (browser) => (browser.userAgent = "Browser/2")],
      [address.replace(id, `1${id}`), () => {}],
      [address.replace(time, `${time}0`), () => {}],
      [address.replace(check, `${check}0`), () => {}],
      ["https://blog.example/?waystage=", () => {}],
      ["https://blog.example/?waystage=..", () => {}],
      [`https://blog.example/?waystage=${id}`, () => {}],
    ];
    for (const [where, prepare] of wrong) {
      const [arrived, bar] = await arriving(where, prepare);
      assert.notEqual(arrived, visitor, where);
      assert.equal(bar, "https://blog.example/");
    }
  });

  test("stays as it is where it leads elsewhere, or nobody may be known", async () => {
    const browser = new Browser();
    const page = await browser.open({ ...EXTENDED, url: "https://shop.example/" });
    for (const href of ["https://other.example/", "https://notblog.example/", "https://shop.example/boots", "mailto:a@blog.example"]) {
      assert.equal(used(page, href), href);
    }
    page.waystage.consent("denied");
    assert.equal(used(page, "https://blog.example/"), "https://blog.example/");
  });

  test("is believed only with consent", async () => {
    const { address, visitor } = await left("https://blog.example/");
    const browser = new Browser();
    const page = await browser.open({ ...EXTENDED, dataset: { ...EXTENDED.dataset, consent: "pending" }, url: address });
    assert.deepEqual([Object.keys(browser.localStorage), [...browser.cookies]], [[], []]);
    page.waystage.consent("granted");
    await browser.settle();
    assert.equal(browser.events[0]!.anonymousId, visitor);
  });
});
