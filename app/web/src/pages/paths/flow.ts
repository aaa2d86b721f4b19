/** The flow as places on a plane: a column a step in the order of time, a box a name, ribbons from step to step, and stubs for those who end or
 * go on. A ribbon is as thick as it has customers; so is a box, but never too thin to be read. */

import { OTHER } from "./question";
import type { Edge, Name, Node, Paths, Step } from "./wire";

const TALL = 380;
const LEAST = 24;
/** From here on a box has room for two lines. */
export const ROOMY = 46;
const GAP = 6;
const STUB = 22;
const RIBBONS_DRAWN = 1_500;
export const PITCH = { least: 172, most: 300 };
const BOX_PART = 0.76;
const FOOT = 4;

export interface Box {
  key: string;
  step: number;
  node: Node;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Ribbon {
  key: string;
  from: Box;
  to: Box;
  edge: Edge;
  start: Point;
  goal: Point;
  thick: number;
  /** The name that is earlier in time, whose colour it has. */
  earlier: Name;
}

export interface Stub {
  key: string;
  box: Box;
  what: "exits" | "more";
  customers: number;
  start: Point;
  goal: Point;
  thick: number;
}

interface Point {
  x: number;
  y: number;
}

export interface Column {
  step: Step;
  x: number;
}

export interface Flow {
  width: number;
  height: number;
  column: number;
  columns: Column[];
  boxes: Map<string, Box>;
  ribbons: Ribbon[];
  stubs: Stub[];
  /** Edges that are too many to be drawn. */
  undrawn: number;
  /** Pixels a customer. */
  scale: number;
}

export function boxKey(step: number, name: Name): string {
  return JSON.stringify([step, name]);
}

export function ribbonKey(step: number, from: Name, to: Name): string {
  return JSON.stringify([step, from, to]);
}

/** The flow for a place so many pixels wide; it is wider where its columns need more. */
export function flowOf({ customers, steps }: Pick<Paths, "customers" | "steps">, place: number, back: boolean): Flow {
  const shown = steps.filter((step) => step.customers > 0);
  const pitch = Math.max(PITCH.least, Math.min(PITCH.most, (place - STUB) / (Math.max(1, shown.length) - 1 + BOX_PART)));
  const column = Math.round(pitch * BOX_PART);
  const scale = TALL / Math.max(1, customers);
  const columns = shown.map((step, at) => ({ step, x: (back ? STUB : 0) + Math.round((back ? shown.length - 1 - at : at) * pitch) }));
  const boxes = columns.flatMap(({ step, x }) => boxesOf(step, x, column, scale));
  const known = new Map(boxes.map((box) => [box.key, box]));
  const bottom = boxes.reduce((lowest, { y, height }) => Math.max(lowest, y + height), 0);
  const width = Math.round((shown.length - 1) * pitch) + column + STUB;
  return { width, height: bottom + FOOT, column, columns, boxes: known, scale, ...streams(shown, known, scale, back) };
}

/** The boxes of a column: as the answer has them, `other` last. */
function boxesOf(step: Step, x: number, width: number, scale: number): Box[] {
  const nodes = [...step.nodes].sort((a, b) => Number(a.name === OTHER) - Number(b.name === OTHER));
  let y = 0;
  return nodes.map((node) => {
    const height = Math.max(LEAST, Math.round(node.customers * scale));
    const box = { key: boxKey(step.step, node.name), step: step.step, node, x, y, width, height };
    y += height + GAP;
    return box;
  });
}

function streams(steps: Step[], boxes: Map<string, Box>, scale: number, back: boolean): Pick<Flow, "ribbons" | "stubs" | "undrawn"> {
  const edges = steps.flatMap(({ step, edges }) => edges.map((edge) => ({ step, edge, from: boxes.get(boxKey(step, edge.from)), to: boxes.get(boxKey(step + 1, edge.to)) })));
  const whole = edges.filter((each): each is typeof each & { from: Box; to: Box } => Boolean(each.from && each.to));
  const drawn = whole.sort((a, b) => b.edge.customers - a.edge.customers).slice(0, RIBBONS_DRAWN);
  const leaving = new Berths(scale);
  const coming = new Berths(scale);
  drawn.sort((a, b) => a.from.y - b.from.y || a.to.y - b.to.y);
  const ribbons = drawn.map(({ step, edge, from, to }): Ribbon => {
    const start = { x: back ? from.x : from.x + from.width, y: leaving.take(from, edge.customers) };
    return { key: ribbonKey(step, edge.from, edge.to), from, to, edge, start, goal: { x: back ? to.x + to.width : to.x, y: 0 }, thick: thickness(edge.customers, scale), earlier: back ? edge.to : edge.from };
  });
  for (const ribbon of [...ribbons].sort((a, b) => a.to.y - b.to.y || a.from.y - b.from.y)) ribbon.goal.y = coming.take(ribbon.to, ribbon.edge.customers);
  const stubs = [...boxes.values()].flatMap((box) => (["more", "exits"] as const).flatMap((what) => stubOf(box, what, leaving, scale, back)));
  return { ribbons, stubs, undrawn: whole.length - drawn.length };
}

function stubOf(box: Box, what: Stub["what"], berths: Berths, scale: number, back: boolean): Stub[] {
  const customers = box.node[what];
  if (!customers) return [];
  const start = { x: back ? box.x : box.x + box.width, y: berths.take(box, customers) };
  const goal = { x: start.x + (back ? -STUB : STUB), y: start.y };
  return [{ key: `${what} ${box.key}`, box, what, customers, start, goal, thick: thickness(customers, scale) }];
}

function thickness(customers: number, scale: number): number {
  return Math.max(1, customers * scale);
}

/** Where at the side of a box the next ribbon begins: one under the other, all of them in its middle. */
class Berths {
  private readonly taken = new Map<string, number>();

  constructor(private readonly scale: number) {}

  take(box: Box, customers: number): number {
    const y = this.taken.get(box.key) ?? box.y + (box.height - box.node.customers * this.scale) / 2;
    this.taken.set(box.key, y + customers * this.scale);
    return y;
  }
}

/** The outline of a ribbon, as SVG and a canvas take it. */
export function outline({ start, goal }: Pick<Ribbon, "start" | "goal">, thick: number): string {
  const middle = (start.x + goal.x) / 2;
  const there = `M${start.x} ${start.y}C${middle} ${start.y} ${middle} ${goal.y} ${goal.x} ${goal.y}`;
  return `${there}V${goal.y + thick}C${middle} ${goal.y + thick} ${middle} ${start.y + thick} ${start.x} ${start.y + thick}Z`;
}

/** Those who end: a stub that comes to a point. Those who go on: an arrow. */
export function stubOutline({ what, start, goal, thick }: Stub): string {
  const half = start.y + thick / 2;
  if (what === "exits") return `M${start.x} ${start.y}Q${goal.x} ${start.y} ${goal.x} ${start.y + thick}Q${(start.x + goal.x) / 2} ${start.y + thick} ${start.x} ${start.y + thick}Z`;
  const neck = start.x + (goal.x - start.x) * 0.55;
  return `M${start.x} ${start.y}H${neck}L${goal.x} ${half}L${neck} ${start.y + thick}H${start.x}Z`;
}
