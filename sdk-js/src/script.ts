import { createWaystage, type Options, type Waystage } from "./client.js";

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
}

const start = ({ src, dataset }: HTMLScriptElement): void => {
  const client = createWaystage({ endpoint: new URL(src).origin, ...(dataset as Partial<Options> & Pick<Options, "writeKey">) });
  const push = ([method, ...args]: Call) => (client[method] as ((...args: unknown[]) => void) | undefined)?.(...args);
  const queued = window.waystage?.q as Call[] | undefined;
  window.waystage = Object.assign((...call: Call) => push(call), client, { q: { push } });
  queued?.forEach(push);
};

const script = document.currentScript as HTMLScriptElement | null;
if (script?.dataset.writeKey && !window.waystage?.track) {
  const run = () => start(script);
  if (document.prerendering) document.addEventListener("prerenderingchange", run);
  else run();
}
