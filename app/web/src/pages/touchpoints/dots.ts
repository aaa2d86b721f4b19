/** What each name is credited with under every model: a row of lanes, a dot in each, and the range that they span. */

import type { ECElementEvent } from "echarts";
import { type Draw, plain, tooltip } from "../../charts/chart";
import { faded } from "../../charts/colours";
import { familyOf, type Model, MODELS } from "./models";
import type { Range } from "./range";

const LANE = 6;
const PADDING = 10;
const ROW = MODELS.length * LANE + PADDING;
const AXIS = 34;
const NARROW = 620;
const DIMMED = 0.16;

interface Dot {
  value: [x: number, y: number];
  words: string;
  row: number;
  model: Model;
}

interface Dotted {
  ranges: readonly Range[];
  /** The words for a name, for a value, and for a value on the axis. */
  name: (name: string | null) => string;
  written: (value: number) => string;
  axis: (value: number) => string;
  model: (model: Model) => string;
  /** The only model that is shown clearly. */
  lit: Model | null;
}

export function dotsHeight(rows: number): number {
  return rows * ROW + AXIS;
}

/** The dot that was picked. */
export function dotOf(hit: ECElementEvent | null): { row: number; model: Model } | null {
  const data = hit?.data as Partial<Dot> | undefined;
  return data?.model && data.row !== undefined ? { row: data.row, model: data.model } : null;
}

/** Where a model's lane lies in a row, from 0 at its top to 1. */
function lane(model: Model): number {
  return (PADDING / 2 + LANE * (MODELS.indexOf(model) + 0.5)) / ROW;
}

export function dots({ ranges, name, written, axis, model, lit }: Dotted): Draw {
  return (colours, width) => {
    const left = width < NARROW ? 96 : 190;
    const least = Math.min(0, ...ranges.map((range) => range.values[range.least]));
    return {
      grid: { left, right: 28, top: 4, bottom: AXIS - 4 },
      tooltip: { ...tooltip(colours), formatter: (hit) => plain((hit as { data?: Partial<Dot> }).data?.words ?? "") },
      xAxis: { type: "value", ...(least >= 0 && { min: 0 }), axisLine: { show: false }, axisTick: { show: false }, axisLabel: { color: colours.muted, fontSize: 11, formatter: axis }, splitLine: { lineStyle: { color: colours.line } } },
      yAxis: {
        type: "value", min: 0, max: ranges.length, inverse: true, interval: 1,
        axisLine: { show: false }, axisTick: { show: false },
        axisLabel: {
          customValues: ranges.map((_, row) => row + 0.5), color: colours.ink, fontSize: 12, width: left - 16, overflow: "truncate",
          formatter: (value: number) => plain(name(ranges[Math.floor(value)]?.name ?? null)),
        },
        splitLine: { lineStyle: { color: colours.line } },
      },
      series: [
        ...ranges.map((range, row) => ({
          type: "line" as const, silent: true, symbol: "none", z: 1, clip: false, lineStyle: { color: faded(colours.muted, 0.1), width: ROW - PADDING, cap: "butt" as const },
          data: [[range.values[range.least], row + 0.5], [range.values[range.most], row + 0.5]],
        })),
        ...MODELS.map((each) => {
          const { symbol, tone } = familyOf(each);
          return {
            type: "scatter" as const, symbol, symbolSize: 8, z: 3, clip: false,
            itemStyle: { color: colours.tones[tone] ?? colours.accent, opacity: lit && lit !== each ? DIMMED : 1, borderColor: colours.paper, borderWidth: 1 },
            data: ranges.map((range, row): Dot => ({ value: [range.values[each], row + lane(each)], words: `${name(range.name)}\n${model(each)}: ${written(range.values[each])}`, row, model: each })),
          };
        }),
      ],
    };
  };
}
