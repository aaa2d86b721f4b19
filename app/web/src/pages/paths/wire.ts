/** The answer of /v1/paths. Times are in seconds; a name is null where a step has none. */

export type Name = string | null;

/** Customers whose sequence ends there, and those who go on beyond what is read; read backwards: begins there, and comes from before it. */
export interface Counted {
  customers: number;
  exits: number;
  more: number;
}

/** In the order of time; `median` is the time from the first step to the last, null for one step. */
export interface Path extends Counted {
  path: Name[];
  share: number;
  median: number | null;
}

export interface Rest extends Counted {
  paths: number;
  share: number | null;
}

export interface Node extends Counted {
  name: Name;
}

/** From a name at a step to a name at the next, counted from the anchor. */
export interface Edge {
  from: Name;
  to: Name;
  customers: number;
  median: number | null;
}

/** `edges` lead to the next step. */
export interface Step extends Counted {
  step: number;
  nodes: Node[];
  edges: Edge[];
}

export interface Paths {
  customers: number;
  paths: Path[];
  other: Rest;
  steps: Step[];
  from: string | null;
  to: string;
  as_of: string;
}
