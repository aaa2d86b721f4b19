/** What share has gone on after so long, for each step: the rest of a survival curve, on an axis of time whose seconds grow. */

import { type Draw, plain, tooltip } from "../../charts/chart";
import type { Colours } from "../../charts/colours";
import { ROUND, ticksBetween } from "../../charts/spans";
import { duration, percent, share, span } from "../../words/format";
import type { SurvivalPoint } from "./answer";

const POINTS = 160;
const LEFT = 46;
const RIGHT = 20;
const NAMED = 24;

export interface Curve {
  label: string;
  tone: number | null;
  points: readonly SurvivalPoint[];
}

/** The share that has gone on after so many seconds; null where nobody was there to be seen. */
export function goneOn({ points }: Pick<Curve, "points">, seconds: number): number | null {
  const point = points.findLast((each) => each.seconds <= seconds);
  return point ? 1 - point.share : null;
}

function placeOf(seconds: number): number {
  return Math.log2(1 + seconds);
}

function secondsAt(place: number): number {
  return 2 ** place - 1;
}

/** The spans that a table of the curves tells: round ones from the first at which anybody has gone on, and the last. */
export function told(curves: readonly Curve[], within: number): number[] {
  const began = ROUND.filter((seconds) => seconds < within && curves.some((curve) => (goneOn(curve, seconds) ?? 0) > 0));
  return [...began, within];
}

export function curvesDrawing(curves: readonly Curve[], within: number): Draw {
  return (colours, width) => {
    const earliest = Math.min(within, ...curves.flatMap(({ points }) => points.slice(1, 2).map(({ seconds }) => seconds)));
    const [first, last] = [Math.floor(placeOf(earliest / 2)), placeOf(within)];
    const ticks = ticksBetween(first, last, placeOf, width - LEFT - RIGHT);
    const places = ticks.map(({ place }) => place);
    const grid = Array.from({ length: POINTS + 1 }, (_, at) => first + ((last - first) * at) / POINTS);
    return {
      grid: { left: LEFT, right: RIGHT, top: 14, bottom: 28 },
      tooltip: { ...tooltip(colours), trigger: "axis" as const, formatter: (hits) => tip(curves, hits) },
      xAxis: {
        type: "value", min: first, max: last, axisLine: { lineStyle: { color: colours.line } }, splitLine: { show: false },
        axisTick: { show: true, customValues: places, lineStyle: { color: colours.line } },
        axisLabel: { customValues: places, formatter: (place: number) => span(Math.round(secondsAt(place))), color: colours.muted, fontSize: 11 },
      },
      yAxis: { type: "value", min: 0, max: highest(curves, within), interval: highest(curves, within) / 5, axisLine: { show: false }, axisTick: { show: false }, axisLabel: { formatter: percent, color: colours.muted, fontSize: 11 }, splitLine: { lineStyle: { color: colours.line } } },
      series: curves.map((curve, at) => ({
        type: "line" as const, name: curve.label, step: "end" as const, showSymbol: false, symbol: "circle",
        lineStyle: { width: 2, type: DASHES[Math.floor(at / 4) % DASHES.length] ?? "solid" }, color: colourOf(curve, at, colours),
        data: grid.map((place) => [place, goneOn(curve, secondsAt(place))]),
      })),
    };
  };
}

const DASHES = ["solid", "dashed", "dotted"] as const;

function colourOf({ tone }: Curve, at: number, { tones, ink }: Colours): string {
  return tones[tone ?? at % tones.length] ?? ink;
}

/** A round share above all the curves. */
function highest(curves: readonly Curve[], within: number): number {
  const most = Math.max(0, ...curves.map((curve) => goneOn(curve, within) ?? 0));
  return [0.01, 0.05, 0.1, 0.25, 0.5, 0.75].find((share) => most <= share) ?? 1;
}

function tip(curves: readonly Curve[], hits: unknown): string {
  const [hit] = hits as { value: [number, number | null] }[];
  const seconds = secondsAt(hit?.value[0] ?? 0);
  const lines = curves.slice(0, NAMED).map((curve) => `${share(goneOn(curve, seconds))}  ${curve.label}`);
  return plain([duration(seconds), ...lines].join("\n"));
}
