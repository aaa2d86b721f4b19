/** The map as it is drawn, or as tables; with its files and its link. */

import { useRef } from "preact/hooks";
import { Saving } from "../../charts/figure";
import { useView, type View } from "../../frame/view";
import { Card } from "../../parts/card";
import { save, saveText } from "../../parts/csv";
import { Choice } from "../../parts/fields";
import { clock, count, date, duration, share } from "../../words/format";
import { FRAME } from "../../words/frame";
import { said } from "../../words/language";
import { Columns, Sections } from "./columns";
import { filtersInWords } from "./compare";
import { rowsOf } from "./rows";
import { factsOf, flowAsPng, mapAsCsv } from "./saved";
import type { Asking, Both } from "./shown";
import { MapTables } from "./tables";
import { useNarrow } from "./width";
import type { JourneyMap } from "./wire";
import { WORDS } from "./words";

interface SheetProps {
  stages: readonly Both[];
  asking: Asking;
  answer: JourneyMap;
}

export function Sheet({ stages, asking, answer }: SheetProps) {
  const view = useView();
  const [words, frame] = [said(WORDS), said(FRAME)];
  const box = useRef<HTMLDivElement>(null);
  const narrow = useNarrow();
  const rows = rowsOf(stages, asking, view);
  const tabled = view.params["map.as"] === "table";
  const Drawn = narrow ? Sections : Columns;
  const csv = () => saveText("waystage-map.csv", mapAsCsv(factsOf(stages, rows, view.stages), asking.b !== null));
  const png = () => void picture(box.current, stages, answer, view, narrow);
  const options = [["", words.map], ["table", frame.table]] as const;
  return (
    <Card
      name="map-sheet"
      title={words.moment}
      note={tabled ? undefined : words.flowHint}
      tools={
        <>
          <Choice label={words.moment} name="map.as" value={tabled ? "table" : ""} options={options} onChange={(as) => view.set({ "map.as": as })} />
          <Saving csv={csv} png={tabled ? null : png} />
        </>
      }
    >
      <div ref={box}>{tabled ? <MapTables stages={stages} rows={rows} comparing={asking.b !== null} /> : <Drawn stages={stages} rows={rows} asking={asking} />}</div>
    </Card>
  );
}

async function picture(box: HTMLElement | null, stages: readonly Both[], answer: JourneyMap, view: View, narrow: boolean): Promise<void> {
  const drawn = box?.querySelector<SVGSVGElement>(".map-drawn");
  if (!drawn) return;
  const [words, frame, zone] = [said(WORDS), said(FRAME), view.zone];
  const captions = [
    { title: "", cells: stages.map(({ a }) => view.stages.label(a.stage)) },
    { title: words.entries, cells: stages.map(({ a }) => count(a.entries)) },
    { title: words.customers, cells: stages.map(({ a }) => count(a.customers)) },
    { title: words.conversion, cells: stages.map(({ a }) => share(a.further?.conversion)) },
    { title: words.dwell, cells: stages.map(({ a }) => duration(a.dwell.median)) },
  ];
  const window = answer.from ? frame.since(date(answer.from, zone)) : frame.allTime;
  const until = answer.to && answer.to !== answer.as_of ? frame.until(date(answer.to, zone)) : "";
  const note = [window, until, zone, filtersInWords(view), frame.asOf(`${date(answer.as_of, zone)}, ${clock(answer.as_of, zone)}`)].filter(Boolean).join(" · ");
  save("waystage-map.png", await flowAsPng(drawn, words.title, note, narrow ? [] : captions));
}
