/** The most travelled paths as a list, and under it all the rest and the sum. */

import type { Query } from "../../asking/ask";
import { Saving } from "../../charts/figure";
import { Behind } from "../../parts/behind";
import { Card } from "../../parts/card";
import { csvOf, saveText } from "../../parts/csv";
import { Part } from "../../parts/marks";
import type { Column } from "../../parts/sorting";
import { Table } from "../../parts/table";
import { duration } from "../../words/format";
import { said } from "../../words/language";
import { PEOPLE } from "./drawing";
import type { Lit, Pointed } from "./lit";
import { onPath } from "./question";
import type { Told } from "./told";
import type { Counted, Name, Path, Paths } from "./wire";
import { WORDS } from "./words";

const MOST = 12;

/** A path, or several together: `query` says who travelled it. */
interface Row extends Counted {
  key: string;
  path: Name[] | null;
  title: string;
  share: number | null;
  median: number | null;
  query: Query;
}

interface ListedProps {
  answer: Paths;
  told: Told;
  asked: Query;
  lit: Lit | null;
  onPoint: (pointed: Pointed | null) => void;
}

export function Listed({ answer, told, asked, lit, onPoint }: ListedProps) {
  const words = said(WORDS);
  const rows = answer.paths.map((path, at) => rowOf(path, at, told));
  const foot = together(answer);
  const columns = columnsOf(told, asked);
  const save = () => saveText("waystage-paths.csv", csvOf(columns, [...rows, ...foot.slice(0, -1)]));
  return (
    <Card name="paths-listed" title={words.listed} note={(answer.other.paths ? words.listedNote : words.listedAll)(rows.length)} tools={<Saving csv={save} />}>
      <Table name="paths" caption={words.listed} columns={columns} rows={rows} foot={foot} most={MOST} keyOf={({ key }) => key} order={{ column: "customers", descending: true }}
        marked={lit && new Set([...lit.paths].map(String))} onPoint={(key) => onPoint(key === null ? null : { of: "path", at: Number(key) })} />
    </Card>
  );
}

function rowOf(path: Path, at: number, told: Told): Row {
  return { ...path, key: String(at), title: told.path(path.path), query: onPath(path.path) };
}

/** Those that are not listed, if any, and all. */
function together({ customers, paths, other }: Paths): Row[] {
  const words = said(WORDS);
  const sum = (what: "exits" | "more") => paths.reduce((total, path) => total + path[what], other[what]);
  const rest: Row = { ...other, key: "other", path: null, title: words.rest(other.paths), median: null, query: { other: true } };
  const all: Row = { key: "all", path: null, title: words.all, customers, exits: sum("exits"), more: sum("more"), share: customers ? 1 : null, median: null, query: {} };
  return other.paths ? [rest, all] : [all];
}

function columnsOf(told: Told, asked: Query): Column<Row>[] {
  const words = said(WORDS);
  const people = (row: Row, value: number, outcome: string, what = "") => (
    <Behind value={value} path={PEOPLE} query={{ ...asked, ...row.query, outcome }} title={what ? `${row.title} (${what})` : row.title} />
  );
  const [exits, more] = told.back ? [words.exitsBack, words.moreBack] : [words.exits, words.more];
  return [
    { name: "path", title: words.path, value: (row) => row.title, show: (row) => (row.path ? <Steps path={row.path} told={told} goesOn={row.more > 0} /> : <strong>{row.title}</strong>) },
    { name: "customers", title: words.count, numeric: true, value: (row) => row.customers, show: (row) => people(row, row.customers, "any") },
    { name: "share", title: words.share, numeric: true, value: (row) => row.share, show: (row) => <Part of={row.share} /> },
    { name: "exits", title: exits, numeric: true, value: (row) => row.exits, show: (row) => people(row, row.exits, "exits", exits) },
    { name: "more", title: more, numeric: true, value: (row) => row.more, show: (row) => people(row, row.more, "more", more) },
    { name: "median", title: words.median, numeric: true, value: (row) => row.median, show: (row) => duration(row.median) },
  ];
}

/** The names of a path in the order of time; dots where sequences go on beyond what is read. */
function Steps({ path, told, goesOn }: { path: Name[]; told: Told; goesOn: boolean }) {
  const beyond = <li class="beyond" aria-hidden="true">…</li>;
  return (
    <ol class="paths-steps">
      {goesOn && told.back && beyond}
      {path.map((name, at) => <li key={at} class={`stage ${told.names.toneClass(name)}`}><span class="value">{told.names.label(name)}</span></li>)}
      {goesOn && !told.back && beyond}
    </ol>
  );
}
