/** The journey from moment to moment, across devices and channels. */

import { useMemo, useState } from "preact/hooks";
import { useView } from "../../frame/view";
import { Card } from "../../parts/card";
import { Choice } from "../../parts/fields";
import { Loading } from "../../parts/states";
import { count, day } from "../../words/format";
import { said } from "../../words/language";
import { MomentItem } from "./moment";
import { byDay, type Kind, KINDS, kindsOf, type Moment, unhidden } from "./moments";
import { WORDS } from "./words";

const SHOWN = 60;
const MORE = 200;

/** A journey is read from its beginning: what is newest stands here only when the whole of it is read. */
export function Timeline({ customer, list, whole }: { customer: string; list: readonly Moment[]; whole: boolean }) {
  const view = useView();
  const words = said(WORDS);
  const [most, setMost] = useState(SHOWN);
  const oldest = view.params["order"] === "oldest";
  const hidden = hiddenIn(view.params["hide"]);
  const ordered = useMemo(() => (oldest ? list : [...list].reverse()), [list, oldest]);
  const chosen = whole || oldest ? unhidden(ordered, hidden) : [];
  const days = byDay(chosen.slice(0, most), (at) => day(at, view.zone));
  return (
    <Card name="customer-timeline" title={words.timeline} tools={<Order oldest={oldest} />}>
      <KindChooser list={list} hidden={hidden} />
      {!whole && !oldest && <Loading lines={12} />}
      {whole && list.length > 0 && chosen.length === 0 && <p class="note">{words.nothingShown}</p>}
      <div id="moments">
        {days.map((run) => (
          <section key={run.day} class="customer-day">
            <h3>{run.day}</h3>
            <ol class="moments">{run.moments.map((moment) => <MomentItem key={keyOf(moment)} moment={moment} customer={customer} />)}</ol>
          </section>
        ))}
      </div>
      {chosen.length > most && <button type="button" class="quiet more" onClick={() => setMost(most + MORE)}>{words.moreMoments(count(chosen.length - most))}</button>}
    </Card>
  );
}

function keyOf({ at, event, entry, touch, session }: Moment): string {
  return JSON.stringify([at, event?.source, event?.message_id, entry?.stage, touch?.message_id, session?.message_id]);
}

function Order({ oldest }: { oldest: boolean }) {
  const view = useView();
  const words = said(WORDS);
  const options = [["newest", words.orders.newest], ["oldest", words.orders.oldest]] as const;
  return <Choice label={words.order} name="order" value={oldest ? "oldest" : "newest"} options={options} onChange={(order) => view.set({ order: order === "oldest" ? order : "" })} />;
}

function hiddenIn(text = ""): Kind[] {
  return KINDS.filter((kind) => text.split(",").includes(kind));
}

function KindChooser({ list, hidden }: { list: readonly Moment[]; hidden: readonly Kind[] }) {
  const view = useView();
  const words = said(WORDS);
  const numbers = useMemo(() => KINDS.map((kind) => list.filter((moment) => kindsOf(moment).includes(kind)).length), [list]);
  const turn = (kind: Kind) => view.set({ hide: KINDS.filter((each) => (each === kind) !== hidden.includes(each)).join(",") });
  return (
    <fieldset class="customer-kinds">
      <legend class="unseen">{words.shown}</legend>
      {KINDS.map((kind, at) => (
        <label key={kind}><input type="checkbox" name={kind} checked={!hidden.includes(kind)} onChange={() => turn(kind)} /> {words.kinds[kind]} <span class="note">{count(numbers[at])}</span></label>
      ))}
    </fieldset>
  );
}
