import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";
import type { Waystage } from "../src/client.js";
import type { WireEvent } from "../src/events.js";

export const SCRIPT = readFileSync("dist/waystage.js", "utf8");
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
}

/** localStorage: entries are own properties, as in browsers; it throws when full. */
class MemoryStorage {
  [key: string]: unknown;
  readonly #room: () => number;

  constructor(room: () => number) {
    this.#room = room;
  }

  getItem(key: string): unknown {
    return Object.hasOwn(this, key) ? this[key] : null;
  }

  setItem(key: string, text: string): void {
    if (Object.keys(this).length >= this.#room()) throw new DOMException("full", "QuotaExceededError");
    this[key] = text;
  }

  removeItem(key: string): void {
    delete this[key];
  }
}

/** navigator.locks: one holder at a time, the others in line. */
class LockLine {
  #last: Promise<unknown> = Promise.resolve();

  request(_name: string, run: () => Promise<unknown>): Promise<unknown> {
    return (this.#last = this.#last.then(run));
  }
}

/** A browser with one origin's storage, cookies and clock, shared by the pages opened in it. Time passes only in `elapse`. */
export class Browser {
  now = Date.parse("2026-03-01T12:00:00Z");
  room = Infinity;
  storageForbidden = false;
  acceptsBeacons = true;
  localStorage = new MemoryStorage(() => this.room);
  cookies = new Map<string, string>();
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
    page.load({ src: `${HOST}/waystage.js`, dataset: { writeKey: opened.writeKey ?? "wk_1", ...opened.dataset } });
    await this.elapse(0);
    return page;
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

  send(url: string, init: RequestInit): Sent {
    const body = String(init.body);
    const { headers, keepalive } = new Request(url, init);
    const content = JSON.parse(body) as Pick<Sent, "writeKey" | "batch">;
    return { url, contentType: headers.get("content-type"), keepalive, bytes: Buffer.byteLength(body), ...content };
  }
}

/** What a script element is to the snippet. */
export interface ScriptElement {
  src: string;
  dataset: Record<string, string>;
}

export class Page {
  timers: { at: number; page: Page; run: () => void }[] = [];
  appended: ScriptElement[] = [];
  readonly window = new EventTarget();
  readonly document: EventTarget & { hidden: boolean; title: string; prerendering: boolean; currentScript: ScriptElement | null };
  readonly location: URL;
  readonly #context;

  constructor(readonly browser: Browser, { url = "https://shop.example/", referrer = "", prerendering = false }: Opened) {
    this.location = new URL(url);
    const { cookies, cookieTexts } = browser;
    this.document = Object.assign(new EventTarget(), {
      hidden: false,
      title: "Shop",
      referrer,
      prerendering,
      currentScript: null,
      createElement: () => ({ src: "", dataset: {} }),
      head: { appendChild: (script: ScriptElement) => this.appended.push(script) },
    });
    Object.defineProperty(this.document, "cookie", {
      get: () => [...cookies].map((pair) => pair.join("=")).join("; "),
      set(text: string) {
        cookieTexts.push(text);
        const [name, value] = text.split(";")[0]!.split("=");
        cookies.set(name!, value!);
      },
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

  load(script: ScriptElement): void {
    this.document.currentScript = script;
    this.run(SCRIPT);
    this.document.currentScript = null;
  }

  /** Another tab comes to the front, or this one again. */
  show(visible: boolean): void {
    this.document.hidden = !visible;
    this.document.dispatchEvent(new Event("visibilitychange"));
  }

  /** The visitor leaves: both signals come, as browsers send them. The page's timers never run again. */
  leave(): void {
    this.window.dispatchEvent(new Event("pagehide"));
    this.show(false);
    this.browser.pages = this.browser.pages.filter((page) => page !== this);
  }

  #globals(): object {
    const { browser, document, location, window } = this;
    const globals = {
      Blob, crypto, queueMicrotask, Response, Uint8Array, URL, document, location,
      addEventListener: window.addEventListener.bind(window),
      setTimeout: (run: () => void, ms: number) => void this.timers.push({ at: browser.now + ms, page: this, run }),
      fetch: async (url: string, init: RequestInit) => {
        const sent = browser.send(url, init);
        browser.requests.push(sent);
        return browser.answer(sent);
      },
      navigator: {
        locks: browser.locks,
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
