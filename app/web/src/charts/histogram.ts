/** How long it took, as bars whose bounds double. */

import { duration, short, span } from "../words/format";
import { type Draw, tooltip } from "./chart";
import { ticksBetween } from "./spans";

/** One bar: from (null: the shortest of all) up to, but not including, to (null: without end), in seconds. */
export interface Bar {
  place: number;
  from: number | null;
  to: number | null;
  count: number;
}

export interface Mark {
  seconds: number | null;
  label: string;
}

const LEFT = 44;
const RIGHT = 18;

/** The bars between the first and the last that hold anything. `counts` has one number more than there are bounds. */
export function barsOf(counts: readonly number[], bounds: readonly number[]): Bar[] {
  const bars = counts.map((count, place) => ({ place, from: bounds[place - 1] ?? null, to: bounds[place] ?? null, count }));
  const first = bars.findIndex(({ count }) => count > 0);
  return first < 0 ? [] : bars.slice(first, bars.findLastIndex(({ count }) => count > 0) + 1);
}

/** Where a span lies on the axis: bar n covers n to n + 1. */
export function placeOf(seconds: number, bounds: readonly number[]): number {
  const [first = 1] = bounds;
  if (seconds < first) return seconds / first;
  const bar = bounds.findLastIndex((bound) => bound <= seconds);
  const from = bounds[bar] ?? first;
  const to = bounds[bar + 1] ?? 2 * from;
  return bar + 1 + Math.min(1, Math.log(seconds / from) / Math.log(to / from));
}

/** `words` is what a tooltip says of a bar. */
export function histogram(bars: readonly Bar[], bounds: readonly number[], marks: readonly Mark[], words: (bar: Bar) => string): Draw {
  return (colours, width) => {
    const first = bars[0]?.place ?? 0;
    const last = (bars.at(-1)?.place ?? 0) + 1;
    const ticks = ticksBetween(first, last, (seconds) => placeOf(seconds, bounds), width - LEFT - RIGHT);
    const places = ticks.map(({ place }) => place);
    const label = (place: number) => span(ticks.find((tick) => tick.place === place)?.seconds ?? 0);
    const told = marks.filter((mark): mark is { seconds: number; label: string } => mark.seconds !== null);
    return {
      grid: { left: LEFT, right: RIGHT, top: 40, bottom: 28 },
      tooltip: { ...tooltip(colours), formatter: (hit) => words(bars[(hit as { dataIndex: number }).dataIndex] ?? { place: 0, from: null, to: null, count: 0 }) },
      xAxis: {
        type: "value", min: first, max: last, containShape: false,
        axisLine: { lineStyle: { color: colours.line } },
        axisTick: { show: true, customValues: places, lineStyle: { color: colours.line } },
        axisLabel: { customValues: places, formatter: label, color: colours.muted, fontSize: 11 },
        splitLine: { show: false },
      },
      yAxis: { type: "value", minInterval: 1, axisLine: { show: false }, axisTick: { show: false }, splitNumber: 3, axisLabel: { color: colours.muted, fontSize: 11, formatter: short }, splitLine: { lineStyle: { color: colours.line } } },
      series: {
        type: "bar",
        barWidth: Math.max(2, (width - LEFT - RIGHT) / (last - first) - 2),
        data: bars.map(({ place, count }) => [place + 0.5, count]),
        itemStyle: { color: colours.accent, opacity: 0.75, borderRadius: [3, 3, 0, 0] },
        emphasis: { itemStyle: { opacity: 1 } },
        markLine: {
          symbol: "none", silent: true, precision: 6,
          lineStyle: { color: colours.ink, type: "dashed", width: 1 },
          data: told.map((mark, row) => {
            const place = placeOf(mark.seconds, bounds);
            const right = place > first + 0.7 * (last - first);
            return {
              xAxis: place,
              label: { formatter: `${mark.label} ${duration(mark.seconds)}`, color: colours.ink, fontSize: 11, align: right ? "right" as const : "left" as const, padding: [0, 0, row ? 0 : 14, 0] },
            };
          }),
        },
      },
    };
  };
}
