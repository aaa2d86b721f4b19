/** The columns of the tables of transitions and of stages. */

import type { Query } from "../../asking/ask";
import type { Dwell, StageRow, Transition } from "../../asking/wire";
import { useView } from "../../frame/view";
import { Behind } from "../../parts/behind";
import { Part, StageName } from "../../parts/marks";
import type { Column } from "../../parts/sorting";
import type { Stages } from "../../stages";
import { count, duration } from "../../words/format";
import { said } from "../../words/language";
import { choosing, peopleOf } from "./answer";
import { pairLabel } from "./flow";
import { WORDS } from "./words";

const PEOPLE = "/v1/transitions/customers";

export function moveColumns(stages: Stages, query: Query): Column<Transition>[] {
  const words = said(WORDS);
  const people = (move: Transition, value: number) => <Behind value={value} path={PEOPLE} query={peopleOf(query, move)} title={pairLabel(move, stages)} />;
  return [
    { name: "from", title: words.from, value: ({ from }) => stages.place(from), csv: ({ from }) => stages.label(from), show: (move) => <StageName stage={move.from} stages={stages} /> },
    { name: "to", title: words.to, value: ({ to }) => stages.place(to), csv: ({ to }) => stages.label(to), show: (move) => <To move={move} stages={stages} /> },
    { name: "count", title: words.count, numeric: true, value: (move) => move.count, show: (move) => people(move, move.count) },
    { name: "customers", title: words.customers, numeric: true, value: (move) => move.customers, show: (move) => people(move, move.customers) },
    { name: "share", title: words.share, numeric: true, value: ({ share }) => share, show: ({ share }) => <Part of={share} /> },
    ...dwellColumns<Transition>(words.median, words.p90),
  ];
}

/** The stage after, which leads to the transition as the chosen one. */
function To({ move, stages }: { move: Transition; stages: Stages }) {
  const view = useView();
  return (
    <>
      <a class="tr-to" href={view.with(choosing(move))}><StageName stage={move.to} stages={stages} /></a>
      {stages.back(move.from, move.to) && <span class="tr-back" role="img" aria-label={said(WORDS).backSign} title={said(WORDS).backSign}> ↩</span>}
    </>
  );
}

type Numbered = "at_start" | "entries" | "exits" | "at_end";

export function stageColumns(stages: Stages, query: Query): Column<StageRow>[] {
  const words = said(WORDS);
  const number = (name: Numbered, title: string): Column<StageRow> => ({
    name,
    title,
    numeric: true,
    value: (row) => row[name],
    show: (row) => <Behind value={row[name]} path={PEOPLE} query={{ ...query, stage: row.stage, what: name }} title={`${stages.label(row.stage)}: ${words.numberOf[name]}`} />,
  });
  return [
    { name: "stage", title: words.stage, value: ({ stage }) => stages.place(stage), csv: ({ stage }) => stages.label(stage), show: ({ stage }) => <StageName stage={stage} stages={stages} /> },
    number("at_start", words.atStart),
    number("entries", words.entries),
    number("exits", words.exits),
    number("at_end", words.atEnd),
    { name: "customers", title: words.customers, numeric: true, value: ({ customers }) => customers, show: ({ customers }) => count(customers) },
    ...dwellColumns<StageRow>(words.dwell, words.stageP90),
  ];
}

export function dwellColumns<Row extends { dwell: Dwell }>(median: string, p90: string): Column<Row>[] {
  return (["median", "p90"] as const).map((name) => ({
    name,
    title: name === "median" ? median : p90,
    numeric: true,
    value: ({ dwell }) => dwell[name],
    show: ({ dwell }) => duration(dwell[name]),
  }));
}
