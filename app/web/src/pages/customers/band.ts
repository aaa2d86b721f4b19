/** A journey as a drawing: the stages as a band over time, and beneath it a lane for each device with its sessions and touches. */

import { plain, tooltip, type Draw, type EChartsOption } from "../../charts/chart";
import { type Colours, faded } from "../../charts/colours";
import type { Entry } from "../../asking/wire";
import type { Stages } from "../../stages";
import type { Lane } from "./lanes";
import { type Placed, type Scale, ticks } from "./scale";

/** What the drawing says in words; all of it text. */
export interface Said {
  stage: (stage: string) => string;
  dwell: (entry: Entry) => string;
  entry: (entry: Entry) => string;
  lane: (lane: Lane) => string;
  session: (session: Lane["sessions"][number]) => string;
  touch: (touch: Lane["touches"][number]) => string;
  channel: (channel: string) => string;
  tick: (at: number, span: number) => string;
}

export interface Band {
  entries: readonly Entry[];
  lanes: readonly Lane[];
  stages: Stages;
  from: number;
  to: number;
  placed: Placed;
  scale: Scale;
  said: Said;
}

const BAND_TOP = 42;
const BAND = 24;
const LANES_TOP = BAND_TOP + BAND + 14;
const LANE = 58;
const AXIS = 28;
const EDGE = 4;
const LETTER = 6.7;
const WIDE_LETTER = 7.7;
const TICK_ROOM = 112;

export function heightOf(lanes: number): number {
  return LANES_TOP + lanes * LANE + AXIS;
}

type Shape = "rect" | "dot" | "ring" | "text";

/** One thing that is drawn; `tip` is what the pointer is told, reckoned when it comes. */
interface Item {
  shape: Shape;
  x: number;
  y: number;
  width: number;
  height: number;
  fill: string;
  text?: string;
  bold?: boolean;
  tip?: () => string;
}

export function drawing(band: Band): Draw {
  return (colours, width) => optionOf(itemsOf(band, colours, width), colours, width, heightOf(band.lanes.length));
}

export function itemsOf(band: Band, colours: Colours, width: number): Item[] {
  const x = (at: number) => EDGE + band.placed(at) * (width - 2 * EDGE);
  const lanes = band.lanes.flatMap((lane, place) => laneItems(lane, LANES_TOP + place * LANE, band, colours, width, x));
  return [...axisItems(band, colours, width, x), ...band.entries.flatMap((entry, place) => stageItems(band, place, entry, colours, x)), ...lanes];
}

/** About how wide a text is in pixels; letters of other alphabets are wider than Latin ones. */
function widthOf(text: string): number {
  return text.length * (/[^ -~]/.test(text) ? WIDE_LETTER : LETTER);
}

function axisItems({ from, to, placed, scale, lanes, said }: Band, colours: Colours, width: number, x: (at: number) => number): Item[] {
  const bottom = heightOf(lanes.length) - AXIS;
  const marks = ticks(from, to, Math.max(2, Math.floor(width / TICK_ROOM)), placed, scale);
  return marks.flatMap((at) => {
    const text = said.tick(at, to - from);
    const left = Math.min(Math.max(0, x(at) - widthOf(text) / 2), width - widthOf(text));
    return [
      { shape: "rect", x: x(at), y: BAND_TOP, width: 1, height: bottom - BAND_TOP, fill: colours.line },
      { shape: "text", x: left, y: bottom + 8, width: 0, height: 0, fill: colours.muted, text },
    ] satisfies Item[];
  });
}

/** A stay in a stage: its part of the band, with its name above where there is room, and a mark where it leads back. */
function stageItems({ entries, stages, to, said, from }: Band, place: number, entry: Entry, colours: Colours, x: (at: number) => number): Item[] {
  const [begin, end] = [Date.parse(entry.entered_at), endOf(entries, place, to)];
  if (end < from || begin > to) return [];
  const [left, right] = [x(begin), x(end)];
  const wide = right - left;
  const tone = stages.tone(entry.stage);
  const fill = tone === null ? colours.muted : (colours.tones[tone] ?? colours.muted);
  const back = stages.back(entry.from, entry.stage);
  if (Math.floor(left) === Math.floor(right) && Math.floor(left * 2) === Math.floor(right * 2)) return [];
  const items: Item[] = [{ shape: "rect", x: left, y: BAND_TOP, width: Math.max(1.5, wide - 1), height: BAND, fill, tip: () => said.entry(entry) }];
  if (back) items.push({ shape: "rect", x: left, y: BAND_TOP - 3, width: Math.max(2, Math.min(wide - 1, 14)), height: 3, fill: colours.back, tip: () => said.entry(entry) });
  const name = `${back ? "↩ " : ""}${said.stage(entry.stage)}`;
  if (widthOf(name) + 6 > wide) {
    if (back && wide > 12) items.push({ shape: "text", x: left, y: 22, width: 0, height: 0, fill: colours.back, text: "↩" });
    return items;
  }
  items.push({ shape: "text", x: left, y: 6, width: 0, height: 0, fill: back ? colours.back : colours.ink, text: name, bold: true });
  const dwell = said.dwell(entry);
  if (widthOf(dwell) + 6 <= wide) items.push({ shape: "text", x: left, y: 22, width: 0, height: 0, fill: colours.muted, text: dwell });
  return items;
}

