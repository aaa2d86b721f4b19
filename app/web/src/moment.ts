/** One moment of a journey as a list item. Addresses from events are text, never links. */

import { channelChip, stageBadge } from "./badges";
import { type Child, h } from "./element";
import { clock, counted, duration, named } from "./format";
import type { Moment } from "./moments";
import type { Stages } from "./stages";
import type { Entry, JourneyEvent, Session, Touch } from "./wire";

export function momentItem(moment: Moment, stages: Stages): HTMLElement {
  const { at, event, entry, touch, session } = moment;
  const tone = entry ? stages.tone(entry.stage) : null;
  const head = h("div", { class: "head" }, title(moment), entry ? stageBadge(entry.stage, stages) : null, chip(moment));
  const notes = [event && place(event), entry && entryNote(entry, stages), touch && touchNote(touch), session && sessionNote(session)];
  const mark = `mark${entry ? " entered" : ""}${tone === null ? "" : ` tone-${tone}`}`;
  return h("li", { "data-key": keyOf(moment), class: touch?.machine ? "machine" : undefined },
    h("time", { datetime: at }, clock(at)), h("span", { class: mark, "aria-hidden": "true" }),
    h("div", { class: "what" }, head, ...notes.map((note) => (note ? h("div", { class: "note" }, note) : null))));
}

function keyOf({ at, event, entry, touch, session }: Moment): string {
  return JSON.stringify([at, event?.source, event?.message_id, entry?.stage, touch?.message_id, session?.message_id]);
}

function title({ event, entry, touch, session }: Moment): Child {
  if (event) return h("strong", {}, event.event ?? named(event.type));
  if (touch) return h("strong", {}, named(touch.kind));
  return h("strong", {}, session && !entry ? "Session" : "Stage");
}

/** The channel of the touch, or that of what else the moment holds. */
function chip({ entry, touch, session }: Moment): Child {
  const channel = touch?.channel ?? session?.channel ?? entry?.channel;
  return channel ? channelChip(channel) : null;
}

/** Host, path and query; all of it where it is no address. */
function place({ url }: JourneyEvent): string | null {
  return url ? url.replace(/^https?:\/\//i, "") : null;
}

function entryNote({ from, left_at, dwell }: Entry, stages: Stages): string {
  const before = from === null ? "The first stage" : `From ${stages.label(from)}`;
  return left_at === null ? `${before} · still here` : `${before} · stayed ${duration(dwell)}`;
}

function touchNote({ source, medium, campaign, referrer, device, machine, machine_why }: Touch): string | null {
  const campaignWords = [source, medium, campaign].filter(Boolean).join(" / ");
  const words = [campaignWords, referrer && `referred by ${referrer}`, device, machine && `a machine, not a person: ${machine_why}`];
  return words.filter(Boolean).join(" · ") || null;
}

function sessionNote({ started_at, ended_at, events }: Session): string {
  const seconds = (Date.parse(ended_at) - Date.parse(started_at)) / 1_000;
  return `A session of ${counted(events, "event")} in ${duration(seconds)}`;
}
