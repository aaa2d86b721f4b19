/** The numbers of the map as plain tables: a row for each stage, and a row for each move between stages. */

import { useView } from "../../frame/view";
import { Behind } from "../../parts/behind";
import { StageName } from "../../parts/marks";
import type { Column } from "../../parts/sorting";
import { Table } from "../../parts/table";
import type { Transition } from "../../asking/wire";
import { count, duration, share } from "../../words/format";
import { said } from "../../words/language";
import type { Row } from "./rows";
import type { Both } from "./shown";
import { WORDS } from "./words";

interface TablesProps {
  stages: readonly Both[];
  rows: readonly Row[];
  comparing: boolean;
}

interface Moved {
  a: Transition;
  b: Transition | null;
}

export function MapTables({ stages, rows, comparing }: TablesProps) {
  const view = useView();
  const words = said(WORDS);
  const place = (stage: string | null) => view.stages.place(stage);
  const moves = stages.flatMap(({ a, b }) => a.came_from.map((move): Moved => ({ a: move, b: b?.came_from.find(({ from }) => from === move.from) ?? null })));
  return (
    <div class="map-tables">
      <h3>{words.wholeMap}</h3>
      <Table name="stages" caption={words.wholeMap} columns={stageColumns(rows, comparing, place)} rows={stages} keyOf={({ a }) => a.stage} order={{ column: "stage", descending: false }} />
      <h3>{words.allMoves}</h3>
      <Table name="moves" caption={words.allMoves} columns={moveColumns(comparing, place)} rows={moves} keyOf={({ a }) => JSON.stringify([a.from, a.to])} order={{ column: "count", descending: true }} />
    </div>
  );
}

type Place = (stage: string | null) => number;
type Side = "a" | "b";

function stageColumns(rows: readonly Row[], comparing: boolean, place: Place): Column<Both>[] {
  const numbers = rows.filter(({ write }) => write).flatMap((row) => sided(row.name, row.title, comparing, (side): Omit<Column<Both>, "name" | "title"> => ({
    numeric: true, value: (both) => row.values(both)[0]?.[side] ?? null, show: (both) => <Shown row={row} both={both} side={side} />,
  })));
  return [{ name: "stage", title: said(WORDS).stage, value: ({ a }) => place(a.stage), csv: ({ a }) => a.stage, show: ({ a }) => <StageName stage={a.stage} /> }, ...numbers];
}

function Shown({ row, both, side }: { row: Row; both: Both; side: Side }) {
  const value = row.values(both)[0]?.[side] ?? null;
  const [who, text] = [row.who?.(both), (row.write ?? count)(value)];
  const query = who?.[side];
  return who && query ? <Behind value={value} words={text} path={who.path} query={query} title={who.title} /> : <>{text}</>;
}

/** One column, or two where there is something to compare. */
function sided<R>(name: string, title: string, comparing: boolean, of: (side: Side) => Omit<Column<R>, "name" | "title">): Column<R>[] {
  const words = said(WORDS);
  if (!comparing) return [{ name, title, ...of("a") }];
  return [{ name, title: `${title}, ${words.value}`, ...of("a") }, { name: `${name}.b`, title: `${title}, ${words.otherValue}`, ...of("b") }];
}

function moveColumns(comparing: boolean, place: Place): Column<Moved>[] {
  const words = said(WORDS);
  const number = (name: string, title: string, read: (move: Transition) => number | null, write: (value: number | null) => string) =>
    sided<Moved>(name, title, comparing, (side) => {
      const value = (moved: Moved) => { const move = moved[side]; return move && read(move); };
      return { numeric: true, value, show: (moved) => write(value(moved)) };
    });
  return [
    { name: "from", title: words.from, value: ({ a }) => place(a.from), show: ({ a }) => <StageName stage={a.from} /> },
    { name: "to", title: words.to, value: ({ a }) => place(a.to), show: ({ a }) => <StageName stage={a.to} /> },
    ...number("count", words.count, (move) => move.count, count),
    ...number("customers", words.customers, ({ customers }) => customers, count),
    ...number("share", words.share, (move) => move.share, share),
    ...number("median", words.dwell, ({ dwell }) => dwell.median, duration),
    ...number("p90", words.p90, ({ dwell }) => dwell.p90, duration),
  ];
}
