/** The picture of a journey: bars in a row, one for each stage, that share a ground line. Moves to the next stage are ribbons between the
 * bars, longer moves forward arcs above them, moves back arcs below. Everything is as wide as its count.
 *
 * `u` runs along the stages, `v` is the height above the ground line: a picture may lie or stand. */

import { corner, type Point, type Stroke } from "./outlines";

export type Kind = "on" | "skip" | "back" | "new" | "before" | "stay" | "away";

export interface StageFlow {
  stage: string;
  at_start: number;
  entries: number;
  exits: number;
  at_end: number;
  came_from: readonly { from: string | null; count: number }[];
  /** How many it was for those that it is compared with. */
  other?: number | null;
}

/** A bar; `head` and `foot` are how far the ends of arcs reach to its sides. */
export interface Bar {
  place: number;
  u: number;
  top: number;
  other: number | null;
  count: number;
  head: Point;
  foot: Point;
}

/** `from` and `to` are places of stages, null where the flow begins or ends. `middle` is where a number may stand. */
export interface Ribbon {
  kind: Kind;
  from: number | null;
  to: number | null;
  count: number;
  width: number;
  outline: readonly Stroke[];
  middle: Point;
}

/** `above` and `below` are how far the picture reaches from the ground line. */
export interface Flow {
  bars: Bar[];
  ribbons: Ribbon[];
  step: number;
  above: number;
  below: number;
}

export const HALF_BAR = 7;
const TURN_PART = 0.42;
const TURN_MOST = 72;
const FOOT_MOST = 0.3;
const STUB_MOST = 44;
const STUB_PART = 0.3;
const GAP = 4;
const LABEL = 20;
const ARCS_MOST = 0.3;
const BARS_LEAST = 0.3;

interface Move {
  from: number | null;
  to: number;
  count: number;
}

/** One picture in a room of `length` along the stages and `height` across them, in pixels. */
export function flowOf(stages: readonly StageFlow[], length: number, height: number): Flow {
  const moves = movesOf(stages);
  const step = length / Math.max(1, stages.length);
  const totals = stages.map((_, place) => Math.max(inOf(stages, moves, place), outOf(stages, moves, place)));
  const drawn: Drawn = { back: moves.filter(isBack), skip: moves.filter(isSkip), on: moves.filter(isOn) };
  const { scale, above, below } = fitted([...totals, ...stages.map(({ other }) => other ?? 0)], drawn, step, height);
  const ground = new Ground(stages, moves, totals, step, scale);
  const ribbons = [
    ...stages.flatMap((_, place) => ground.stubs(place)),
    ...drawn.on.map((move) => ground.ribbon(move)),
    ...drawn.skip.map((move) => ground.arc(move, drawn.skip, above.depths, 1)),
    ...drawn.back.map((move) => ground.arc(move, drawn.back, below.depths, -1)),
  ];
  const bars = stages.map((_, place) => ground.bar(place, drawn));
  return { bars, ribbons: ribbons.filter(({ count }) => count > 0), step, above: height - below.reach - GAP, below: below.reach + GAP };
}

interface Drawn {
  back: readonly Move[];
  skip: readonly Move[];
  on: readonly Move[];
}

/** The tallest bars that leave room for the arcs above and below them. */
function fitted(totals: number[], { back, skip }: Drawn, step: number, height: number): { scale: number; above: Depths; below: Depths } {
  let tall = height - LABEL - GAP;
  for (;;) {
    const scale = scaleOf(totals, [back, skip], tall, step);
    const [above, below] = [arcs(skip, scale, height * ARCS_MOST), arcs(back, scale, height * ARCS_MOST)];
    const over = tall + above.reach + below.reach + LABEL + GAP - height;
    if (over < 1 || tall <= height * BARS_LEAST) return { scale, above, below };
    tall = Math.max(height * BARS_LEAST, tall - over / 2);
  }
}

function movesOf(stages: readonly StageFlow[]): Move[] {
  const places = new Map(stages.map(({ stage }, place) => [stage, place]));
  return stages.flatMap(({ came_from }, to) =>
    came_from.filter(({ count }) => count > 0).map(({ from, count }) => ({ from: from === null ? null : (places.get(from) ?? null), to, count })),
  );
}

function isOn({ from, to }: Move): boolean {
  return from !== null && to === from + 1;
}

