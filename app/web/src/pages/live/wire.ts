/** What the routes of this page answer and tell. Instants are ISO 8601 text in UTC. */

import type { Identifier } from "../../asking/wire";

/** Something told while it happens. What is left out has no number where the page itself was too slow. */
interface Told {
  id?: number;
  at?: string;
  source?: string;
}

export interface EventTold extends Told {
  kind: "accepted" | "duplicate" | "derived";
  message_id: string;
  type: string;
  event: string | null;
  occurred_at: string;
  url: string | null;
  identifiers: Identifier[];
}

/** What was made of an event; one that names nobody has neither subject nor customer. */
export interface DerivedTold extends EventTold {
  kind: "derived";
  channel: string;
  channel_rule: string;
  channel_why: string;
  machine_rule: string | null;
  machine_why: string | null;
  subject: Identifier | null;
  customer: Identifier | null;
  touch: string | null;
  entries: { model: string; stage: string; from: string | null }[];
}

export interface FailedTold extends Told {
  kind: "failed";
  message_id: string | null;
  code: string;
  field: string | null;
  message: string;
}

export interface LeftOutTold extends Told {
  kind: "left_out";
  what: "arrived" | "derived" | "slow";
  events: number;
}

export type AnyTold = EventTold | DerivedTold | FailedTold | LeftOutTold;

export interface Reason {
  source: string;
  code: string;
  field: string | null;
  events: number;
  first: string;
  last: string;
}

export interface FailedEvent {
  id: number;
  received_at: string;
  source: string;
  import: number | null;
  line: number | null;
  message_id: string | null;
  code: string;
  field: string | null;
  message: string;
  body: string;
  edited_at: string | null;
}

export interface WholeFailedEvent extends FailedEvent {
  arrival: { type: string | null; sent_at: string | null; agent: string | null; ip: string | null; country: string | null; webhook: string | null };
}

/** What became of replayed events; of one alone that was refused again, why. */
export interface Replayed {
  stored: number;
  duplicates: number;
  failed: number;
  code?: string | null;
  message?: string | null;
  next?: number | null;
}

interface Span {
  events: number;
  rate: number;
  events_before: number;
  change: number | null;
}

export interface SourceHeard {
  name: string;
  kind: "public" | "trusted";
  state: "waiting" | "live" | "quiet" | "dropped";
  last_event_at: string | null;
  failed_24h: number;
  expected: number;
  hour: Span;
  day: Span;
}

export interface Loss {
  source: string;
  received: number;
  gaps: number;
  dropped: number;
  loss: number | null;
}

export interface Losses {
  from: string | null;
  to: string | null;
  as_of: string;
  sources: Loss[];
}
