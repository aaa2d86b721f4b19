/** The answers of the API, as they come over the wire. Instants are ISO 8601 text in UTC, dwell times are seconds. */

export type Labels = Record<string, string>;

/** Who is logged in: with what right. */
export interface Login {
  scope: "read" | "admin";
}

/** A channel, or a kind of touch. */
export interface Named {
  name: string;
  labels: Labels;
}

export interface StageModel {
  model: string;
  version: number;
  state: string;
  labels?: Labels | null;
  /** Seconds of silence after which a customer lapses. */
  lapses_after?: number | null;
  stages: { stage: string; labels?: Labels | null; rules?: readonly Readonly<Record<string, unknown>>[] }[];
}

export interface Dwell {
  median: number | null;
  p90: number | null;
}

export interface StageRow {
  stage: string;
  label?: string | null;
  at_start: number;
  entries: number;
  exits: number;
  at_end: number;
  customers: number;
  dwell: Dwell;
}

/** `from` is null at the beginning of a journey. */
export interface Transition {
  from: string | null;
  to: string;
  count: number;
  customers: number;
  share: number;
  dwell: Dwell;
}

export interface Transitions {
  model: string;
  version: number;
  mode: string;
  as_of: string;
  stages: StageRow[];
  transitions: Transition[];
}

export interface Identifier {
  kind: string;
  value: string;
}

/** `name` is their trait of that name. */
export interface Customer {
  id: string;
  name: string | null;
  identifiers: Identifier[];
  stage: string | null;
  since: string | null;
  first_seen: string;
  last_seen: string;
}

export interface Customers {
  customers: Customer[];
  next: string | null;
  total: number;
  sessions: number;
  as_of: string;
}

/** What an entry, a touch and a session say of the event that began it: `event` is its name. */
interface Caused {
  event: string | null;
  message_id: string;
}

export interface Entry extends Caused {
  stage: string;
  entered_at: string;
  left_at: string | null;
  dwell: number | null;
  from: string | null;
  channel: string | null;
  campaign: string | null;
}

export interface Touch extends Caused {
  touched_at: string;
  kind: string;
  channel: string | null;
  source: string | null;
  medium: string | null;
  campaign: string | null;
  referrer: string | null;
  device: string | null;
  machine: boolean;
  machine_rule: string | null;
  machine_why: string | null;
}

export interface Session extends Caused {
  started_at: string;
  ended_at: string;
  events: number;
  channel: string | null;
  campaign: string | null;
  device: string | null;
  machine: boolean;
}

/** One event of a journey; `event` is its name, `source` the name of its source. */
export interface JourneyEvent {
  message_id: string;
  type: string;
  event: string | null;
  occurred_at: string;
  anonymous_id: string | null;
  url: string | null;
  referrer: string | null;
  source: string;
  value: number | null;
  currency: string | null;
}

/** A journey, or the part of it that one page of answers holds; oldest first. */
export interface Journey {
  customer: {
    id: string;
    identifiers: Identifier[];
    traits: Record<string, unknown> | null;
    first_seen: string;
    last_seen: string;
  };
  entries: Entry[];
  touches: Touch[];
  sessions: Session[];
  events: JourneyEvent[];
  as_of: string;
  next: string | null;
}

export interface Source {
  name: string;
  kind: string;
  last_event_at: string | null;
  events_24h: number;
}

/** application/problem+json */
export interface Problem {
  title?: string;
  status?: number;
  detail?: string;
  errors?: { field?: string; reason?: string; line?: number }[];
}
