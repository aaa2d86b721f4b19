/** The card of the flow: the picture or its table, and the line that says what is pointed at. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Query } from "../../asking/ask";
import { Saving } from "../../charts/figure";
import { framed } from "../../charts/png";
import { useView } from "../../frame/view";
import { Card } from "../../parts/card";
import { csvOf, save, saveText } from "../../parts/csv";
import { Choice } from "../../parts/fields";
import { Table } from "../../parts/table";
import { FRAME } from "../../words/frame";
import { said } from "../../words/language";
import { Drawing } from "./drawing";
import type { Flow } from "./flow";
import type { Lit, Pointed } from "./lit";
import { type Chosen, Menu } from "./menu";
import { moveColumns, movesOf } from "./moves";
import { painted } from "./painting";
import type { Reading } from "./question";
import type { Told } from "./told";
import type { Paths } from "./wire";
import { WORDS } from "./words";

const FILE = "waystage-paths-flow";

interface FlowingProps {
  answer: Paths;
  reading: Reading;
  flow: Flow;
  told: Told;
  asked: Query;
  lit: Lit | null;
  pointed: Pointed | null;
  onPoint: (pointed: Pointed | null) => void;
}

export function Flowing(props: FlowingProps) {
  const { answer, reading, flow, told, asked } = props;
  const view = useView();
  const words = said(WORDS);
  const frame = said(FRAME);
  const tabled = view.params["flow.as"] === "table";
  const title = titleOf(reading, told);
  const columns = moveColumns(asked, answer.customers);
  const moves = movesOf(answer, told);
  const png = () => save(`${FILE}.png`, framed(painted(flow, told), title, words.flowNote(answer.customers)));
  const tools = (
    <>
      <Choice label={words.flow} name="flow.as" value={tabled ? "table" : "chart"} options={[["chart", frame.chart], ["table", frame.table]]} onChange={(as) => view.set({ "flow.as": as === "table" ? as : "" })} />
      <Saving csv={() => saveText(`${FILE}.csv`, csvOf(columns, moves))} png={tabled ? null : png} />
    </>
  );
  return (
    <Card name="paths-card" title={title} note={words.flowNote(answer.customers)} tools={tools}>
      {tabled
        ? <Table name="flow" caption={title} columns={columns} rows={moves} keyOf={({ key }) => key} order={{ column: "step", descending: false }} />
        : <Picture {...props} title={title} />}
    </Card>
  );
}

function Picture({ answer, flow, told, asked, lit, pointed, onPoint, title }: FlowingProps & { title: string }) {
  const words = said(WORDS);
  const [chosen, choose] = useState<Chosen | null>(null);
  const opener = useRef<HTMLElement | null>(null);
  const scroll = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (scroll.current) scroll.current.scrollLeft = told.back ? scroll.current.scrollWidth : 0;
  }, [told.back, flow.width]);
  const close = () => {
    choose(null);
    if (document.activeElement === document.body) opener.current?.focus();
  };
  return (
    <>
      <p class="paths-line note">{(pointed && told.pointed(pointed, flow, answer.paths)) || words.hint}</p>
      <div ref={scroll} class="scroll paths-scroll" tabIndex={0} role="region" aria-label={title}>
        <Drawing flow={flow} told={told} lit={lit} asked={asked} onPoint={onPoint} onChoose={(box, name) => {
          opener.current = name;
          choose({ box, place: name.getBoundingClientRect() });
        }} />
      </div>
      {flow.undrawn > 0 && <p class="note">{words.undrawn(flow.undrawn)}</p>}
      {chosen && <Menu key={chosen.box.key} chosen={chosen} told={told} asked={asked} everybody={answer.customers} onClose={close} />}
    </>
  );
}

function titleOf({ start, end }: Reading, { names }: Told): string {
  const words = said(WORDS);
  if (start && end) return words.flowBetween(names.label(start), names.label(end));
  if (start) return words.flowFrom(names.label(start));
  return end ? words.flowTo(names.label(end)) : words.flow;
}
