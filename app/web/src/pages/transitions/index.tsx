/** Who went from which stage to which: the flow, one transition closely, groups side by side, and the balance of each stage. */

import { useMemo } from "preact/hooks";
import { type Asked, useAnswer } from "../../asking/answers";
import type { Query } from "../../asking/ask";
import type { Transitions } from "../../asking/wire";
import { Figure } from "../../charts/figure";
import { useView, type View } from "../../frame/view";
import { BreakdownChooser } from "../../parts/breakdown";
import { Choice } from "../../parts/fields";
import { Answered, Heading, Nothing } from "../../parts/states";
import { Stages } from "../../stages";
import { clock, date } from "../../words/format";
import { FRAME } from "../../words/frame";
import { said } from "../../words/language";
import { type BrokenDown, chosen, type Distributed, pairKey } from "./answer";
import { stageColumns } from "./columns";
import { Groups } from "./groups";
import { Moves } from "./moves";
import { Pair } from "./pair";
import { WORDS } from "./words";

const PATH = "/v1/transitions";
const GROUPS = 12;

export default function TransitionsPage() {
  const view = useView();
  const words = said(WORDS);
  const query = { ...view.query, mode: modeOf(view) };
  const breakdown = view.params["breakdown"] ?? "";
  const grouped = { ...query, breakdown, top: GROUPS };
  const asked = useAnswer<Transitions>(PATH, query, view.live);
  const distributed = useAnswer<Distributed>(PATH, { ...query, distribution: true }, view.live);
  const broken = useAnswer<BrokenDown>(breakdown ? PATH : null, grouped, view.live);
  return (
    <>
      <Heading title={said(FRAME).pages.transitions} note={words.note} answer={asked.answer} />
      <div class="tr-tools">
        <Choice label={words.mode} name="mode" value={modeOf(view)} options={[["every", words.modes.every], ["first", words.modes.first]]} onChange={(mode) => view.set({ mode: mode === "first" ? mode : "" })} />
        <BreakdownChooser />
        <p class="note">{words.modesWhy[modeOf(view)]}</p>
      </div>
      <Answered asked={asked} lines={14}>{(answer) => <Told answer={answer} distributed={distributed} broken={breakdown ? broken : null} query={query} grouped={grouped} />}</Answered>
    </>
  );
}

function modeOf(view: View): "every" | "first" {
  return view.params["mode"] === "first" ? "first" : "every";
}

interface ToldProps {
  answer: Transitions;
  distributed: Asked<Distributed>;
  /** Null where nothing is broken down. */
  broken: Asked<BrokenDown> | null;
  query: Query;
  grouped: Query;
}

function Told({ answer, distributed, broken, query, grouped }: ToldProps) {
  const view = useView();
  const words = said(WORDS);
  const stages = useMemo(() => new Stages(view.model, answer.stages), [view.model, answer.stages]);
  const pair = chosen(answer.transitions, view.params);
  const caption = captionOf(answer, view);
  if (!pair) return <div class="card"><Nothing /></div>;
  return (
    <>
      <Moves moves={answer.transitions} stages={stages} query={query} marked={pairKey(pair)} caption={caption} />
      <Pair pair={pair} moves={answer.transitions} stages={stages} query={query} distributed={distributed} caption={caption} />
      {broken && <Answered asked={broken}>{(told) => <Groups answer={told} pair={pair} stages={stages} query={grouped} caption={caption} />}</Answered>}
      <Figure name="stages" title={words.stages} note={words.stagesNote} columns={stageColumns(stages, query)} rows={answer.stages} keyOf={({ stage }) => stage} order={stages.ordered ? { column: "stage", descending: false } : { column: "entries", descending: true }} />
    </>
  );
}

/** What a picture says under its title. */
function captionOf(answer: Transitions & { from?: string | null; to?: string | null }, view: View): string {
  const words = said(FRAME);
  const since = answer.from ? words.since(date(answer.from, view.zone)) : words.allTime;
  return `${since} · ${view.zone} · ${words.asOf(`${date(answer.as_of, view.zone)}, ${clock(answer.as_of, view.zone)}`)}`;
}
