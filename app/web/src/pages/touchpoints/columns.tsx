/** The columns of the table of credits: a model each, and what else is known of a name. */

import type { Query } from "../../asking/ask";
import { Behind } from "../../parts/behind";
import type { Column } from "../../parts/sorting";
import { count, percent } from "../../words/format";
import { said } from "../../words/language";
import type { By } from "./asked";
import { hasPeople, type Model, MODELS } from "./models";
import type { Range } from "./range";
import type { Attribution, CreditedName } from "./wire";
import { WORDS } from "./words";

interface Told {
  answer: Attribution;
  by: By;
  name: (name: string | null) => string;
  written: (value: number) => string;
  people: (name: string | null, model: Model) => Query;
}

export function creditColumns({ answer, by, name, written, people }: Told): Column<Range>[] {
  const words = said(WORDS);
  const known = new Map(answer.names.map((row) => [row.name, row]));
  const of = (range: Range): CreditedName | undefined => known.get(range.name);
  const ofModel = (model: Model): Column<Range> => ({
    name: model,
    title: words.models[model],
    numeric: true,
    value: ({ values }) => values[model],
    show: (range) => <Credit range={range} model={model} words={written(range.values[model])} query={people(range.name, model)} title={words.credited(name(range.name), words.models[model])} />,
  });
  return [
    { name: "name", title: words.bys[by], value: (range) => name(range.name), show: (range) => <span class="tp-value">{name(range.name)}</span> },
    ...MODELS.map(ofModel),
    { name: "assisted", title: words.assisted, numeric: true, value: (range) => of(range)?.assisted ?? null, show: (range) => count(of(range)?.assisted) },
    { name: "removal", title: words.removal, numeric: true, value: (range) => of(range)?.removal_effect ?? null, show: (range) => percent(of(range)?.removal_effect) },
  ];
}

function Credit({ range, model, words, query, title }: { range: Range; model: Model; words: string; query: Query; title: string }) {
  const edge = range.values[range.most] === range.values[range.least] ? "" : model === range.most ? "most" : model === range.least ? "least" : "";
  return (
    <span class={`tp-credit ${edge}`}>
      {hasPeople(model) && range.values[model] ? <Behind value={1} words={words} path="/v1/attribution/customers" query={query} title={title} /> : words}
    </span>
  );
}
