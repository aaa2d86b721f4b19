/** How far customers get: a bar for each step, parted by what became of those who reached it. */

import type { Query } from "../../asking/ask";
import { Figure } from "../../charts/figure";
import { useView } from "../../frame/view";
import { Behind } from "../../parts/behind";
import type { Column } from "../../parts/sorting";
import type { Stages } from "../../stages";
import { count, duration, share } from "../../words/format";
import { said } from "../../words/language";
import { type Asking, type Funnel, type FunnelStep, OUTCOMES, type Outcome, PATH, type TimeToConvert } from "./answer";
import { barsPicture } from "./drawing";
import { labelsOf, story } from "./story";
import { WORDS } from "./words";

const WIDTH = 900;
const ROW = 84;

/** A step with its words and what asks for its people. */
export interface Row extends FunnelStep {
  label: string;
  before: FunnelStep | undefined;
  began: number;
  last: boolean;
}

export function rowsOf(steps: readonly FunnelStep[], labels: readonly string[]): Row[] {
  const began = steps[0]?.reached ?? 0;
  return steps.map((step, at) => ({ ...step, label: labels[at] ?? String(step.step), before: steps[at - 1], began, last: at === steps.length - 1 }));
}

interface ResultProps {
  asking: Asking;
  answer: Funnel;
  query: Query;
  caption: string;
}

export function Result({ asking, answer, query, caption }: ResultProps) {
  const { stages } = useView();
  const words = said(WORDS);
  const rows = rowsOf(answer.steps, labelsOf(asking, stages));
  const told = story(asking, answer.steps, stages);
  return (
    <Figure<Row>
      name="steps" title={words.result} rows={rows} columns={stepColumns(query)} keyOf={({ step }) => String(step)} order={{ column: "step", descending: false }} caption={`${told[0] ?? ""} ${caption}`}
      above={<p class="fn-story">{told.map((sentence, at) => (at ? <span key={at} class="note"> {sentence}</span> : <span key={at}>{sentence}</span>))}</p>}
      shown={{ content: <Bars rows={rows} asking={asking} query={query} stages={stages} />, draw: barsPicture(rows), width: WIDTH, height: 20 + ROW * rows.length }}
    />
  );
}

function Bars({ rows, asking, query, stages }: { rows: readonly Row[]; asking: Asking; query: Query; stages: Stages }) {
  const ofStages = asking.of === "stages" && asking.order !== "any";
  const tone = (at: number) => (ofStages ? stages.tone(asking.steps[at]?.[0] ?? "") : null);
  return (
    <ol class="fn-bars">
      {rows.map((row, at) => <StepBar key={row.step} row={row} tone={tone(at)} query={query} />)}
    </ol>
  );
}

function StepBar({ row, tone, query }: { row: Row; tone: number | null; query: Query }) {
  const words = said(WORDS);
  const part = row.began ? row.reached / row.began : 0;
  return (
    <li class={tone === null ? "" : `tone-${tone}`}>
      {row.before && <OnTheWay {...row.time_to_convert} />}
      <div class="fn-head">
        <span class="fn-number" aria-hidden="true">{row.step}</span>
        <h3>{row.label}</h3>
        <strong><People row={row} outcome="reached" query={query} /></strong>
        <span class="fn-share" title={words.ofFirstWords(share(part))}>{share(part)}</span>
      </div>
      <div class="fn-track" aria-hidden="true"><span class="fn-bar" style={{ width: `${part * 100}%` }}>
        {OUTCOMES.slice(1).map((outcome) => row[outcome] > 0 && <span key={outcome} class={`fn-${outcome}`} style={{ flexGrow: row[outcome] }} />)}
      </span></div>
      {!row.last && <ul class="fn-outcomes">{OUTCOMES.slice(1).map((outcome) => <OutcomeWords key={outcome} row={row} outcome={outcome} query={query} />)}</ul>}
    </li>
  );
}

/** From the step before to this one: how soon. */
function OnTheWay({ median, p90 }: TimeToConvert) {
  return <p class="fn-way note">{median === null ? "" : said(WORDS).times(duration(median), duration(p90))}</p>;
}

function OutcomeWords({ row, outcome, query }: { row: Row; outcome: Outcome; query: Query }) {
  return (
    <li><span class={`fn-swatch fn-${outcome}`} /><People row={row} outcome={outcome} query={query} /> {said(WORDS)[outcome]} <span class="note">{row.reached > 0 && share(row[outcome] / row.reached)}</span></li>
  );
}

function People({ row, outcome, query }: { row: Row; outcome: Outcome; query: Query }) {
  const words = said(WORDS);
  return <Behind value={row[outcome]} path={`${PATH}/customers`} query={{ ...query, step: row.step, outcome }} title={outcome === "reached" ? row.label : `${row.label}: ${words[outcome]}`} />;
}

function stepColumns(query: Query): Column<Row>[] {
  const words = said(WORDS);
  const titles: Record<Outcome, string> = { reached: words.reached, converted: words.convertedTitle, still_in_window: words.stillTitle, dropped: words.droppedTitle };
  const times = [["median", words.median], ["p90", words.p90], ["mean", words.mean]] as const;
  return [
    { name: "step", title: words.step, value: ({ step }) => step, csv: ({ label }) => label, show: ({ label, step }) => `${step}. ${label}` },
    ...OUTCOMES.map((outcome): Column<Row> => ({ name: outcome, title: titles[outcome], numeric: true, value: (row) => told(row, outcome), show: (row) => (told(row, outcome) === null ? count(null) : <People row={row} outcome={outcome} query={query} />) })),
    part("of_first", words.ofFirst, ({ reached, began }) => (began ? reached / began : null)),
    part("of_before", words.ofBefore, ({ before }) => before?.conversion ?? null),
    ...times.map(([name, title]): Column<Row> => ({ name, title, numeric: true, value: (row) => row.time_to_convert[name], show: (row) => duration(row.time_to_convert[name]) })),
  ];
}

/** After the last step nobody goes on, and nobody stops. */
function told(row: Row, outcome: Outcome): number | null {
  return row.last && outcome !== "reached" ? null : row[outcome];
}

function part(name: string, title: string, value: (row: Row) => number | null): Column<Row> {
  return { name, title, numeric: true, value, show: (row) => (row.before || name === "of_first" ? share(value(row)) : count(null)) };
}
