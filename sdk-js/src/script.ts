import { createWaystage, type Waystage } from "./client.js";

/** A method's name and its arguments. */
type Call = { [Method in keyof Waystage]: [Method, ...Parameters<Waystage[Method]>] }[keyof Waystage];

/** `waystage("track", "Product Viewed")` works before and after this script is there: until then, a stub of the page queues in `q`. */
interface Command extends Partial<Waystage> {
  (...call: Call): void;
  q?: { push(call: Call): unknown };
}

declare global {
  interface Window {
    waystage?: Command;
  }
  interface Document {
    readonly prerendering?: boolean;
  }
}

function start({ src, dataset }: HTMLScriptElement, writeKey: string): void {
  const client = createWaystage({ writeKey, endpoint: dataset.endpoint ?? new URL(src).origin });
  const command = (...[method, ...args]: Call) => (client[method] as ((...args: unknown[]) => void) | undefined)?.(...args);
  const push = (call: Call) => command(...call);
  const queued = window.waystage?.q as Call[] | undefined;
  window.waystage = Object.assign(command, client, { q: { push } });
  if (dataset.autoPage !== "false") client.page();
  queued?.forEach(push);
}

const script = document.currentScript as HTMLScriptElement | null;
const writeKey = script?.dataset.writeKey;
if (script && writeKey && !window.waystage?.track) {
  const run = () => start(script, writeKey);
  if (document.prerendering) document.addEventListener("prerenderingchange", run);
  else run();
}
