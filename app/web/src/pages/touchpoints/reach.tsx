/** Every value of the touch with whom it reached, what it brought about by stage, and how often journeys end there. */

import type { Query } from "../../asking/ask";
import { Figure } from "../../charts/figure";
import { type View, useView } from "../../frame/view";
import { Behind } from "../../parts/behind";
import { Part } from "../../parts/marks";
import type { Column } from "../../parts/sorting";
import { Stages } from "../../stages";
import { ABSENT, count, decimal, percent } from "../../words/format";
import { said } from "../../words/language";
import { type By, exactly, filterOf, valueWords } from "./asked";
import type { LastTouches, StageEntries, Tally, Touchpoints } from "./wire";
import { WORDS } from "./words";

const PEOPLE = "/v1/touchpoints/customers";
const ENDED = "/v1/last-touches/customers";
const STAGES_SHOWN = 8;
const DEEPEST = 42;

/** A value, the rest of them together, or all of them; `value` is undefined where the row is of several. */
interface Row extends Tally {
  key: string;
  words: string;
  value: string | null | undefined;
  ends: number | null;
  lift: number | null;
}

interface ReachProps {
  answer: Touchpoints;
  ended: LastTouches | null;
  by: By;
  query: Query;
}

export function Reach({ answer, ended, by, query }: ReachProps) {
  const view = useView();
  const words = said(WORDS);
  const { total } = answer;
  const stages = new Stages(view.model, answer.stages);
  const shown = stagesShown(answer);
  const endsOf = (value: string | null) => {
    const { ends = 0, lift = null } = ended?.listed.find(({ touch }) => touch === value) ?? {};
    return { ends, lift };
  };
  const rows = answer.listed.map((one): Row => ({ ...one, key: `=${one.value ?? ""}`, words: valueWords(view, by, one.value), ...endsOf(one.value) }));
  const note = `${words.reachNote(total.touches, total.customers, total.machines)} ${words.stagesNote} ${shown.length < answer.total.stages.length ? words.someStages(shown.length) : ""}`;
  return (
    <Figure<Row>
      name="reach" title={words.reach} note={note} rows={rows} keyOf={({ key }) => key} order={{ column: "customers", descending: true }} foot={feet(answer, ended?.ends ?? null)}
      columns={[...reachColumns(answer, by, query, view), ...shown.map((stage) => stageColumn(stage, stages, answer, query)), ...(ended ? endColumns(query) : [])]}
    />
  );
}

/** The rest of the values, where there are any, and all of them. */
function feet({ other, total }: Touchpoints, ends: number | null): Row[] {
  const words = said(WORDS);
  const all: Row = { ...total, key: "all", words: words.all, value: undefined, ends, lift: null };
  return other.values ? [{ ...other, key: "other", words: words.otherValues(other.values), value: undefined, ends: null, lift: null }, all] : [all];
}

/** The stages that have entries, in the model's order; of very many those with most. */
function stagesShown({ total }: Touchpoints): string[] {
  const most = [...total.stages].sort((a, b) => b.entries - a.entries).slice(0, STAGES_SHOWN);
  return total.stages.filter((stage) => most.includes(stage)).map(({ stage }) => stage);
}

function reachColumns(answer: Touchpoints, by: By, query: Query, view: View): Column<Row>[] {
  const words = said(WORDS);
  const most = Math.max(1, ...answer.listed.map(({ customers }) => customers));
  const number = (name: "touches" | "machines" | "first", title: string): Column<Row> => ({
    name, title, numeric: true, value: (row) => row[name], show: (row) => <People row={row} value={row[name]} query={{ ...query, what: name }} title={title} />,
  });
  return [
    { name: "value", title: words.bys[by], value: (row) => row.words, show: (row) => <Value row={row} by={by} view={view} /> },
    {
      name: "customers", title: words.customers, numeric: true, value: ({ customers }) => customers,
      show: (row) => {
        const people = <People row={row} value={row.customers} query={query} title={words.customers} />;
        return row.value === undefined ? people : <Part of={row.customers / most} words={people} />;
      },
    },
    number("touches", words.touches),
    number("machines", words.machines),
    number("first", words.first),
  ];
}

/** The words for a value, which lead to it alone where it can be a filter. */
function Value({ row, by, view }: { row: Row; by: By; view: View }) {
  const filter = filterOf(by);
  if (!filter || !row.value || view.params[filter] === row.value) return <span class="tp-value">{row.words}</span>;
  return <a class="tp-value" href={view.with({ [filter]: row.value })} title={said(WORDS).only(row.words)}>{row.words}</a>;
}

/** A number with its people; those of the rest together cannot be asked for. */
function People({ row, value, query, title }: { row: Row; value: number; query: Query; title: string }) {
  if (row.key === "other") return <span>{count(value)}</span>;
  const own = row.value === undefined ? {} : exactly("value", row.value);
  return <Behind value={value} path={PEOPLE} query={{ ...query, ...own }} title={`${row.words}: ${title}`} />;
}

function stageColumn(stage: string, stages: Stages, { listed, total }: Touchpoints, query: Query): Column<Row> {
  const words = said(WORDS);
  const label = stages.label(stage);
  const of = (row: Tally): StageEntries | undefined => row.stages.find((each) => each.stage === stage);
  const all = of(total)?.entries ?? 0;
  const most = Math.max(1, ...listed.map((row) => of(row)?.entries ?? 0));
  return {
    name: `stage ${stage}`,
    title: label,
    numeric: true,
    value: (row) => of(row)?.entries ?? 0,
    show: (row) => {
      const entries = of(row)?.entries ?? 0;
      const people = <People row={row} value={entries} query={{ ...query, what: "entries", stage }} title={words.entriesOf(label)} />;
      if (row.value === undefined) return people;
      return <span class="tp-cell" style={{ "--depth": `${(DEEPEST * entries) / most}%` }} title={words.ofStage(percent(entries / Math.max(1, all)), label)}>{people}</span>;
    },
  };
}

function endColumns(query: Query): Column<Row>[] {
  const words = said(WORDS);
  return [
    {
      name: "ends", title: words.ends, numeric: true, value: ({ ends }) => ends,
      show: ({ ends, value, words: name }) => <Behind value={ends} path={ENDED} query={{ ...query, ...(value === undefined ? {} : exactly("touch", value)) }} title={`${name}: ${words.ends}`} />,
    },
    { name: "lift", title: words.lift, numeric: true, value: ({ lift }) => lift, show: ({ lift }) => <span title={words.liftWhy}>{lift === null ? ABSENT : `${decimal(lift, 2)} ×`}</span> },
  ];
}
