import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";
import type { Waystage } from "../src/client.js";
import type { WireEvent } from "../src/events.js";

export const SCRIPT = readFileSync("dist/waystage.js", "utf8");
export const EXTRA = readFileSync("dist/waystage-extra.js", "utf8");
export const HOST = "https://events.example";

export interface Sent {
  url: string;
  contentType: string | null;
  keepalive: boolean;
  bytes: number;
  writeKey: string;
  batch: WireEvent[];
}

/** The snippet's face in a page: a command and, once loaded, methods. */
type Command = Waystage & ((...call: unknown[]) => void);

interface Opened {
  url?: string;
  referrer?: string;
  writeKey?: string;
  dataset?: Record<string, string>;
  prerendering?: boolean;
  /** An inline script that runs before the snippet. */
  inline?: string;
  /** The text of the snippet. */
  script?: string;
}

/** localStorage: entries are own properties, as in browsers, and texts; it throws when full. */
function storage(room: () => number): Record<string, string> {
  return new Proxy<Record<string, string>>({}, {
    set(entries, key: string, text: unknown) {
      if (Object.keys(entries).length >= room()) throw new DOMException("full", "QuotaExceededError");
      entries[key] = String(text);
      return true;
    },
  });
}

type Run = () => Promise<unknown>;

/** navigator.locks: one holder at a time, the others in line. */
class LockLine {
  #last: Promise<unknown> = Promise.resolve();

  request(_name: string, run: Run): Promise<unknown> {
    return (this.#last = this.#last.then(run));
  }
}

/** A browser with one origin's storage, cookies and clock, shared by the pages opened in it. Time passes only in `elapse`. */
export class Browser {
  now = Date.parse("2026-03-01T12:00:00Z");
  room = Infinity;
  storageForbidden = false;
  acceptsBeacons = true;
  localStorage = storage(() => this.room);
  /** By domain and name. */
  cookies = new Map<string, string>();
  /** What has registrations below it, so that no cookie may be as wide. */
  publicSuffixes = ["example", "co.uk", "uk"];
  globalPrivacyControl: boolean | undefined;
  doNotTrack: string | null = null;
  userAgent = "Browser/1";
  cookieTexts: string[] = [];
  locks: Pick<LockLine, "request"> | undefined = new LockLine();
  requests: Sent[] = [];
  beacons: Sent[] = [];
  pages: Page[] = [];
  answer: (sent: Sent) => Response | Promise<Response> = () => new Response("{}");

  /** Every event that requests carried: request by request, the events of each in their sequence. */
  get events(): WireEvent[] {
    const sequence = ({ context }: WireEvent) => Number(context.sequence);
    return this.requests.flatMap(({ batch }) => batch.toSorted((a, b) => sequence(a) - sequence(b)));
  }

  /** Events that wait in localStorage. */
  get queued(): string[] {
    return Object.keys(this.localStorage).filter((key) => key.startsWith("waystage.event."));
  }

  async open(opened: Opened = {}): Promise<Page> {
    const page = new Page(this, opened);
    this.pages.push(page);
    if (opened.inline) page.run(opened.inline);
    const dataset = { writeKey: opened.writeKey ?? "wk_1", ...opened.dataset };
    page.load({ src: `${HOST}/waystage.js`, dataset }, opened.script);
    await this.elapse(0);
    return page;
  }

  /** All pages end at once, without a signal. */
  crash(): void {
    for (const page of this.pages) page.end();
  }

  /** Let what is under way come to its end. */
  async settle(): Promise<void> {
    await this.elapse(5_000);
  }

  /** Let this many ms pass: timers of all pages run when they are due. */
  async elapse(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      await new Promise(setImmediate);
      const due = this.pages.flatMap(({ timers }) => timers).sort((a, b) => a.at - b.at)[0];
      if (!due || due.at > end) break;
      this.now = Math.max(this.now, due.at);
      due.page.timers.splice(due.page.timers.indexOf(due), 1);
      due.run();
    }
    this.now = end;
  }

  cookiesFor(host: string): string {
    const seen = [...this.cookies].filter(([key]) => `.${host}`.endsWith(`.${key.split(" ")[0]}`));
    return seen.map(([key, value]) => `${key.split(" ")[1]}=${value}`).join("; ");
  }

  setCookie(host: string, text: string): void {
    this.cookieTexts.push(text);
    const [pair, ...attributes] = text.split(";");
    const said = Object.fromEntries(attributes.map((attribute) => attribute.split("=")));
    const domain = said.domain || host;
    const within = /^[\d.]+$/.test(host) ? host === domain : `.${host}`.endsWith(`.${domain}`);
    if (!within || this.publicSuffixes.includes(domain)) return;
    const [name, value] = pair!.split("=");
    this.cookies.delete(`${domain} ${name}`);
    if (said["max-age"] !== "0") this.cookies.set(`${domain} ${name}`, value!);
  }

