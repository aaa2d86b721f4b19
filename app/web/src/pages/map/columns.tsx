/** The stages as columns under one flow, read along or across; in a narrow place one under the other. */

import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { useView } from "../../frame/view";
import { StageName } from "../../parts/marks";
import { said } from "../../words/language";
import { FlowPicture } from "./flow";
import type { Row } from "./rows";
import type { Asking, Both } from "./shown";
import { Why } from "./why";
import { useWidth } from "./width";
import { WORDS } from "./words";

const HEADS = 164;
const COLUMN = 130;
const COLUMN_COMPARED = 150;

interface ColumnsProps {
  stages: readonly Both[];
  rows: readonly Row[];
  asking: Asking;
}

export function Columns({ stages, rows, asking }: ColumnsProps) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const least = HEADS + (asking.b ? COLUMN_COMPARED : COLUMN) * stages.length;
  const wide = width > 0 && least > width;
  const words = said(WORDS);
  return (
    <div class={wide ? "map-columns map-wide" : "map-columns"} ref={box} {...(wide && { tabIndex: 0, role: "region", "aria-label": words.moment })}>
      <table class="map-table" style={{ minWidth: `${least}px` }}>
        <caption class="unseen">{words.lead}</caption>
        <colgroup><col style={{ width: `${HEADS}px` }} />{stages.map(({ a }) => <col key={a.stage} />)}</colgroup>
        <thead>
          <tr>
            <td />
            {stages.map(({ a }, place) => <th key={a.stage} scope="col"><StageTitle stage={a.stage} late={place >= stages.length / 2} /></th>)}
          </tr>
        </thead>
        <tbody>
          <tr class="map-flow-row">
            <th scope="row"><Keys stages={stages} /></th>
            <td colSpan={stages.length}><FlowPicture stages={stages} asking={asking} /></td>
          </tr>
          {rows.map((row) => <RowOf key={row.name} row={row} stages={stages} />)}
        </tbody>
      </table>
    </div>
  );
}

function StageTitle({ stage, late }: { stage: string; late: boolean }) {
  return <span class={late ? "map-title map-late" : "map-title"}><StageName stage={stage} /><Why stage={stage} /></span>;
}

function RowOf({ row, stages }: { row: Row; stages: readonly Both[] }) {
  const [whole, setWhole] = useState(false);
  return (
    <tr class={`map-row ${row.begins ? "map-begins" : ""}`}>
      <th scope="row"><RowHead row={row} whole={whole} turn={() => setWhole(!whole)} /></th>
      {stages.map((both) => <td key={both.a.stage}>{row.cell(both, whole)}</td>)}
    </tr>
  );
}

function RowHead({ row, whole, turn }: { row: Row; whole: boolean; turn: () => void }) {
  const words = said(WORDS);
  return (
    <>
      <span class={`map-head map-head-${row.name}`}>{row.title}</span>
      {row.hint && <span class="note">{row.hint}</span>}
      {row.more && <button type="button" class="plain" aria-expanded={whole} onClick={turn}>{whole ? words.fewer : words.all}</button>}
    </>
  );
}

/** What the ribbons are, each beside its mark. */
function Keys({ stages }: { stages: readonly Both[] }) {
  const view = useView();
  const words = said(WORDS).keys;
  const there = stages.some(({ a }) => a.at_start > 0);
  const key = (kind: string, word: ComponentChildren) => <li class={`map-key map-key-${kind}`}>{word}</li>;
  return (
    <ul class="map-keys">
      {key("on", words.on)}
      {key("back", words.back)}
      {key("new", words.new)}
      {there && key("new", words.before)}
      {key("stay", view.live ? words.stay : words.stayed)}
    </ul>
  );
}

/** One section for each stage, under a flow from top to bottom. */
export function Sections({ stages, rows, asking }: ColumnsProps) {
  const view = useView();
  return (
    <div class="map-sections">
      <Keys stages={stages} />
      <FlowPicture stages={stages} asking={asking} standing />
      {stages.map((both) => (
        <section key={both.a.stage} aria-label={view.stages.label(both.a.stage)}>
          <h3><StageTitle stage={both.a.stage} late={false} /></h3>
          <dl>{rows.map((row) => <TermOf key={row.name} row={row} both={both} />)}</dl>
        </section>
      ))}
    </div>
  );
}

function TermOf({ row, both }: { row: Row; both: Both }) {
  const [whole, setWhole] = useState(false);
  return (
    <div class={`map-term ${row.begins ? "map-begins" : ""}`}>
      <dt><RowHead row={row} whole={whole} turn={() => setWhole(!whole)} /></dt>
      <dd>{row.cell(both, whole)}</dd>
    </div>
  );
}
