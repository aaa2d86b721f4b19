/** The journey as a drawing, with its stages as a table. */

import { useMemo } from "preact/hooks";
import type { Entry, Journey } from "../../asking/wire";
import { Figure } from "../../charts/figure";
import { useView, type View } from "../../frame/view";
import { ChannelName, StageName } from "../../parts/marks";
import { Select } from "../../parts/fields";
import type { Column } from "../../parts/sorting";
import { Choice } from "../../parts/fields";
import { clock, counted, date, duration, instant } from "../../words/format";
import { said } from "../../words/language";
import { type Band, drawing, heightOf, type Said } from "./band";
import { instantsOf, type Lane, lanesOf, windowOf } from "./lanes";
import type { Moment } from "./moments";
import { placing, type Scale, SCALES } from "./scale";
import { WORDS } from "./words";

const ORDER = { column: "entered", descending: false };
const DAY = 86_400_000;
const ZOOMS = ["", "90", "30", "7", "1"] as const;

export function JourneyFigure({ journey, list }: { journey: Journey; list: readonly Moment[] }) {
  const view = useView();
  const words = said(WORDS);
  const band = useMemo(() => bandOf(journey, list, view), [journey, list, view]);
  return (
    <Figure
      name="journey"
      title={words.journey}
      note={<Legend />}
      tools={<Tools />}
      chart={{ draw: drawing(band), height: () => heightOf(band.lanes.length), label: labelOf(journey, view) }}
      columns={columnsOf(view, journey.as_of)}
      rows={journey.entries}
      keyOf={({ message_id, stage, entered_at }) => `${message_id} ${stage} ${entered_at}`}
      order={ORDER}
      caption={journey.customer.id}
    />
  );
}

function Legend() {
  const { legend } = said(WORDS);
  return (
    <span class="customer-legend">
      <span><i class="session" />{legend.session}</span><span><i class="touch" />{legend.touch}</span><span><i class="machine" />{legend.machine}</span><span><i class="back">↩</i>{legend.back}</span>
    </span>
  );
}

function Tools() {
  const view = useView();
  const words = said(WORDS);
  return (
    <>
      <Select label={words.zoom} name="zoom" value={view.params["zoom"] ?? ""} options={ZOOMS.map((zoom) => [zoom, words.zooms[zoom]] as const)} onChange={(zoom) => view.set({ zoom })} />
      <Choice label={words.scale} name="scale" value={scaleOf(view)} options={SCALES.map((scale) => [scale, words.scales[scale]] as const)} onChange={(scale) => view.set({ scale: scale === "time" ? "" : scale })} />
    </>
  );
}

function scaleOf(view: View): Scale {
  return SCALES.find((scale) => scale === view.params["scale"]) ?? "time";
}

function bandOf(journey: Journey, list: readonly Moment[], view: View): Band {
  const { entries, customer } = journey;
  const lanes = lanesOf(list);
  const now = Date.parse(journey.as_of);
  const last = Math.max(Date.parse(customer.last_seen), Date.parse(entries.at(-1)?.entered_at ?? customer.last_seen));
  const { from, to } = windowOf(Date.parse(customer.first_seen), last, now, Number(view.params["zoom"] ?? 0) || 0);
  const scale = scaleOf(view);
  const seen = lanes.filter((lane) => isSeen(lane, from, to));
  return { entries, lanes: seen, stages: view.stages, from, to, scale, placed: placing(instantsOf(entries, lanes), from, to, scale), said: saidOf(view, journey.as_of) };
}

function isSeen({ sessions, touches }: Lane, from: number, to: number): boolean {
  const inside = (at: string) => Date.parse(at) >= from && Date.parse(at) <= to;
  return sessions.some(({ started_at }) => inside(started_at)) || touches.some(({ touched_at }) => inside(touched_at));
}

