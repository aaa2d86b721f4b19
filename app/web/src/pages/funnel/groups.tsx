/** The funnel of each group: a line along the steps, and all of its numbers. */

import type { Query } from "../../asking/ask";
import { type Draw, plain, tooltip } from "../../charts/chart";
import { Figure } from "../../charts/figure";
import { useView } from "../../frame/view";
import { Behind } from "../../parts/behind";
import { breakdownWords, groupWords } from "../../parts/breakdown";
import { Select } from "../../parts/fields";
import { Part } from "../../parts/marks";
import type { Column } from "../../parts/sorting";
import { count, percent, share } from "../../words/format";
import { said } from "../../words/language";
import { type Asking, CREDITS, type Funnel, type FunnelGroup, PATH } from "./answer";
import { Legend } from "./legend";
import { labelsOf } from "./story";
import { WORDS } from "./words";

const HEIGHT = 260;
const LINES = 8;
const LEFT = 46;
const RIGHT = 34;

interface Line {
  label: string;
  group: string | null;
  steps: FunnelGroup["steps"];
}

interface GroupsProps {
  asking: Asking;
  answer: Funnel;
  query: Query;
  caption: string;
}

export function Groups({ asking, answer, query, caption }: GroupsProps) {
  const view = useView();
  const words = said(WORDS);
  const by = answer.breakdown ?? "";
  const labels = labelsOf(asking, view.stages);
  const lines = (answer.groups ?? []).map(({ group, steps }): Line => ({ label: groupWords(group, by, (name) => view.channel(name)), group, steps }));
  return (
    <Figure<Line>
      name="groups" title={words.groups(breakdownWords(by))} both rows={lines} columns={columnsOf(labels, query)} keyOf={({ group }) => JSON.stringify(group)} order={{ column: "step1", descending: true }}
      tools={<Select label={words.credit} name="credit" value={asking.credit} options={CREDITS.map((credit) => [credit, words.credits[credit]])} onChange={(credit) => view.set({ credit: credit === "first" ? "" : credit })} />}
      chart={{ draw: linesDrawing(lines.slice(0, LINES), labels), height: () => HEIGHT, label: words.groupsNote }} caption={caption}
      above={<p class="note fn-why">{words.groupsNote}</p>}
    >
      <Legend names={lines.slice(0, LINES).map(({ label }) => label)} />
    </Figure>
  );
}

function ofFirst({ steps }: Line, at: number): number | null {
  const [first] = steps;
  return first?.reached ? (steps[at]?.reached ?? 0) / first.reached : null;
}

function columnsOf(labels: readonly string[], query: Query): Column<Line>[] {
  const words = said(WORDS);
  const last = labels.length - 1;
  return [
    { name: "group", title: words.group, value: ({ label }) => label },
    { name: "conversion", title: words.conversion, numeric: true, value: (line) => ofFirst(line, last), show: (line) => <Part of={ofFirst(line, last)} /> },
    ...labels.map((label, at): Column<Line> => ({
      name: `step${at + 1}`,
      title: `${at + 1}. ${label}`,
      numeric: true,
      value: ({ steps }) => steps[at]?.reached ?? null,
      show: (line) => <Behind value={line.steps[at]?.reached ?? null} path={`${PATH}/customers`} query={{ ...query, step: at + 1, group: [line.group ?? ""] }} title={`${line.label}: ${label}`} />,
    })),
  ];
}

function linesDrawing(lines: readonly Line[], labels: readonly string[]): Draw {
  return (colours, width) => ({
    grid: { left: LEFT, right: RIGHT, top: 14, bottom: 28 },
    tooltip: { ...tooltip(colours), trigger: "axis" as const, formatter: (hits) => tip(lines, labels, (hits as { dataIndex: number }[])[0]?.dataIndex ?? 0) },
    xAxis: { type: "category", boundaryGap: false, data: labels.map(plain), axisLine: { lineStyle: { color: colours.line } }, axisTick: { show: false }, axisLabel: { color: colours.ink, fontSize: 12, width: (0.92 * (width - LEFT - RIGHT)) / Math.max(1, labels.length - 1), overflow: "truncate", interval: 0 } },
    yAxis: { type: "value", min: 0, max: highest(lines), interval: highest(lines) / 4, axisLine: { show: false }, axisTick: { show: false }, axisLabel: { formatter: percent, color: colours.muted, fontSize: 11 }, splitLine: { lineStyle: { color: colours.line } } },
    series: lines.map((line, at) => ({
      type: "line" as const, name: line.label, symbol: SYMBOLS[at % SYMBOLS.length] ?? "circle", symbolSize: 7, color: colours.tones[at % colours.tones.length] ?? colours.ink, lineStyle: { width: 2 },
      data: labels.map((_, step) => ofFirst(line, step)),
    })),
  });
}

/** A group told by each step's touch may be larger at a later step. */
function highest(lines: readonly Line[]): number {
  return Math.max(1, ...lines.flatMap((line) => line.steps.map((_, at) => ofFirst(line, at) ?? 0)));
}

const SYMBOLS = ["circle", "rect", "triangle", "diamond", "emptyCircle", "emptyRect", "emptyTriangle", "emptyDiamond"];

function tip(lines: readonly Line[], labels: readonly string[], step: number): string {
  const rows = lines.map((line) => `${share(ofFirst(line, step))}  ${count(line.steps[step]?.reached ?? 0)}  ${line.label}`);
  return plain([labels[step] ?? "", ...rows].join("\n"));
}