function isSkip({ from, to }: Move): boolean {
  return from !== null && to > from + 1;
}

function isBack({ from, to }: Move): boolean {
  return from !== null && to <= from;
}

function sum(moves: readonly Move[]): number {
  return moves.reduce((total, { count }) => total + count, 0);
}

function inOf(stages: readonly StageFlow[], moves: readonly Move[], place: number): number {
  return (stages[place]?.at_start ?? 0) + sum(moves.filter(({ to }) => to === place));
}

function outOf(stages: readonly StageFlow[], moves: readonly Move[], place: number): number {
  return (stages[place]?.at_end ?? 0) + awayFrom(stages, moves, place) + sum(moves.filter(({ from }) => from === place));
}

/** Who left for an entry that the filters leave out. */
function awayFrom(stages: readonly StageFlow[], moves: readonly Move[], place: number): number {
  return Math.max(0, (stages[place]?.exits ?? 0) - sum(moves.filter(({ from }) => from === place)));
}

/** Pixels for one: the tallest bar fits, and the ends of no stage's arcs meet those of the next. */
function scaleOf(totals: number[], arched: readonly (readonly Move[])[], tall: number, step: number): number {
  const ends = totals.flatMap((_, place) => arched.flatMap((moves) => [
    sum(moves.filter(({ from }) => from === place)), sum(moves.filter(({ to }) => to === place)),
  ]));
  return Math.min(tall / Math.max(1, ...totals), (step * FOOT_MOST) / Math.max(1, ...ends));
}

function widthOf(count: number, scale: number): number {
  return Math.max(1.5, count * scale);
}

interface Depths {
  depths: Map<Move, number>;
  reach: number;
}

/** How far from the bars each arc runs: beyond all arcs that it spans; nearer together where the room is short. */
function arcs(moves: readonly Move[], scale: number, room: number): Depths {
  const depths = new Map<Move, number>();
  const outer = (move: Move) => (depths.get(move) ?? 0) + widthOf(move.count, scale);
  for (const move of [...moves].sort((a, b) => spanOf(a) - spanOf(b) || b.count - a.count)) {
    const inner = [...depths.keys()].filter((other) => spanned(other, move));
    depths.set(move, Math.max(12 + 6 * spanOf(move), ...inner.map((other) => outer(other) + GAP)));
  }
  const reach = () => Math.max(0, ...[...depths.keys()].map(outer));
  const nearer = Math.min(1, Math.max(0.1, room / Math.max(1, reach())));
  for (const [move, depth] of depths) depths.set(move, depth * nearer);
  return { depths, reach: reach() };
}

function spanOf({ from, to }: Move): number {
  return Math.abs((from ?? to) - to);
}

function spanned(inner: Move, outer: Move): boolean {
  const [a, b] = endsOf(inner);
  const [c, d] = endsOf(outer);
  return c <= a && b <= d;
}

function endsOf({ from, to }: Move): [number, number] {
  return [Math.min(from ?? to, to), Math.max(from ?? to, to)];
}

/** Bars on the ground line, and what leads from one to another. From the ground up, a bar's left side takes what comes back, what comes from
 * the stage before, the new, those of before and what comes from far; its right side lets go what goes back, goes on, stays, and goes far. */
class Ground {
  constructor(
    private readonly stages: readonly StageFlow[],
    private readonly moves: readonly Move[],
    private readonly totals: readonly number[],
    private readonly step: number,
    private readonly scale: number,
  ) {}

  private at(place: number): number {
    return (place + 0.5) * this.step;
  }

  private height(count: number): number {
    return count * this.scale;
  }

  private top(place: number): number {
    return Math.max(2, this.height(this.totals[place] ?? 0));
  }

  private backInto(place: number): number {
    return sum(this.moves.filter((move) => isBack(move) && move.to === place));
  }

  private backOut(place: number): number {
    return sum(this.moves.filter((move) => isBack(move) && move.from === place));
  }

  private onFrom(place: number): number {
    return sum(this.moves.filter((move) => isOn(move) && move.from === place));
  }

  private newAt(place: number): number {
    return sum(this.moves.filter(({ from, to }) => from === null && to === place));
  }