function saidOf(view: View, now: string): Said {
  const words = said(WORDS);
  const { zone, stages } = view;
  const lines = (...parts: (string | null | false | undefined)[]) => parts.filter(Boolean).join("\n");
  const by = (channel: string | null, campaign: string | null) => [channel && view.channel(channel), campaign].filter(Boolean).join(" · ");
  return {
    stage: (stage) => stages.label(stage),
    dwell: (entry) => dwellOf(entry, now),
    entry: (entry) => lines(stages.label(entry.stage), instant(entry.entered_at, zone), stayWords(entry, now), fromWords(entry, view), by(entry.channel, entry.campaign)),
    lane: (lane) => laneWords(lane),
    session: ({ started_at, ended_at, events, channel, campaign }) => {
      const seconds = (Date.parse(ended_at) - Date.parse(started_at)) / 1_000;
      return lines(words.sessionOf(counted(events, words.eventsOf), duration(seconds)), instant(started_at, zone), by(channel, campaign));
    },
    touch: (touch) => lines(by(touch.channel, touch.campaign), `${view.kind(touch.kind)}${touch.event ? `: ${touch.event}` : ""}`, instant(touch.touched_at, zone), touch.machine && words.byMachine),
    channel: (channel) => view.channel(channel),
    tick: (at, span) => (span < 2 * DAY ? clock(new Date(at).toISOString(), zone).slice(0, 5) : date(new Date(at).toISOString(), zone)),
  };
}

export function dwellOf({ dwell, entered_at }: Entry, now: string): string {
  return duration(dwell ?? Math.max(0, (Date.parse(now) - Date.parse(entered_at)) / 1_000));
}

export function stayWords(entry: Entry, now: string): string {
  const words = said(WORDS);
  return entry.left_at === null ? words.stillHere(dwellOf(entry, now)) : words.stayed(dwellOf(entry, now));
}

export function fromWords({ from, stage }: Entry, { stages }: View): string {
  const words = said(WORDS);
  if (from === null) return words.firstStage;
  return stages.back(from, stage) ? words.back(stages.label(from)) : words.from(stages.label(from));
}

function laneWords({ device, kind, others }: Lane): string {
  const words = said(WORDS);
  if (device === null) return words.noDevice;
  return [words.laneKinds[kind ?? ""] ?? words.device, device.slice(0, 12), others ? words.otherDevices(others) : ""].filter(Boolean).join(" ");
}

function labelOf({ entries }: Journey, { stages }: View): string {
  const words = said(WORDS);
  return `${words.journey}: ${entries.slice(-20).map(({ stage }) => stages.label(stage)).join(" → ") || words.noEntries}`;
}

function columnsOf(view: View, now: string): Column<Entry>[] {
  const words = said(WORDS);
  const titles = words.entryColumns;
  const { zone, stages } = view;
  return [
    { name: "stage", title: titles.stage, value: ({ stage }) => stages.label(stage), csv: ({ stage }) => stage, show: (entry) => <>{stages.back(entry.from, entry.stage) && <span class="bad" title={fromWords(entry, view)}>↩ </span>}<StageName stage={entry.stage} /></> },
    { name: "entered", title: titles.entered, value: ({ entered_at }) => entered_at, show: ({ entered_at }) => instant(entered_at, zone) },
    { name: "left", title: titles.left, value: ({ left_at }) => left_at, show: ({ left_at }) => (left_at ? instant(left_at, zone) : words.now) },
    { name: "dwell", title: titles.dwell, numeric: true, value: ({ dwell }) => dwell, show: (entry) => dwellOf(entry, now) },
    { name: "from", title: titles.from, value: ({ from }) => from, show: ({ from }) => stages.label(from) },
    { name: "channel", title: titles.channel, value: ({ channel }) => channel, show: ({ channel }) => channel && <ChannelName channel={channel} /> },
    { name: "campaign", title: titles.campaign, value: ({ campaign }) => campaign },
    { name: "event", title: titles.event, value: ({ event }) => event },
  ];
}