/** A stay ends where the next one begins; the last one goes on. */
function endOf(entries: readonly Entry[], place: number, to: number): number {
  const next = entries[place + 1]?.entered_at ?? entries[place]?.left_at;
  return next ? Date.parse(next) : to;
}

function laneItems(lane: Lane, top: number, band: Band, colours: Colours, width: number, x: (at: number) => number): Item[] {
  const { from, to, said } = band;
  const inside = (at: string) => Date.parse(at) >= from && Date.parse(at) <= to;
  const middle = top + 26;
  const items: Item[] = [
    { shape: "rect", x: 0, y: middle, width, height: 1, fill: colours.line },
    { shape: "text", x: 0, y: top + 2, width: 0, height: 0, fill: colours.muted, text: said.lane(lane) },
  ];
  for (const [session, more] of apart(lane.sessions.filter(({ started_at }) => inside(started_at)), ({ started_at }) => x(Date.parse(started_at)))) {
    const [left, right] = [x(Date.parse(session.started_at)), x(Date.parse(session.ended_at))];
    items.push({ shape: "rect", x: left - 1, y: middle - 6, width: Math.max(3, right - left + 2), height: 13, fill: faded(colours.accent, 0.32), tip: () => withMore(said.session(session), more) });
  }
  return [...items, ...touchItems(lane.touches.filter(({ touched_at }) => inside(touched_at)), middle, said, colours, width, x)];
}

/** Touches as dots, those of machines as rings, each with the name of its channel where there is room. */
function touchItems(touches: readonly Lane["touches"][number][], middle: number, said: Said, colours: Colours, width: number, x: (at: number) => number): Item[] {
  const items: Item[] = [];
  let free = -Infinity;
  for (const [touch, more] of apart(touches, ({ touched_at }) => x(Date.parse(touched_at)))) {
    const at = x(Date.parse(touch.touched_at));
    const fill = touch.machine ? colours.muted : colours.accent;
    items.push({ shape: touch.machine ? "ring" : "dot", x: at, y: middle, width: 4, height: 0, fill, tip: () => withMore(said.touch(touch), more) });
    if (at - 3 < free || touch.machine || !touch.channel) continue;
    const text = said.channel(touch.channel);
    const left = Math.min(at - 3, width - widthOf(text));
    if (left < free) continue;
    items.push({ shape: "text", x: left, y: middle + 10, width: 0, height: 0, fill: colours.ink, text });
    free = left + widthOf(text) + 10;
  }
  return items;
}

/** Of what would stand on one pixel the first, and how many more there are. */
export function apart<Row>(rows: readonly Row[], x: (row: Row) => number): [Row, number][] {
  const kept: [Row, number][] = [];
  let last = NaN;
  for (const row of rows) {
    const pixel = Math.round(x(row));
    const before = kept.at(-1);
    if (before && pixel === last) before[1] += 1;
    else kept.push([row, 0]);
    last = pixel;
  }
  return kept;
}

function withMore(words: string, more: number): string {
  return more ? `${words}\n+${more}` : words;
}

function optionOf(items: Item[], colours: Colours, width: number, height: number): EChartsOption {
  const hidden = { type: "value" as const, min: 0, show: false };
  return {
    grid: { left: 0, right: 0, top: 0, bottom: 0 },
    xAxis: { ...hidden, max: width },
    yAxis: { ...hidden, max: height, inverse: true },
    tooltip: { ...tooltip(colours), trigger: "item", formatter: (picked) => tipOf(items, picked) },
    series: [{ type: "custom", clip: false, data: items.map((item) => ({ ...item, value: [item.x, item.y], tip: undefined })), renderItem: ({ dataIndex }) => shapeOf(items[dataIndex]) as never }],
  };
}

function tipOf(items: readonly Item[], picked: unknown): string {
  const { dataIndex } = picked as { dataIndex: number };
  return plain(items[dataIndex]?.tip?.() ?? "");
}

function shapeOf(item: Item | undefined): object | null {
  if (!item) return null;
  const { shape, x, y, width, height, fill, text = "", bold } = item;
  const silent = item.tip === undefined;
  if (shape === "text") return { type: "text", silent, style: { x, y, text: plain(text), fill, font: `${bold ? 600 : 400} 12px system-ui, sans-serif` } };
  if (shape === "rect") return { type: "rect", silent, shape: { x, y, width, height, r: height > 8 ? 2 : 0 }, style: { fill } };
  const style = shape === "dot" ? { fill } : { fill: "transparent", stroke: fill, lineWidth: 1.5 };
  return { type: "circle", silent, shape: { cx: x, cy: y, r: width }, style };
}