  bar(place: number, { back, skip }: Drawn): Bar {
    const reach = (moves: readonly Move[], end: "from" | "to") => this.height(sum(moves.filter((move) => move[end] === place)));
    const u = this.at(place);
    const other = this.stages[place]?.other ?? null;
    const side = (left: number, right: number): Point => [u - Math.max(HALF_BAR, left), u + Math.max(HALF_BAR, right)];
    return {
      place, u, top: this.top(place), other: other === null ? null : this.height(other), count: inOf(this.stages, this.moves, place),
      head: side(reach(skip, "to"), reach(skip, "from")), foot: side(reach(back, "from"), reach(back, "to")),
    };
  }

  stubs(place: number): Ribbon[] {
    const stage = this.stages[place];
    const long = Math.min(STUB_MOST, this.step * STUB_PART);
    const [left, right] = [this.at(place) - HALF_BAR, this.at(place) + HALF_BAR];
    const fresh = this.height(this.backInto(place) + this.onFrom(place - 1));
    const stay = this.height(this.backOut(place) + this.onFrom(place));
    const known = this.newAt(place);
    return [
      this.block("new", null, place, known, [left - long, left], fresh),
      this.block("before", null, place, stage?.at_start ?? 0, [left - long, left], fresh + this.height(known)),
      this.block("stay", place, null, stage?.at_end ?? 0, [right, right + long], stay),
      this.block("away", place, null, awayFrom(this.stages, this.moves, place), [right, right + long], stay + this.height(stage?.at_end ?? 0)),
    ];
  }

  private block(kind: Kind, from: number | null, to: number | null, count: number, [a, b]: Point, low: number): Ribbon {
    const width = widthOf(count, this.scale);
    const outline: Stroke[] = [["M", [a, low]], ["L", [b, low]], ["L", [b, low + width]], ["L", [a, low + width]]];
    return { kind, from, to, count, width, outline, middle: [(a + b) / 2, low + width / 2] };
  }

  ribbon(move: Move): Ribbon {
    const from = move.from ?? move.to;
    const width = widthOf(move.count, this.scale);
    const [a, b] = [this.at(from) + HALF_BAR, this.at(move.to) - HALF_BAR];
    const [low, lands] = [this.height(this.backOut(from)), this.height(this.backInto(move.to))];
    const half = (a + b) / 2;
    const outline: Stroke[] = [
      ["M", [a, low]], ["C", [half, low], [half, lands], [b, lands]],
      ["L", [b, lands + width]], ["C", [half, lands + width], [half, low + width], [a, low + width]],
    ];
    return { kind: "on", ...move, width, outline, middle: [half, (low + lands + width) / 2] };
  }

  /** An arc above (side 1) or below (side -1). Its ends stand beside the middle of the bars: the farther it leads, the nearer. */
  arc(move: Move, all: readonly Move[], depths: Map<Move, number>, side: 1 | -1): Ribbon {
    const from = move.from ?? move.to;
    const width = widthOf(move.count, this.scale);
    const leaves = this.at(from) + side * this.beside(move, all, "from");
    const lands = this.at(move.to) - side * this.beside(move, all, "to");
    const [out, into] = [leaves + side * width, lands - side * width];
    const [start, end] = side > 0 ? [this.top(from), this.top(move.to)] : [0, 0];
    const near = side * ((side > 0 ? Math.max(...this.between(move)) : 0) + (depths.get(move) ?? 0));
    const far = near + side * width;
    const turn = side * Math.min(this.step * TURN_PART, TURN_MOST, Math.abs(into - out) / 2);
    const outline: Stroke[] = [
      ["M", [leaves, start]], ...corner([leaves, start], [leaves + turn, far], "rising"), ["L", [lands - turn, far]], ...corner([lands - turn, far], [lands, end], "level"),
      ["L", [into, end]], ...corner([into, end], [into - turn, near], "rising"), ["L", [out + turn, near]], ...corner([out + turn, near], [out, start], "level"),
    ];
    return { kind: side > 0 ? "skip" : "back", ...move, width, outline, middle: [(leaves + lands) / 2, (near + far) / 2] };
  }

  /** How far from the middle of its bar an arc's end begins. */
  private beside(move: Move, all: readonly Move[], end: "from" | "to"): number {
    const farther = all.filter((other) => other[end] === move[end] && spanOf(other) > spanOf(move));
    return this.height(sum(farther));
  }

  private between(move: Move): number[] {
    const [a, b] = endsOf(move);
    return Array.from({ length: b - a + 1 }, (_, at) => this.top(a + at));
  }
}
