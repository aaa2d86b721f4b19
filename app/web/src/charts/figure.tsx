/** A chart with everything that belongs to it: the same numbers as a table, as CSV, as PNG, and the link to exactly this view. */

import type { ECharts } from "echarts";
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { useView } from "../frame/view";
import { Card } from "../parts/card";
import { copy } from "../parts/copy";
import { csvOf, save, saveText } from "../parts/csv";
import { Choice } from "../parts/fields";
import { Popover } from "../parts/popover";
import type { Column, Order } from "../parts/sorting";
import { Table } from "../parts/table";
import { FRAME } from "../words/frame";
import { said } from "../words/language";
import { Chart, type ChartProps, type Draw } from "./chart";
import { pictureApart, pictureOf } from "./png";

/** What is shown by other means than a canvas, and how it is drawn for a PNG. */
export interface Shown {
  content: ComponentChildren;
  draw: Draw;
  width: number;
  height: number;
}

interface FigureProps<Row> {
  /** Its name in the address and of its files: one word. */
  name: string;
  title: string;
  note?: ComponentChildren;
  tools?: ComponentChildren;
  /** The chart; without one the table stands alone. */
  chart?: Omit<ChartProps, "onReady" | "label"> & { label?: string };
  /** In the chart's place. */
  shown?: Shown;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  order: Order;
  /** Chart and table one under the other instead of either. */
  both?: boolean;
  /** What a PNG says under its title: window, filters, instant. */
  caption?: string;
  /** What stands between the heading and the chart. */
  above?: ComponentChildren;
  /** The key of a row that is marked. */
  marked?: string | null;
  /** Rows of the table that stand under all others. */
  foot?: readonly Row[];
  children?: ComponentChildren;
}

export function Figure<Row>({ name, title, note, tools, chart, shown, columns, rows, keyOf, order, both = false, caption = "", above, marked = null, foot = [], children }: FigureProps<Row>) {
  const view = useView();
  const words = said(FRAME);
  const drawn = useRef<ECharts | null>(null);
  const tabled = !(chart || shown) || both || view.params[`${name}.as`] === "table";
  const charted = both || !tabled;
  const options = [["chart", words.chart], ["table", words.table]] as const;
  const file = `waystage-${view.place.page}-${name}`;
  const png = async () => {
    if (shown) save(`${file}.png`, await pictureApart(shown.draw, shown.width, shown.height, title, caption));
    else if (drawn.current) save(`${file}.png`, pictureOf(drawn.current, title, caption));
  };
  return (
    <Card
      name={`figure figure-${name}`}
      title={title}
      note={note}
      tools={
        <>
          {tools}
          {(chart || shown) && !both && <Choice label={title} name={`${name}.as`} value={tabled ? "table" : "chart"} options={options} onChange={(as) => view.set({ [`${name}.as`]: as === "table" ? as : "" })} />}
          <Saving csv={() => saveText(`${file}.csv`, csvOf(columns, [...rows, ...foot]))} png={charted && (chart || shown) ? () => void png() : null} />
        </>
      }
    >
      {above}
      {charted && shown?.content}
      {charted && chart && <Chart {...chart} label={chart.label ?? title} onReady={(made) => (drawn.current = made)} />}
      {children}
      {tabled && <Table name={name} caption={title} columns={columns} rows={rows} keyOf={keyOf} order={order} marked={marked} foot={foot} />}
    </Card>
  );
}

/** Files of what is seen, and its link. */
export function Saving({ csv, png = null }: { csv: () => void; png?: (() => void) | null }) {
  const words = said(FRAME);
  const [copied, set] = useState(false);
  const link = async () => set(await copy(location.href));
  const saving = (how: () => void) => ({ currentTarget }: Event) => {
    how();
    if (currentTarget instanceof Element) currentTarget.closest("details")?.removeAttribute("open");
  };
  return (
    <Popover label={<span class="dots" aria-label={words.more} role="img">⋯</span>}>
      <div class="menu">
        <button type="button" onClick={saving(csv)}>{words.csv}</button>
        {png && <button type="button" onClick={saving(png)}>{words.png}</button>}
        <button type="button" onClick={() => void link()}>{copied ? words.linkCopied : words.link}</button>
      </div>
    </Popover>
  );
}
