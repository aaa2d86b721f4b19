/** The bars of a funnel on a canvas, for a PNG; what still can go on is hatched there too. */

import { type Draw, plain } from "../../charts/chart";
import { faded } from "../../charts/colours";
import { count, duration, share } from "../../words/format";
import { said } from "../../words/language";
import { OUTCOMES } from "./answer";
import type { Row } from "./result";
import { WORDS } from "./words";

const HATCH = { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: -Math.PI / 4 };

export function barsPicture(rows: readonly Row[]): Draw {
  const words = said(WORDS);
  return (colours) => {
    const looks = {
      converted: { color: colours.accent },
      still_in_window: { color: faded(colours.accent, 0.2), decal: { ...HATCH, color: colours.accent } },
      dropped: { color: colours.line },
    };
    const names = rows.map((row) => plain(`${row.step}. ${row.label}\n${numbersOf(row)}`));
    const kinds = OUTCOMES.filter((outcome) => outcome !== "reached");
    return {
      grid: { left: 300, right: 120, top: 30, bottom: 10 },
      xAxis: { type: "value", min: 0, max: Math.max(1, rows[0]?.reached ?? 1), show: false },
      yAxis: { type: "category", inverse: true, data: names, axisLine: { show: false }, axisTick: { show: false }, axisLabel: { color: colours.ink, fontSize: 13, lineHeight: 19, width: 280, overflow: "truncate", interval: 0 } },
      legend: { show: true, top: 0, right: 0, textStyle: { color: colours.ink }, data: kinds.map((kind) => words[kind]) },
      series: kinds.map((kind) => ({
        type: "bar" as const, stack: "reached", barWidth: 26, name: words[kind], data: rows.map((row) => row[kind]), itemStyle: looks[kind],
        ...(kind === "dropped" && { label: { show: true, position: "right" as const, formatter: ({ dataIndex }: { dataIndex: number }) => reachedOf(rows[dataIndex]), color: colours.ink, fontSize: 13 } }),
      })),
    };
  };
}

function reachedOf(row: Row | undefined): string {
  return row ? `${count(row.reached)}  ${share(row.began ? row.reached / row.began : null)}` : "";
}

function numbersOf({ before, time_to_convert: { median } }: Row): string {
  if (!before) return "";
  return [said(WORDS).goOn(share(before.conversion)), ...(median === null ? [] : [`${said(WORDS).median}: ${duration(median)}`])].join(", ");
}
