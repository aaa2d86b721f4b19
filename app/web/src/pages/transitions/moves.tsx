/** All transitions: as a flow, as a matrix, as a table. */

import type { ECharts } from "echarts";
import { useMemo, useRef } from "preact/hooks";
import type { Query } from "../../asking/ask";
import type { Transition } from "../../asking/wire";
import { Chart } from "../../charts/chart";
import { Saving } from "../../charts/figure";
import { pictureApart, pictureOf } from "../../charts/png";
import { useView } from "../../frame/view";
import { Card } from "../../parts/card";
import { csvOf, save, saveText } from "../../parts/csv";
import { Choice } from "../../parts/fields";
import { Table } from "../../parts/table";
import type { Stages } from "../../stages";
import { said } from "../../words/language";
import { choosing, pairKey } from "./answer";
import { matrixOf } from "./cells";
import { moveColumns } from "./columns";
import { flow, flowHeight, type Hit, picked } from "./flow";
import { type Measure, matrixPicture, MatrixTable } from "./matrix";
import { picture } from "./sankey";
import { WORDS } from "./words";

const SHAPES = ["flow", "matrix", "table"] as const;
const FILE = "waystage-transitions";
const CELL = { width: 92, height: 36 };

interface MovesProps {
  moves: Transition[];
  stages: Stages;
  query: Query;
  marked: string | null;
  caption: string;
}

export function Moves({ moves, stages, query, marked, caption }: MovesProps) {
  const view = useView();
  const words = said(WORDS);
  const drawn = useRef<ECharts | null>(null);
  const drawing = useMemo(() => picture(moves, stages), [moves, stages]);
  const matrix = useMemo(() => matrixOf(moves, stages), [moves, stages]);
  const columns = moveColumns(stages, query);
  const shape = SHAPES.find((each) => each === view.params["shown"]) ?? "flow";
  const measure: Measure = view.params["cells"] === "share" ? "share" : "count";
  const size = [220 + matrix.columns.length * CELL.width, 120 + matrix.rows.length * CELL.height] as const;
  const png = async () => {
    if (shape === "matrix") save(`${FILE}.png`, await pictureApart(matrixPicture(matrix, stages, measure), ...size, words.moves, caption));
    else if (drawn.current) save(`${FILE}.png`, pictureOf(drawn.current, words.moves, caption));
  };
  return (
    <Card
      name="tr-moves"
      title={words.moves}
      note={sumOf(moves, stages)}
      tools={
        <>
          {shape === "matrix" && <Choice label={words.cells} name="cells" value={measure} options={[["count", words.cellsOf.count], ["share", words.cellsOf.share]]} onChange={(cells) => view.set({ cells: cells === "share" ? cells : "" })} />}
          <Choice label={words.shape} name="shown" value={shape} options={SHAPES.map((each) => [each, words.shapes[each]])} onChange={(shown) => view.set({ shown: shown === "flow" ? "" : shown })} />
          <Saving csv={() => saveText(`${FILE}.csv`, csvOf(columns, moves))} png={shape === "table" ? null : () => void png()} />
        </>
      }
    >
      {shape === "flow" && (
        <>
          <Chart draw={flow(drawing, stages, marked)} height={() => flowHeight(drawing)} label={words.moves} onReady={(chart) => (drawn.current = chart)}
            onPick={(hit) => hit && choose(picked(drawing, hit as Hit))} />
          {stages.ordered && <p class="note tr-key"><span><i class="ahead" />{words.forward}</span><span><i class="back" />{words.back}</span></p>}
          {drawing.rest.pairs > 0 && <p class="note">{words.rest(drawing.rest.pairs, drawing.rest.count)}</p>}
        </>
      )}
      {shape === "matrix" && <MatrixTable matrix={matrix} stages={stages} measure={measure} query={query} />}
      {shape === "matrix" && matrix.rest > 0 && <p class="note more">{words.matrixRest(matrix.rest)}</p>}
      {shape === "table" && <Table name="moves" caption={words.moves} columns={columns} rows={moves} keyOf={pairKey} order={{ column: "count", descending: true }} marked={marked} />}
    </Card>
  );

  function choose(move: Transition | null): void {
    if (move) view.set(choosing(move));
  }
}

function sumOf(moves: readonly Transition[], stages: Stages): string {
  const sum = (rows: readonly Transition[]) => rows.reduce((all, { count }) => all + count, 0);
  return said(WORDS).sum(sum(moves), sum(moves.filter(({ from, to }) => stages.back(from, to))), stages.ordered);
}