  send(url: string, init: RequestInit): Sent {
    const body = String(init.body);
    const { headers, keepalive } = new Request(url, init);
    const content = JSON.parse(body) as Pick<Sent, "writeKey" | "batch">;
    return { url, contentType: headers.get("content-type"), keepalive, bytes: Buffer.byteLength(body), ...content };
  }
}

/** A link of a page, as far as the snippet looks at it. */
export class AnchorElement extends EventTarget {
  constructor(public href: string) {
    super();
  }

  get hostname(): string {
    return new URL(this.href).hostname;
  }

  closest(): this {
    return this;
  }
}

/** What a script element is to the snippet. */
export interface ScriptElement {
  src: string;
  dataset: Record<string, string>;
}

export class Page {
  timers: { id: number; at: number; page: Page; run: () => void }[] = [];
  appended: ScriptElement[] = [];
  readonly window = new EventTarget();
  readonly document: EventTarget & { hidden: boolean; title: string; prerendering: boolean; currentScript: ScriptElement | null };
  readonly location: URL;
  readonly #context;
  readonly #left: Promise<void>;
  #timers = 0;
  #leave = () => {};

  constructor(readonly browser: Browser, { url = "https://shop.example/", referrer = "", prerendering = false }: Opened) {
    this.location = new URL(url);
    this.#left = new Promise((resolve) => (this.#leave = resolve));
    this.document = Object.assign(new EventTarget(), {
      hidden: false,
      title: "Shop",
      referrer,
      prerendering,
      currentScript: null,
      createElement: () => ({ src: "", dataset: {} }),
      head: { appendChild: (script: ScriptElement) => this.appended.push(script) },
    });
    const { hostname } = this.location;
    Object.defineProperty(this.document, "cookie", {
      get: () => browser.cookiesFor(hostname),
      set: (text: string) => browser.setCookie(hostname, text),
    });
    this.#context = createContext(this.#globals());
    runInContext("globalThis.window = globalThis", this.#context);
  }

  get waystage(): Command {
    return this.run("waystage") as Command;
  }

  run(code: string): unknown {
    return runInContext(code, this.#context);
  }

  load(element: ScriptElement, script = SCRIPT): void {
    this.document.currentScript = element;
    this.run(script);
    this.document.currentScript = null;
  }

  /** What a router of the page does. */
  change(method: "pushState" | "replaceState", url: string): void {
    this.run(`history.${method}({}, "", ${JSON.stringify(url)})`);
  }

  /** The visitor goes back to this address. */
  back(url: string): void {
    this.location.href = url;
    this.window.dispatchEvent(new Event("popstate"));
  }

  /** Another tab comes to the front, or this one again. */
  show(visible: boolean): void {
    this.document.hidden = !visible;
    this.window.dispatchEvent(new Event("visibilitychange"));
  }

  #after(ms: number, run: () => void): number {
    this.timers.push({ id: ++this.#timers, at: this.browser.now + ms, page: this, run });
    return this.#timers;
  }

  /** What holds a lock holds it no longer than the page is there. */
  #until(run: Run): Promise<unknown> {
    return Promise.race([run(), this.#left]);
  }

  end(): void {
    this.#leave();
    this.browser.pages = this.browser.pages.filter((page) => page !== this);
  }

  /** The visitor leaves: both signals come, as browsers send them. The page's timers never run again. */
  leave(): void {
    this.window.dispatchEvent(new Event("pagehide"));
    this.show(false);
    this.end();
  }

  #globals(): object {
    const { browser, document, location, window } = this;
    const change = (_state: unknown, _title: string, url: string) => void (location.href = new URL(url, location.href).href);
    const globals = {
      Blob, crypto, Element: AnchorElement, Response, Uint32Array, URL, document, location,
      history: { state: null, pushState: change, replaceState: change },
      addEventListener: window.addEventListener.bind(window),
      setTimeout: (run: () => void, ms: number) => this.#after(ms, run),
      clearTimeout: (id: number) => void (this.timers = this.timers.filter((timer) => timer.id !== id)),
      fetch: async (url: string, init: RequestInit) => {
        const sent = browser.send(url, init);
        browser.requests.push(sent);
        return browser.answer(sent);
      },
      navigator: {
        locks: browser.locks && { request: (name: string, run: Run) => browser.locks!.request(name, () => this.#until(run)) },
        globalPrivacyControl: browser.globalPrivacyControl,
        doNotTrack: browser.doNotTrack,
        userAgent: browser.userAgent,
        language: "en-GB",
        sendBeacon(url: string, body: string) {
          if (browser.acceptsBeacons) browser.beacons.push(browser.send(url, { method: "POST", body }));
          return browser.acceptsBeacons;
        },
      },
      Date: class extends Date {
        constructor(at: number | string = browser.now) {
          super(at);
        }
        static override now = () => browser.now;
      },
    };
    return Object.defineProperty(globals, "localStorage", {
      get() {
        if (browser.storageForbidden) throw new DOMException("forbidden", "SecurityError");
        return browser.localStorage;
      },
    });
  }
}
