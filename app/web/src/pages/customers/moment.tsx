/** One moment of a journey. Addresses from events are text, never links. */

import { useState } from "preact/hooks";
import type { Session, Touch } from "../../asking/wire";
import { useView, type View } from "../../frame/view";
import { ChannelName, StageName } from "../../parts/marks";
import { clock, counted, duration, money, named } from "../../words/format";
import { said } from "../../words/language";
import { fromWords } from "./journey";
import type { Moment } from "./moments";
import { whyMachine } from "../../words/reasons";
import { Why } from "./why";
import { WORDS } from "./words";

export function MomentItem({ moment, customer }: { moment: Moment; customer: string }) {
  const view = useView();
  const { at, event, entry, touch, session } = moment;
  const tone = entry ? view.stages.tone(entry.stage) : null;
  const channel = touch?.channel ?? session?.channel;
  const title = titleOf(moment, view);
  const lines = notes(moment, view);
  return (
    <li class={touch?.machine ? "machine" : undefined}>
      <time dateTime={at}>{clock(at, view.zone)}</time>
      <span class={`customer-mark${entry ? " entered" : ""}${tone === null ? "" : ` tone-${tone}`}`} aria-hidden="true" />
      <div class="customer-what">
        <div class="customer-head">
          <div class="customer-title">
            <strong class="moment-title value">{title}</strong>
            {entry && <StageName stage={entry.stage} />}
            {channel && <ChannelName channel={channel} />}
            {event?.value != null && <span class="chip">{money(event.value, event.currency)}</span>}
          </div>
          {event && <Reason title={title} customer={customer} moment={moment} />}
        </div>
        {lines.map((line) => <p key={line} class="note value">{line}</p>)}
      </div>
    </li>
  );
}

/** The reason is asked for when it is first wanted. */
function Reason({ title, customer, moment }: { title: string; customer: string; moment: Moment }) {
  const words = said(WORDS);
  const [open, set] = useState(false);
  return (
    <>
      <button type="button" class="plain customer-why" aria-expanded={open} aria-label={words.whyOf(title)} onClick={() => set(!open)}>{words.why}</button>
      {open && <Why customer={customer} moment={moment} />}
    </>
  );
}

function titleOf({ event, entry, touch, session }: Moment, view: View): string {
  const words = said(WORDS);
  if (event) return event.event ?? words.typeNames[event.type] ?? named(event.type);
  if (touch) return view.kind(touch.kind);
  return session && !entry ? words.sessionMoment : words.stageMoment;
}

function notes({ event, entry, touch, session }: Moment, view: View): string[] {
  const words = said(WORDS);
  const stay = entry && [fromWords(entry, view), entry.left_at !== null && words.stayed(duration(entry.dwell))].filter(Boolean).join(" · ");
  return [event?.url && event.url.replace(/^https?:\/\//i, ""), stay, touch && touchNote(touch, view), session && sessionNote(session)].filter((line): line is string => Boolean(line));
}

function touchNote({ event, kind, source, medium, campaign, referrer, device, machine, machine_rule, machine_why }: Touch, view: View): string {
  const words = said(WORDS);
  const asked = [source, medium, campaign].filter(Boolean).join(" / ");
  const where = device && (words.laneKinds[device] ?? device);
  return [!event && kind !== "session" && view.kind(kind), asked, referrer && words.referredBy(referrer), where, machine && words.machine(whyMachine(machine_rule, machine_why))].filter(Boolean).join(" · ");
}

function sessionNote({ started_at, ended_at, events }: Session): string {
  const words = said(WORDS);
  if (events === 1) return words.sessionOfOne;
  return words.sessionOf(counted(events, words.eventsOf), duration((Date.parse(ended_at) - Date.parse(started_at)) / 1_000));
}
