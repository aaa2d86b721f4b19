/** One transition closely: how many, whose, and how long it took. */

import type { Asked } from "../../asking/answers";
import type { Query } from "../../asking/ask";
import type { Transition } from "../../asking/wire";
import { Figure } from "../../charts/figure";
import { type Bar, barsOf, histogram } from "../../charts/histogram";
import { useView } from "../../frame/view";
import { Behind } from "../../parts/behind";
import { Select } from "../../parts/fields";
import { Loading } from "../../parts/states";
import type { Column } from "../../parts/sorting";
import type { Stages } from "../../stages";
import { count, duration, share } from "../../words/format";
import { said } from "../../words/language";
import { choosing, type Distributed, pairKey, peopleOf } from "./answer";
import { pairLabel } from "./flow";
import { WORDS } from "./words";

const OFFERED = 200;
const HEIGHT = 220;

interface PairProps {
  pair: Transition;
  moves: readonly Transition[];
  stages: Stages;
  query: Query;
  distributed: Asked<Distributed>;
  caption: string;
}

export function Pair({ pair, moves, stages, query, distributed, caption }: PairProps) {
  const words = said(WORDS);
  const found = distributed.answer?.transitions.find((row) => pairKey(row) === pairKey(pair));
  const bounds = distributed.answer?.bounds ?? [];
  const bars = barsOf(found?.histogram ?? [], bounds);
  const marks = [{ seconds: pair.dwell.median, label: words.half }, { seconds: pair.dwell.p90, label: words.most }];
  const all = bars.reduce((sum, bar) => sum + bar.count, 0);
  return (
    <Figure<Bar>
      name="pair" title={words.pair} note={words.pairWhy} rows={bars} columns={barColumns(all)} keyOf={({ place }) => String(place)} order={{ column: "from", descending: false }}
      caption={`${pairLabel(pair, stages)} · ${caption}`} tools={<PairChooser pair={pair} moves={moves} stages={stages} />}
      {...(bars.length > 0 && { chart: { draw: histogram(bars, bounds, marks, (bar) => barWords(bar, all)), height: () => HEIGHT, label: `${words.time}: ${pairLabel(pair, stages)}` } })}
      above={
        <>
          <Facts pair={pair} stages={stages} query={query} />
          {pair.from === null ? <p class="note">{words.noTime}</p> : <h3>{words.time}</h3>}
        </>
      }
    >
      {pair.from !== null && !distributed.answer && <div class="tr-waiting"><Loading lines={5} /></div>}
    </Figure>
  );
}

/** The largest pairs by name; the chosen one is among them. */
function PairChooser({ pair, moves, stages }: Pick<PairProps, "pair" | "moves" | "stages">) {
  const view = useView();
  const largest = [...moves].sort((a, b) => b.count - a.count).slice(0, OFFERED);
  const offered = largest.some((move) => pairKey(move) === pairKey(pair)) ? largest : [pair, ...largest];
  const choose = (key: string) => {
    const move = offered.find((each) => pairKey(each) === key);
    if (move) view.set(choosing(move));
  };
  return <Select label={said(WORDS).pairChoose} name="pair" value={pairKey(pair)} options={offered.map((move) => [pairKey(move), pairLabel(move, stages)])} onChange={choose} />;
}

function Facts({ pair, stages, query }: Pick<PairProps, "pair" | "stages" | "query">) {
  const words = said(WORDS);
  const people = (value: number) => <Behind value={value} path="/v1/transitions/customers" query={peopleOf(query, pair)} title={pairLabel(pair, stages)} />;
  return (
    <dl class="tr-facts">
      <div><dt>{words.count}</dt><dd>{people(pair.count)}</dd></div>
      <div><dt>{words.customers}</dt><dd>{people(pair.customers)}</dd></div>
      {pair.from !== null && <div title={words.shareWhy}><dt>{words.share}</dt><dd>{share(pair.share)}</dd></div>}
      <div><dt>{words.median}</dt><dd>{duration(pair.dwell.median)}</dd></div>
      <div><dt>{words.p90}</dt><dd>{duration(pair.dwell.p90)}</dd></div>
    </dl>
  );
}

function barColumns(all: number): Column<Bar>[] {
  const words = said(WORDS);
  return [
    { name: "from", title: words.barTime, value: ({ from }) => from ?? 0, csv: spanWords, show: spanWords },
    { name: "count", title: words.count, numeric: true, value: (bar) => bar.count, show: (bar) => count(bar.count) },
    { name: "share", title: words.barShare, numeric: true, value: (bar) => bar.count / all, show: (bar) => share(bar.count / all) },
  ];
}

function spanWords({ from, to }: Bar): string {
  const words = said(WORDS);
  if (from === null) return words.barFirst(duration(to));
  return to === null ? words.barLast(duration(from)) : words.barBetween(duration(from), duration(to));
}

function barWords(bar: Bar, all: number): string {
  return `${spanWords(bar)}\n${said(WORDS).count}: ${count(bar.count)} (${share(bar.count / all)})`;
}
