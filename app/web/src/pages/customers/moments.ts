/** A journey as one list of moments: an event together with the session, touch and entry that it caused. */

import type { Entry, Journey, JourneyEvent, Session, Touch } from "../../asking/wire";

interface Parts {
  session: Session;
  touch: Touch;
  entry: Entry;
}

export interface Moment extends Partial<Parts> {
  at: string;
  event?: JourneyEvent;
}

/** The pages of a journey as one, with the customer as the last page knows them. */
export function joined(pages: Journey[]): Journey | undefined {
  const last = pages.at(-1);
  return last && {
    ...last,
    entries: pages.flatMap((page) => page.entries),
    touches: pages.flatMap((page) => page.touches),
    sessions: pages.flatMap((page) => page.sessions),
    events: pages.flatMap((page) => page.events),
  };
}

/** The moments of a journey, oldest first; those of one instant stay in the customer's order. What has no event stands by itself. */
export function moments({ events, sessions, touches, entries }: Journey): Moment[] {
  const list = events.map((event): Moment => ({ at: event.occurred_at, event }));
  attach(list, "session", sessions, (session) => session.started_at);
  attach(list, "touch", touches, (touch) => touch.touched_at);
  attach(list, "entry", entries, (entry) => entry.entered_at);
  return inOrder(list);
}

/** Most of a list is in order already: only what has no event was put at its end. */
function inOrder(list: Moment[]): Moment[] {
  const timed = list.map((moment): [number, Moment] => [Date.parse(moment.at), moment]);
  return timed.sort(([a], [b]) => a - b).map(([, moment]) => moment);
}

function attach<Part extends keyof Parts>(list: Moment[], part: Part, rows: Parts[Part][], instant: (row: Parts[Part]) => string): void {
  const known = new Map(list.map((moment) => [placeOf(moment.event?.message_id, moment.at), moment]));
  for (const row of rows) {
    const moment = known.get(placeOf(row.message_id, instant(row)));
    if (moment && !moment[part]) Object.assign(moment, { [part]: row });
    else list.push({ at: instant(row), [part]: row });
  }
}

function placeOf(message: string | undefined, at: string): string {
  return `${message ?? ""} ${Date.parse(at)}`;
}

/** Runs of moments that have the same day, in the order given. */
export function byDay(list: Moment[], dayOf: (at: string) => string): { day: string; moments: Moment[] }[] {
  const days: { day: string; moments: Moment[] }[] = [];
  for (const moment of list) {
    const day = dayOf(moment.at);
    const last = days.at(-1);
    if (last?.day === day) last.moments.push(moment);
    else days.push({ day, moments: [moment] });
  }
  return days;
}

export const KINDS = ["stages", "touches", "sessions", "others"] as const;
export type Kind = (typeof KINDS)[number];

/** What a moment is; an event that caused nothing is one of the others. */
export function kindsOf({ entry, touch, session }: Moment): Kind[] {
  const kinds: Kind[] = [];
  if (entry) kinds.push("stages");
  if (touch) kinds.push("touches");
  if (session) kinds.push("sessions");
  return kinds.length ? kinds : ["others"];
}

/** The moments of which at least one kind is not hidden. */
export function unhidden(list: readonly Moment[], hidden: readonly Kind[]): readonly Moment[] {
  return hidden.length ? list.filter((moment) => kindsOf(moment).some((kind) => !hidden.includes(kind))) : list;
}
