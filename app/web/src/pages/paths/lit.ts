/** What lights up: all of the path that the reader points at. */

import { boxKey, type Flow, ribbonKey } from "./flow";
import { OTHER } from "./question";
import type { Path } from "./wire";

export type Pointed = { of: "path"; at: number } | { of: "box" | "ribbon"; key: string };

/** Boxes, ribbons with as many of their customers as light up, and listed paths. */
export interface Lit {
  boxes: ReadonlySet<string>;
  ribbons: ReadonlyMap<string, number>;
  paths: ReadonlySet<number>;
}

/** The boxes and ribbons by which a path leads. */
export interface Trace {
  boxes: string[];
  ribbons: string[];
}

/** The way of each path through the flow, step 1 first; rarer names go by `other`. */
export function tracesOf(paths: readonly Path[], flow: Flow, back: boolean): Trace[] {
  return paths.map(({ path }) => {
    const names = (back ? [...path].reverse() : path).map((name, at) => (flow.boxes.has(boxKey(at + 1, name)) ? name : OTHER));
    const boxes = names.map((name, at) => boxKey(at + 1, name));
    const ribbons = names.slice(1).map((name, at) => ribbonKey(at + 1, names[at] ?? null, name));
    return { boxes, ribbons };
  });
}

/** A box and a ribbon light up whole, with every listed path that leads by them; further on only those paths do. */
export function litBy(pointed: Pointed, flow: Flow, paths: readonly Path[], traces: readonly Trace[]): Lit {
  const through = traces.flatMap((trace, at) => (leads(trace, at, pointed) ? [at] : []));
  const boxes = new Set(through.flatMap((at) => traces[at]?.boxes ?? []));
  const ribbons = new Map<string, number>();
  for (const at of through) {
    for (const key of traces[at]?.ribbons ?? []) ribbons.set(key, (ribbons.get(key) ?? 0) + (paths[at]?.customers ?? 0));
  }
  for (const { key, from, to, edge } of flow.ribbons) {
    if (!near(pointed, key, from.key, to.key)) continue;
    ribbons.set(key, edge.customers);
    boxes.add(from.key).add(to.key);
  }
  if (pointed.of === "box") boxes.add(pointed.key);
  return { boxes, ribbons, paths: new Set(through) };
}

function leads({ boxes, ribbons }: Trace, at: number, pointed: Pointed): boolean {
  if (pointed.of === "path") return pointed.at === at;
  return (pointed.of === "box" ? boxes : ribbons).includes(pointed.key);
}

function near(pointed: Pointed, ribbon: string, from: string, to: string): boolean {
  if (pointed.of === "box") return pointed.key === from || pointed.key === to;
  return pointed.of === "ribbon" && pointed.key === ribbon;
}
