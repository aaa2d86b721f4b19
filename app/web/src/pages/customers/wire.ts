/** Answers that only this page asks for. Instants are ISO 8601 text in UTC. */

import type { Identifier } from "../../asking/wire";

export type Verdict = "chosen" | "weaker_kind" | "public" | "later" | "greater_value" | "same_target" | "struck_out" | "alias_not_applied";

/** What says that an identifier belongs to a stronger one: kind:value. */
export interface Link {
  target: string;
  by: "event" | "token" | "alias";
  verdict: Verdict;
  trusted: boolean;
  linked_at: string;
  message_id: string | null;
  source: string;
}

export interface Member extends Identifier {
  rule: "root" | "best_link" | "followed" | "alias_group";
  parent: string | null;
  via: string | null;
  named_at: string | null;
  links: Link[];
}

export interface Alias {
  user_id: string;
  previous_id: string;
  applied: boolean;
  why: string | null;
  trusted: boolean;
  linked_at: string;
  source: string;
}

export interface Struck {
  weaker: string;
  target: string;
  state: "striking" | "struck" | "restoring";
  struck_at: string;
  struck_by: string;
}

export interface Identity {
  id: string;
  identifiers: Member[];
  aliases: Alias[];
  struck: Struck[];
  complete: boolean;
}

export interface Parting {
  customers_before: number;
  customers_after: number;
  before: { id: string; identifiers: Identifier[] }[];
  after: { id: string; identifiers: Identifier[] }[];
  stages: { model: string; stage: string; before: number; after: number; appear: number; disappear: number }[];
  complete: boolean;
}

export interface Contradiction {
  contradiction: "several_targets" | "owns_many" | "alias_not_applied";
  identifier: string;
  of_kind: string;
  count: number;
  values: string[];
}

export interface TraitValue {
  value: unknown;
  since: string;
  until: string | null;
  source: string;
}

export interface TraitHistory {
  traits: Record<string, TraitValue[]>;
  complete: boolean;
}

interface Ruled {
  stage: string;
  /** Its place in the model's document, as stages[1].enter[0]. */
  rule: string;
  asks: string;
}

/** Why an event has its channel, and why it entered a stage or did not. */
export interface Explained {
  message_id: string;
  verdict: "entered" | "same_stage" | "behind" | "no_rule" | "machine";
  stage: string | null;
  why: string | null;
  channel: string;
  channel_rule: string;
  channel_why: string;
  matched: Ruled[];
  nearly: (Ruled & { failed: { key: string; expected: string; found: string | null } })[];
}
