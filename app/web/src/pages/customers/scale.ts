/** Where instants stand on a line: as time passes, or with long silences drawn together. */

export const SCALES = ["time", "even"] as const;
export type Scale = (typeof SCALES)[number];

const MINUTE = 60_000;
const DAY = 86_400_000;
const STEPS = [1, 5, 15, 30, 60, 180, 360, 720].map((minutes) => minutes * MINUTE).concat([1, 2, 7, 14, 30, 61, 91, 182, 365, 730, 1_826].map((days) => days * DAY));

/** An instant (milliseconds) to its place, 0 to 1; what lies outside of the window stands at its edge. */
export type Placed = (at: number) => number;

/** `known` are the instants at which anything happened: between two of them a silence counts by its logarithm where silences are drawn
 * together. */
export function placing(known: readonly number[], from: number, to: number, scale: Scale): Placed {
  if (scale === "time") return (at) => Math.min(1, Math.max(0, (at - from) / Math.max(1, to - from)));
  const knots = [...new Set([from, ...known.filter((at) => at > from && at < to), to])].sort((a, b) => a - b);
  const sums = [0];
  for (let at = 1; at < knots.length; at += 1) sums.push((sums[at - 1] ?? 0) + Math.log1p(((knots[at] ?? 0) - (knots[at - 1] ?? 0)) / MINUTE));
  const whole = sums.at(-1) || 1;
  return (at) => {
    const after = firstAfter(knots, at);
    if (after <= 0) return 0;
    if (after >= knots.length) return 1;
    const [left = 0, right = 0, low = 0, high = 0] = [knots[after - 1], knots[after], sums[after - 1], sums[after]];
    return (low + ((high - low) * (at - left)) / (right - left || 1)) / whole;
  };
}

/** The number of the first of the sorted values that is greater. */
function firstAfter(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Instants for an axis: about so many, on whole minutes, hours or days, or at even distances where silences are drawn together. */
export function ticks(from: number, to: number, most: number, placed: Placed, scale: Scale): number[] {
  if (scale === "even") return Array.from({ length: most }, (_, tick) => instantAt((tick + 0.5) / most, from, to, placed));
  const step = STEPS.find((each) => (to - from) / each <= most) ?? 3_650 * DAY;
  const first = Math.ceil(from / step) * step;
  if (first > to) return [from];
  return Array.from({ length: Math.floor((to - first) / step) + 1 }, (_, tick) => first + tick * step);
}

/** The instant at a place: the other way round, by halving. */
function instantAt(place: number, from: number, to: number, placed: Placed): number {
  let [low, high] = [from, to];
  for (let turn = 0; turn < 50 && high - low > 500; turn += 1) {
    const middle = (low + high) / 2;
    if (placed(middle) < place) low = middle;
    else high = middle;
  }
  return high;
}
