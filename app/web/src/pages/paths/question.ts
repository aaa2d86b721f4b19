/** What of an address says which paths are asked for, and how the people behind a part of the answer are. */

import type { Params } from "../../address";
import type { Query } from "../../asking/ask";
import type { Name } from "./wire";

export const OF = ["stages", "touches", "events"] as const;
export const BY = ["channel", "utm_campaign", "kind"] as const;
export const DEPTHS = ["2", "3", "4", "5", "6", "8", "10", "15", "20"] as const;
export const TOP_NODES = ["5", "8", "12", "20", "50"] as const;

/** The name that takes the rarer names of a step. */
export const OTHER = "other";

const DEPTH = "5";
const NODES = "8";
const LISTED = 100;

export interface Reading {
  of: (typeof OF)[number];
  by: (typeof BY)[number];
  start: string;
  end: string;
  depth: string;
  nodes: string;
  /** Whether a name that comes again at once is one step. */
  collapse: boolean;
}

export function readingOf(params: Params): Reading {
  const of = OF.find((each) => each === params["steps"]) ?? "stages";
  return {
    of,
    by: BY.find((each) => each === params["by"]) ?? "channel",
    start: params["start"] ?? "",
    end: params["end"] ?? "",
    depth: params["depth"] || DEPTH,
    nodes: params["top_nodes"] || NODES,
    collapse: params["collapse"] ? params["collapse"] === "1" : of === "touches",
  };
}

/** Whether step 1 is the last in time. */
export function backwards({ start, end }: Reading): boolean {
  return end !== "" && start === "";
}

/** The parameters of /v1/paths beside model, window and filters. */
export function queryOf({ of, by, start, end, depth, nodes, collapse }: Reading): Query {
  return { of, by: of === "touches" ? by : "", start, end, depth, top: LISTED, top_nodes: nodes, collapse: collapse ? "1" : "0" };
}

/** Changes of the address for other kinds of steps: anchors are names of the kind before. */
export function otherSteps(of: string, by = ""): Params {
  return { steps: of === "stages" ? "" : of, by: by === "channel" ? "" : by, start: "", end: "", collapse: "" };
}

/** Parameters as the address says them: what is usual is left out. */
export function unless(usual: string, value: string): string {
  return value === usual ? "" : value;
}

export const usual = { depth: DEPTH, nodes: NODES };

/** Who is at a step, of a name, and goes on to another. No name is an empty one. */
export function atStep(step: number, name?: Name, next?: Name): Query {
  return { step, ...(name !== undefined && { name: said(name) }), ...(next !== undefined && { next: said(next) }) };
}

/** Who travelled a path, as the API writes it. */
export function onPath(path: readonly Name[]): Query {
  return { path: [path.map((name) => (name ?? "").replace(/[\\>]/g, "\\$&")).join(">")] };
}

/** Lists keep an empty value. */
function said(name: Name): string[] {
  return [name ?? ""];
}
