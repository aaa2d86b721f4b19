/** The answers about stage models. */

import type { Labels, StageModel } from "../../../asking/wire";

/** waiting, deriving, draft, active, retired, archived */
export interface Version {
  model: string;
  version: number;
  state: string;
  draft: boolean;
  created_at: string;
  customers_left: number;
}

export interface Model {
  model: string;
  labels: Labels;
  built_in: boolean;
  active: number | null;
  versions: Version[];
}

export interface Models {
  models: Model[];
}

/** A version with its stages, and its document as it is kept. */
export interface Document extends Version, StageModel {
  yaml: string;
}

export interface Presets {
  presets: { model: string; labels: Labels; yaml: string }[];
}

export interface Both {
  before: number;
  after: number;
}

export interface StageCompared {
  stage: string;
  label: string;
  entries: Both;
  customers: Both;
  current: Both;
}

export interface Moved {
  from: string | null;
  to: string | null;
  customers: number;
}

export interface Compared {
  stages: StageCompared[];
  customers: number;
  moved: Moved[];
  examples: { id: string; from: string | null; to: string | null }[];
  as_of: string;
}

export interface Rule {
  stage: string;
  rule: string;
  asks: string;
}

export interface Nearly extends Rule {
  failed: { key: string; expected: string; found: string };
}

export interface Explained {
  message_id: string;
  type: string;
  event: string | null;
  occurred_at: string;
  verdict: string;
  stage: string | null;
  why: string | null;
  lapsed_at: string | null;
  matched: Rule[];
  nearly: Nearly[];
}

export interface Explanation {
  customer: string;
  version: number;
  events: Explained[];
  next: string | null;
}
