/** A journey as one list of moments: an event together with the session, touch and entry that it caused. */

import type { Entry, Journey, JourneyEvent, Session, Touch } from "./wire";

interface Parts {
  session: Session;
  touch: Touch;
  entry: Entry;
}

export interface Moment extends Partial<Parts> {
  at: string;
  event?: JourneyEvent;
}

/** The moments of all pages, oldest first. What has no event on the pages stands by itself; what several pages repeat stands once. */
export function moments(pages: Journey[]): Moment[] {
  const events = distinct(pages.flatMap((page) => page.events), ({ event, occurred_at }) => placeOf(event, occurred_at));
  const list = forwards(events.map((event): Moment => ({ at: event.occurred_at, event })));
  attach(list, "session", pages.flatMap((page) => page.sessions), (session) => session.started_at);
  attach(list, "touch", pages.flatMap((page) => page.touches), (touch) => touch.touched_at);
  attach(list, "entry", pages.flatMap((page) => page.entries), (entry) => entry.entered_at);
  return inTime(list);
}

function attach<Part extends keyof Parts>(list: Moment[], part: Part, rows: Parts[Part][], instant: (row: Parts[Part]) => string): void {
  const known = new Map(list.map((moment) => [placeOf(moment.event?.event, moment.at), moment]));
  for (const row of distinct(rows, (candidate) => JSON.stringify(candidate))) {
    const moment = known.get(placeOf(row.event, instant(row)));
    if (moment && !moment[part]) Object.assign(moment, { [part]: row });
    else list.push({ at: instant(row), [part]: row });
  }
}

function placeOf(event: string | null | undefined, at: string): string {
  return `${event ?? ""} ${Date.parse(at)}`;
}

function distinct<Row>(rows: Row[], keyOf: (row: Row) => string): Row[] {
  return [...new Map(rows.map((row) => [keyOf(row), row])).values()];
}

/** Oldest first, whichever way the server lists them; moments of one instant stay in the customer's order. */
function forwards(list: Moment[]): Moment[] {
  const [first, last] = [list[0], list[list.length - 1]];
  return first && last && Date.parse(first.at) > Date.parse(last.at) ? list.reverse() : list;
}

function inTime(list: Moment[]): Moment[] {
  return [...list].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** Runs of moments that have the same day, in the order given. */
export function byDay(list: Moment[], dayOf: (at: string) => string): { day: string; moments: Moment[] }[] {
  const days: { day: string; moments: Moment[] }[] = [];
  for (const moment of list) {
    const day = dayOf(moment.at);
    const last = days[days.length - 1];
    if (last?.day === day) last.moments.push(moment);
    else days.push({ day, moments: [moment] });
  }
  return days;
}
