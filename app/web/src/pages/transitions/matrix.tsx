/** Transitions as cells: the more, the deeper the colour. Each number opens to its people. */

import type { Query } from "../../asking/ask";
import { type Draw, plain } from "../../charts/chart";
import { faded } from "../../charts/colours";
import { Behind } from "../../parts/behind";
import { StageName } from "../../parts/marks";
import type { Stages } from "../../stages";
import { count, share } from "../../words/format";
import { said } from "../../words/language";
import { peopleOf } from "./answer";
import { type Cell, type End, endKey, type Matrix } from "./cells";
import { pairLabel } from "./flow";
import { WORDS } from "./words";

/** What the cells say; both keep the depth of colour of what they say. */
export type Measure = "count" | "share";

const DEEPEST = 0.42;
const MANY = 8;

interface MatrixProps {
  matrix: Matrix;
  stages: Stages;
  measure: Measure;
  query: Query;
}

export function MatrixTable({ matrix, stages, measure, query }: MatrixProps) {
  const words = said(WORDS);
  const turned = matrix.columns.length > MANY;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={words.moves}>
      <table class={turned ? "tr-matrix turned" : "tr-matrix"}>
        <caption class="unseen">{words.moves}</caption>
        <thead>
          <tr>
            <th scope="col">{words.corner}</th>
            {matrix.columns.map(({ end }) => <th key={endKey(end)} scope="col"><EndName end={end} stages={stages} /></th>)}
            <th scope="col" class="number">{words.total}</th>
          </tr>
        </thead>
        <tbody>
          {matrix.rows.map(({ end, total, cells }) => (
            <tr key={endKey(end)}>
              <th scope="row"><EndName end={end} stages={stages} /></th>
              {cells.map((cell, at) => <CellOf key={at} cell={cell} depth={depth(cell, matrix, measure)} measure={measure} stages={stages} query={query} />)}
              <td class="number total">{count(total)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr><th scope="row">{words.total}</th>{matrix.columns.map(({ end, total }) => <td key={endKey(end)} class="total">{count(total)}</td>)}<td /></tr>
        </tfoot>
      </table>
    </div>
  );
}

function EndName({ end, stages }: { end: End; stages: Stages }) {
  return end.rest ? <span class="stage">{said(WORDS).restName}</span> : <StageName stage={end.stage} stages={stages} />;
}

function CellOf({ cell, depth, measure, stages, query }: { cell: Cell | null; depth: number; measure: Measure; stages: Stages; query: Query }) {
  if (!cell) return <td class="tr-cell empty"><span aria-hidden="true">·</span></td>;
  const words = cellWords(cell, measure);
  const style = { "--depth": `${depth * 100}%` };
  if (!cell.move) return <td class="tr-cell" style={style}>{words}</td>;
  const title = `${pairLabel(cell.move, stages)}${cell.back ? ` (${said(WORDS).backSign})` : ""}`;
  return (
    <td class={cell.back ? "tr-cell back" : "tr-cell"} style={style} title={`${title}: ${count(cell.count)}, ${share(cell.share)}`}>
      <Behind value={cell.count} words={words} path="/v1/transitions/customers" query={peopleOf(query, cell.move)} title={title} />
    </td>
  );
}

function cellWords(cell: Cell, measure: Measure): string {
  return measure === "count" ? count(cell.count) : share(cell.share);
}

function depth(cell: Cell | null, { largest }: Matrix, measure: Measure): number {
  if (!cell) return 0;
  return DEEPEST * (measure === "count" ? Math.sqrt(cell.count / largest) : cell.share);
}

/** The same matrix as a picture. */
export function matrixPicture(matrix: Matrix, stages: Stages, measure: Measure): Draw {
  return (colours) => {
    const name = ({ end }: { end: End }) => plain(end.rest ? said(WORDS).restName : stages.label(end.stage));
    const text = { color: colours.ink, fontSize: 12, width: 150, overflow: "truncate" as const, interval: 0 };
    const axis = { type: "category" as const, axisLine: { show: false }, axisTick: { show: false } };
    const data = matrix.rows.flatMap(({ cells }, y) => cells.map((cell, x) => ({
      value: [x, y, cell?.count ?? 0],
      itemStyle: { color: cell ? faded(colours.accent, depth(cell, matrix, measure)) : "transparent", borderColor: colours.paper, borderWidth: 2 },
      label: { show: cell !== null, formatter: cell ? cellWords(cell, measure) : "", color: colours.ink, fontSize: 12 },
    })));
    return {
      grid: { left: 170, right: 10, top: matrix.columns.length > MANY ? 130 : 40, bottom: 10 },
      xAxis: { ...axis, position: "top", data: matrix.columns.map(name), axisLabel: { ...text, rotate: matrix.columns.length > MANY ? 60 : 0, width: 110 } },
      yAxis: { ...axis, inverse: true, data: matrix.rows.map(name), axisLabel: text },
      series: { type: "heatmap", data },
    };
  };
}
