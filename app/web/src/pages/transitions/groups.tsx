/** Transitions of groups side by side: the chosen one as bars, all of them as a table. */

import type { Query } from "../../asking/ask";
import type { Transition } from "../../asking/wire";
import { type Draw, plain, tooltip } from "../../charts/chart";
import { Figure } from "../../charts/figure";
import { type View, useView } from "../../frame/view";
import { Behind } from "../../parts/behind";
import { breakdownWords, groupWords } from "../../parts/breakdown";
import { Choice } from "../../parts/fields";
import { StageName } from "../../parts/marks";
import type { Column } from "../../parts/sorting";
import type { Stages } from "../../stages";
import { count, duration, share } from "../../words/format";
import { said } from "../../words/language";
import { type BrokenDown, choosing, type Group, type Pair, pairKey, peopleOf } from "./answer";
import { pairLabel } from "./flow";
import { WORDS } from "./words";

const MEASURES = ["count", "share", "median"] as const;
type Measure = (typeof MEASURES)[number];

const BAR = 30;
const LABELS = 150;

/** A transition in all groups: what the groups say of it by their place, null where it does not occur. */
interface Row {
  whole: Transition;
  parts: (Transition | null)[];
}

interface GroupsProps {
  answer: BrokenDown;
  pair: Transition;
  stages: Stages;
  query: Query;
  caption: string;
}

export function Groups({ answer, pair, stages, query, caption }: GroupsProps) {
  const view = useView();
  const words = said(WORDS);
  const measure = MEASURES.find((each) => each === view.params["measure"]) ?? "count";
  const rows = rowsOf(answer);
  const chosen = rows.find(({ whole }) => pairKey(whole) === pairKey(pair));
  const title = words.groups(breakdownWords(answer.breakdown));
  const chart = chosen && { draw: bars(chosen, answer, view), height: () => 34 + BAR * answer.groups.length, label: chartTitle(pair, stages) };
  return (
    <Figure<Row>
      name="groups" title={title} note={words.groupsNote} both rows={rows} keyOf={({ whole }) => pairKey(whole)} order={{ column: "all", descending: true }} marked={pairKey(pair)}
      columns={columnsOf(answer, measure, stages, query, view)} caption={`${chartTitle(pair, stages)} · ${caption}`} {...(chart && { chart })}
      tools={<Choice label={words.measure} name="measure" value={measure} options={MEASURES.map((each) => [each, words.measures[each]])} onChange={(next) => view.set({ measure: next === "count" ? "" : next })} />}
      above={<h3>{chartTitle(pair, stages)}</h3>}
    />
  );
}

function chartTitle(pair: Pair, stages: Stages): string {
  const label = pairLabel(pair, stages);
  return pair.from === null ? said(WORDS).chartOfStart(label) : said(WORDS).chartOf(label);
}

function rowsOf({ transitions, groups }: BrokenDown): Row[] {
  const byGroup = groups.map((group) => new Map(group.transitions.map((move) => [pairKey(move), move])));
  return transitions.map((whole) => ({ whole, parts: byGroup.map((moves) => moves.get(pairKey(whole)) ?? null) }));
}

function valueOf(move: Transition | null, measure: Measure): number | null {
  if (!move) return measure === "median" ? null : 0;
  return measure === "median" ? move.dwell.median : move[measure];
}

function inWords(value: number | null, measure: Measure): string {
  return measure === "count" ? count(value) : measure === "share" ? share(value) : duration(value);
}

function columnsOf(answer: BrokenDown, measure: Measure, stages: Stages, query: Query, view: View): Column<Row>[] {
  const words = said(WORDS);
  const number = (name: string, title: string, of: (row: Row) => Transition | null, group?: Group): Column<Row> => ({
    name,
    title,
    numeric: true,
    value: (row) => valueOf(of(row), measure),
    show: (row) => <Number of={of(row)} measure={measure} query={query} stages={stages} title={title} {...(group && { group })} />,
  });
  const move: Column<Row> = {
    name: "move",
    title: words.move,
    value: ({ whole }) => stages.place(whole.from) * 10_000 + stages.place(whole.to),
    csv: ({ whole }) => pairLabel(whole, stages),
    show: ({ whole }) => <a class="tr-pair" href={view.with(choosing(whole))}><StageName stage={whole.from} stages={stages} /> → <StageName stage={whole.to} stages={stages} /></a>,
  };
  const groups = answer.groups.map((group, at) => number(`group${at}`, groupWords(group.group, answer.breakdown, (name) => view.channel(name)), ({ parts }) => parts[at] ?? null, group));
  return [move, number("all", words.all, ({ whole }) => whole), ...groups];
}

interface NumberProps {
  of: Transition | null;
  measure: Measure;
  query: Query;
  stages: Stages;
  title: string;
  group?: Group;
}

function Number({ of, measure, query, stages, title, group }: NumberProps) {
  const words = inWords(valueOf(of, measure), measure);
  if (!of) return <span>{words}</span>;
  const people = group ? peopleOf(query, of, group.group) : { ...peopleOf(query, of), breakdown: undefined };
  return <Behind value={of.count} words={words} path="/v1/transitions/customers" query={people} title={`${pairLabel(of, stages)}: ${title}`} />;
}

/** A bar for each group; a line where the whole stands. Of beginnings of journeys counts, else shares. */
function bars({ whole, parts }: Row, { groups, breakdown }: BrokenDown, view: View): Draw {
  const measure: Measure = whole.from === null ? "count" : "share";
  const names = groups.map(({ group }) => plain(groupWords(group, breakdown, (name) => view.channel(name))));
  return (colours, width) => {
    const labels = Math.min(LABELS, width / 3);
    const said_ = (at: number) => `${inWords(valueOf(parts[at] ?? null, measure), measure)}${measure === "share" ? `  ·  ${count(parts[at]?.count ?? 0)}` : ""}`;
    return {
      grid: { left: labels + 10, right: 110, top: 22, bottom: 6 },
      tooltip: { ...tooltip(colours), formatter: (hit) => tip(names, parts, (hit as { dataIndex: number }).dataIndex) },
      xAxis: { type: "value", min: 0, axisLabel: { show: false }, splitLine: { show: false } },
      yAxis: {
        type: "category", inverse: true, data: names, axisLine: { show: false }, axisTick: { show: false },
        axisLabel: { color: colours.ink, fontSize: 12, width: labels, overflow: "truncate", interval: 0 },
      },
      series: {
        type: "bar", barWidth: 14,
        data: parts.map((move, at) => ({ value: valueOf(move, measure) ?? 0, label: { show: true, position: "right" as const, formatter: said_(at), color: colours.muted, fontSize: 12 } })),
        itemStyle: { color: colours.accent, opacity: 0.75, borderRadius: 3 },
        ...(measure === "share" && {
          markLine: {
            symbol: "none", silent: true, precision: 6, z: 1, lineStyle: { color: colours.ink, type: "dashed", width: 1 },
            data: [{ xAxis: whole.share, label: { formatter: said(WORDS).whole(share(whole.share)), position: "start" as const, color: colours.ink, fontSize: 11 } }],
          },
        }),
      },
    };
  };
}

function tip(names: readonly string[], parts: readonly (Transition | null)[], at: number): string {
  const words = said(WORDS);
  const move = parts[at];
  if (!move) return `${names[at] ?? ""}\n${words.count}: 0`;
  const time = move.dwell.median === null ? [] : [`${words.median}: ${duration(move.dwell.median)}`];
  return [names[at] ?? "", `${words.count}: ${count(move.count)}`, `${words.share}: ${share(move.share)}`, ...time].join("\n");
}
