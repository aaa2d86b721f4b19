/** A page that is loaded when it is first opened. */

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Loading } from "../parts/states";

const RELOADED = "waystage.reloaded";
const AGAIN_AFTER = 60_000;

type Load = () => Promise<{ default: ComponentType }>;
const loaded = new Map<Load, ComponentType>();

export function Page({ load }: { load: Load }) {
  const [, set] = useState(0);
  const [failure, setFailure] = useState<unknown>(null);
  const Loaded = loaded.get(load);
  useEffect(() => {
    if (loaded.has(load)) return;
    load().then((module) => {
      loaded.set(load, module.default);
      set((turn) => turn + 1);
    }, (missing) => reloadOnce() || setFailure(missing));
  }, [load]);
  if (failure) throw failure;
  return Loaded ? <Loaded /> : <Loading />;
}

/** A build that came while the page was open took its files along: the new ones are a reload away. Not twice within a minute. */
function reloadOnce(): boolean {
  if (Date.now() - Number(sessionStorage.getItem(RELOADED)) < AGAIN_AFTER) return false;
  sessionStorage.setItem(RELOADED, String(Date.now()));
  location.reload();
  return true;
}
