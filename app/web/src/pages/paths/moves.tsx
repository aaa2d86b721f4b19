/** The flow as a table: every ribbon, and who ends or goes on at each name. */

import type { Query } from "../../asking/ask";
import { Behind } from "../../parts/behind";
import type { Column } from "../../parts/sorting";
import { duration, share } from "../../words/format";
import { said } from "../../words/language";
import { PEOPLE } from "./drawing";
import { atStep } from "./question";
import type { Told } from "./told";
import type { Paths, Step } from "./wire";
import { WORDS } from "./words";

export interface Move {
  key: string;
  step: number;
  from: string;
  to: string;
  customers: number;
  median: number | null;
  query: Query;
}

export function movesOf({ steps }: Paths, told: Told): Move[] {
  return steps.flatMap((step) => [...ribbonsOf(step, told), ...stubsOf(step, told)]).map((move, at) => ({ ...move, key: String(at) }));
}

function ribbonsOf({ step, edges }: Step, { names, back }: Told): Omit<Move, "key">[] {
  return edges.map(({ from, to, customers, median }) => {
    const [before, after] = (back ? [to, from] : [from, to]).map((name) => names.label(name)) as [string, string];
    return { step, from: before, to: after, customers, median, query: atStep(step, from, to) };
  });
}

function stubsOf({ step, nodes }: Step, { names, back }: Told): Omit<Move, "key">[] {
  const words = said(WORDS);
  const outcomes = { exits: back ? words.begins : words.ends, more: back ? words.comesOn : words.goesOn };
  return nodes.flatMap((node) => (["exits", "more"] as const).filter((what) => node[what] > 0).map((what) => {
    const [from, to] = (back ? [outcomes[what], names.label(node.name)] : [names.label(node.name), outcomes[what]]) as [string, string];
    return { step, from, to, customers: node[what], median: null, query: { ...atStep(step, node.name), outcome: what } };
  }));
}

export function moveColumns(asked: Query, everybody: number): Column<Move>[] {
  const words = said(WORDS);
  return [
    { name: "step", title: words.stepColumn, numeric: true, value: ({ step }) => step },
    { name: "from", title: words.from, value: ({ from }) => from },
    { name: "to", title: words.to, value: ({ to }) => to },
    { name: "customers", title: words.count, numeric: true, value: ({ customers }) => customers,
      show: ({ customers, query, from, to }) => <Behind value={customers} path={PEOPLE} query={{ ...asked, ...query }} title={`${from} ${words.arrow} ${to}`} /> },
    { name: "share", title: words.share, numeric: true, value: ({ customers }) => customers / everybody, show: ({ customers }) => share(customers / everybody) },
    { name: "median", title: words.median, numeric: true, value: ({ median }) => median, show: ({ median }) => duration(median) },
  ];
}
