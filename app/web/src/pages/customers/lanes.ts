/** A journey as lanes: one for each device, and one for what happens on none of ours, such as mails, calls and visits. */

import type { Entry, Session, Touch } from "../../asking/wire";
import type { Moment } from "./moments";

export interface Lane {
  /** The device's anonymous_id; null for what happens on no device of ours. */
  device: string | null;
  /** What kind of device: mobile, desktop, ... */
  kind: string | null;
  /** The other devices in this lane, where there are too many for one lane each. */
  others: number;
  sessions: Session[];
  touches: Touch[];
}

export const LANES_MOST = 6;

/** Lanes in the order in which devices were first seen; the one of no device comes last. */
export function lanesOf(moments: readonly Moment[], most = LANES_MOST): Lane[] {
  const lanes: Lane[] = [];
  const known = new Map<string | null, Lane>();
  for (const { event, session, touch } of moments) {
    if (!session && !touch) continue;
    const device = event?.anonymous_id ?? null;
    const lane = known.get(device) ?? opened(lanes, device, most);
    known.set(device, lane);
    if (session) lane.sessions.push(session);
    if (touch) lane.touches.push(touch);
    lane.kind = session?.device ?? touch?.device ?? lane.kind;
  }
  return lanes.sort((a, b) => Number(a.device === null) - Number(b.device === null));
}

/** A new lane; where there are too many, the last device's. */
function opened(lanes: Lane[], device: string | null, most: number): Lane {
  const devices = lanes.filter((lane) => lane.device !== null);
  const last = devices.at(-1);
  if (device !== null && last && devices.length >= most) {
    last.others += 1;
    return last;
  }
  const lane: Lane = { device, kind: null, others: 0, sessions: [], touches: [] };
  lanes.push(lane);
  return lane;
}

/** All instants of what is drawn, in milliseconds. */
export function instantsOf(entries: readonly Entry[], lanes: readonly Lane[]): number[] {
  const texts = [
    ...entries.map(({ entered_at }) => entered_at),
    ...lanes.flatMap(({ sessions, touches }) => [...sessions.flatMap(({ started_at, ended_at }) => [started_at, ended_at]), ...touches.map(({ touched_at }) => touched_at)]),
  ];
  return texts.map((at) => Date.parse(at));
}

/** The window that is drawn, in milliseconds: the whole journey or its last days; up to now, unless a long silence would take the room. */
export function windowOf(first: number, last: number, now: number, days: number): { from: number; to: number } {
  const from = days ? Math.max(first, last - days * 86_400_000) : first;
  const span = Math.max(60_000, last - from);
  return { from, to: now - last < span / 4 ? Math.max(now, last + span * 0.01) : last + span * 0.06 };
}
