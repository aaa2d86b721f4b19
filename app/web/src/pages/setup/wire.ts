/** What the routes of the set-up answer. */

export interface SourceHeard {
  name: string;
  kind: "public" | "trusted";
  state: string;
  why: string;
  last_event_at: string | null;
  events_24h: number;
  failed_24h: number;
}

export interface Key {
  id: number;
  scope: "write" | "read" | "admin";
  source: string | null;
  hint: string;
  created_at: string;
  revoked_at: string | null;
}

/** A key just made: its text, and for a public source the snippet that has it, are told this once. */
export interface MadeKey extends Key {
  key: string;
  snippet: string | null;
}

export interface MadeSource {
  name: string;
  kind: "public" | "trusted";
  key: MadeKey;
}

/** The snippet with the key that the service was started with, which is of `source`. */
export interface Snippet {
  source: string | null;
  snippet: string;
}

export interface Session {
  scope: "read" | "admin";
  key: number | null;
}

export interface Job {
  id: number;
  name: string;
  state: "waiting" | "running" | "finished" | "failed" | "undoing" | "undone";
  dry_run: boolean;
  rows: number;
  accepted: number;
  duplicates: number;
  rejected: number;
  undone: number;
  rows_per_second: number | null;
  seconds_left: number | null;
  bytes_total: number;
  bytes_read: number;
  error: string | null;
  created_at: string;
}

export interface Report {
  rows: number;
  accepted: number;
  duplicates: number;
  rejected: number;
  looked_at: number;
  complete: boolean;
  reasons: Record<string, number>;
  rejects: { line: number | null; code: string; field: string | null; reason: string }[];
  channels: Record<string, number>;
  stages: Record<string, Record<string, number>>;
  customers: Record<string, number>;
  merges: { customers: string[]; into: string }[];
  error: string | null;
}

export interface JobTold extends Job {
  reasons: { code: string; field: string | null; rows: number }[];
  report: Report | null;
}

export interface Explained {
  channel: string;
  rule: string;
  why: string;
}

export interface Made {
  click: string;
  open: string;
}
