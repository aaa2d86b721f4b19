/** Round spans of time for an axis on which each second counts less than the one before. */

const DAY = 86_400;
export const ROUND = [1, 5, 15, 60, 300, 900, 3_600, 14_400, 43_200, DAY, 3 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 90 * DAY, 180 * DAY, 365 * DAY];
const LABEL_WIDTH = 62;

export interface Tick {
  place: number;
  seconds: number;
}

/** The round spans between two places of an axis so many pixels wide, as far apart as their labels need. */
export function ticksBetween(first: number, last: number, placeOf: (seconds: number) => number, width: number): Tick[] {
  const least = (LABEL_WIDTH * (last - first)) / Math.max(1, width);
  const ticks: Tick[] = [];
  for (const seconds of ROUND) {
    const place = placeOf(seconds);
    const before = ticks.at(-1)?.place ?? -Infinity;
    if (place >= first && place <= last && place - before >= least) ticks.push({ place, seconds });
  }
  return ticks;
}
