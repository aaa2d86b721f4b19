/** Who earns the conversions: nine models side by side, where they agree and where they differ. */

import { useMemo } from "preact/hooks";
import { address, type Query } from "../../asking/ask";
import { useAnswer } from "../../asking/answers";
import { Figure } from "../../charts/figure";
import { useView } from "../../frame/view";
import { Choice } from "../../parts/fields";
import { inOrder, type Order, readOrder } from "../../parts/sorting";
import { Answered, Nothing } from "../../parts/states";
import { count, decimal, money, percent, short } from "../../words/format";
import { said } from "../../words/language";
import { type By, creditQuery, exactly, valueWords } from "./asked";
import { creditColumns } from "./columns";
import { Conversion } from "./conversion";
import { dotOf, dots, dotsHeight } from "./dots";
import { FAMILIES, hasPeople, type Model, MODELS, modelsOf } from "./models";
import { type Measure, rangesOf, tellingOf } from "./range";
import type { Attribution, Sum } from "./wire";
import { WORDS } from "./words";

const NAMES_DRAWN = 10;
const USUAL: Order = { column: "last_non_direct", descending: true };
const PEOPLE = "/v1/attribution/customers";

export function Credits({ by, caption }: { by: By; caption: string }) {
  const view = useView();
  const query = creditQuery(view, by);
  const asked = useAnswer<Attribution>(query["conversion"] ? "/v1/attribution" : null, query, view.live);
  return (
    <div class="tp-credits">
      <h2 class="tp-title">{said(WORDS).attribution}</h2>
      <Conversion query={query} />
      {query["conversion"] ? (
        <Answered asked={asked} lines={12}>
          {(answer) => (answer.conversions ? <Told answer={answer} by={by} query={query} caption={caption} /> : <Nothing>{said(WORDS).none}</Nothing>)}
        </Answered>
      ) : <p class="note">{said(WORDS).unchosen}</p>}
    </div>
  );
}

interface ToldProps {
  answer: Attribution;
  by: By;
  query: Query;
  caption: string;
}

function Told({ answer, by, query, caption }: ToldProps) {
  const view = useView();
  const words = said(WORDS);
  const measure = measureOf(view.params["measure"], answer.values);
  const whole = measure.kind === "money" ? (answer.values.find(({ currency }) => currency === measure.currency)?.value ?? 0) : answer.conversions;
  const ranges = useMemo(() => rangesOf(answer.names, measure, whole), [answer.names, view.params["measure"], whole]);
  const written = (value: number) => (measure.kind === "money" ? money(value, measure.currency) : decimal(value, 2));
  const name = (value: string | null) => valueWords(view, by, value);
  const lit = MODELS.find((model) => model === view.params["lit"]) ?? null;
  const people = (value: string | null, model: Model): Query => ({ ...query, models: model, ...exactly("name", value) });
  const columns = creditColumns({ answer, by, name, written, people });
  const drawn = inOrder(ranges, columns, readOrder(view.params["credits.sort"], USUAL)).slice(0, NAMES_DRAWN);
  const draw = dots({ ranges: drawn, name, written: (value) => `${written(value)} (${percent(value / whole)})`, axis: short, model: (model) => words.models[model], lit });
  const key = FAMILIES.map(({ family, sign }) => `${sign} ${words.families[family]}`).join("  ");
  return (
    <>
      <Facts answer={answer} />
      <Figure
        name="credits" title={words.credits} both caption={`${caption} · ${key}`} rows={ranges} keyOf={(range) => `=${range.name ?? ""}`}
        note={<Insight ranges={ranges} whole={whole} name={name} />} order={USUAL}
        columns={columns}
        chart={{
          draw, height: () => dotsHeight(drawn.length),
          onPick: (hit) => {
            const dot = dotOf(hit);
            const range = dot && drawn[dot.row];
            if (range && hasPeople(dot.model)) view.set({ behind: address(PEOPLE, people(range.name, dot.model)), of: words.credited(name(range.name), words.models[dot.model]) });
          },
        }}
        tools={
          <>
            {answer.values.length > 0 && <Choice label={words.measure} name="measure" value={measureText(measure)} options={measures(answer.values)} onChange={(next) => view.set({ measure: next })} />}
            <a class="quiet" href={address("/v1/attribution/ledger", { ...query, models: MODELS.filter(hasPeople).join(","), format: "csv" })} download="attribution.csv" title={words.ledgerWhy}>{words.ledger}</a>
          </>
        }
      >
        <Key lit={lit} />
        {ranges.length > drawn.length && <p class="note">{words.chartNames(drawn.length)}</p>}
        {(["markov", "shapley"] as const).map((model) => (answer.folded[model] ? <p key={model} class="note">{words.folded(words.models[model], answer.folded[model])}</p> : null))}
      </Figure>
    </>
  );
}

function Facts({ answer }: { answer: Attribution }) {
  const words = said(WORDS).facts;
  const facts: [string, string][] = [
    [words.conversions, count(answer.conversions)],
    [words.customers, count(answer.customers)],
    ...answer.values.map(({ value, currency }): [string, string] => [words.value, money(value, currency)]),
    [words.untouched, count(answer.no_touch)],
    [words.lost, count(answer.not_converted)],
  ];
  return <dl class="tp-facts">{facts.map(([term, words], at) => <div key={at}><dt>{term}</dt><dd>{words}</dd></div>)}</dl>;
}

/** What the picture shows, in a sentence or two. */
function Insight({ ranges, whole, name }: { ranges: ReturnType<typeof rangesOf>; whole: number; name: (value: string | null) => string }) {
  const words = said(WORDS);
  const telling = tellingOf(ranges, whole);
  if (!telling) return null;
  const { differ, agree } = telling;
  const part = (model: Model) => percent(differ.values[model] / whole);
  return (
    <span class="tp-insight">
      {words.differ(name(differ.name), words.models[differ.least], part(differ.least), words.models[differ.most], part(differ.most))}
      {agree && ` ${words.agree(name(agree.name), percent(agree.spread))}`}
    </span>
  );
}

/** The models in the order of their lanes; pressed, one stands out. */
function Key({ lit }: { lit: Model | null }) {
  const view = useView();
  const words = said(WORDS);
  return (
    <div class="tp-key">
      <p class="note">{words.key}</p>
      <ol>
        {FAMILIES.map(({ family, sign, tone }) => (
          <li key={family}>
            <span class={`tp-sign tone-${tone}`} aria-hidden="true">{sign}</span> <span class="note">{words.families[family]}</span>
            {modelsOf(family).map((model) => (
              <button key={model} type="button" class="chip" aria-pressed={lit === model} title={words.lit(words.models[model])} onClick={() => view.set({ lit: lit === model ? "" : model }, true)}>{words.models[model]}</button>
            ))}
          </li>
        ))}
      </ol>
    </div>
  );
}

function measures(values: readonly Sum[]): [string, string][] {
  const words = said(WORDS);
  return [["", words.conversions], ...values.map(({ currency }): [string, string] => [measureText({ kind: "money", currency }), words.money(currency ?? "")])];
}

function measureText(measure: Measure): string {
  return measure.kind === "money" ? `money:${measure.currency ?? ""}` : "";
}

/** As the address says it, where there is such money; else conversions. */
function measureOf(text: string | undefined, values: readonly Sum[]): Measure {
  const found = values.find(({ currency }) => text === measureText({ kind: "money", currency }));
  return found ? { kind: "money", currency: found.currency } : { kind: "conversions" };
}
