/** Events that could not be stored: their reasons, the events of one reason, and trying them all again. */

import { useState } from "preact/hooks";
import { useAnswer } from "../../asking/answers";
import { inWords, type Query, send } from "../../asking/ask";
import { Figure } from "../../charts/figure";
import { useView } from "../../frame/view";
import { Card } from "../../parts/card";
import { Moment } from "../../parts/marks";
import type { Column } from "../../parts/sorting";
import { Answered } from "../../parts/states";
import { count, counted } from "../../words/format";
import { FRAME } from "../../words/frame";
import { said } from "../../words/language";
import { useSending } from "../../asking/sending";
import { reasonOf } from "./codes";
import { Mending } from "./mending";
import type { FailedEvent, Reason, Replayed } from "./wire";
import { WORDS } from "./words";

const PAGE = 50;
const CHOSEN = ["code", "field"] as const;

export function Failed() {
  const view = useView();
  const words = said(WORDS);
  const { code, field, source } = view.params;
  const asked = useAnswer<{ reasons: Reason[] }>("/v1/failed-events/reasons", { source }, true);
  const columns = useColumns();
  const chosen = (reason: Reason) => reason.code === code && (reason.field ?? "") === (field ?? "") && (!source || reason.source === source);
  return (
    <>
      {!view.admin && <p class="note live-readonly">{said(FRAME).readOnly}</p>}
      <Answered asked={asked}>
        {({ reasons }) =>
          reasons.length === 0 ? (
            <Card title={words.reasons} note={words.reasonsNote}><p class="nothing">{words.noneFailed}</p></Card>
          ) : (
            <>
              <Figure name="reasons" title={words.reasons} note={words.reasonsNote} columns={columns} rows={reasons} keyOf={keyOf} order={{ column: "events", descending: true }} />
              <Listed query={{ code, field, source }} total={reasons.filter((reason) => !code || chosen(reason)).reduce((sum, { events }) => sum + events, 0)} onChange={asked.again} />
            </>
          )
        }
      </Answered>
      <Mending onChange={asked.again} />
    </>
  );
}

function keyOf({ source, code, field }: Reason): string {
  return JSON.stringify([source, code, field]);
}

function useColumns(): Column<Reason>[] {
  const view = useView();
  const words = said(WORDS);
  const of = ({ source, code, field }: Reason) => view.with({ source, code, field: field ?? "", open: "" });
  const shown = ({ source, code, field }: Reason) => [source, code, field ?? ""].join() === ["source", "code", "field"].map((name) => view.params[name] ?? "").join();
  return [
    { name: "code", title: words.reason, value: ({ code }) => reasonOf(code), show: (reason) => <><a href={of(reason)} aria-current={shown(reason) || undefined}>{reasonOf(reason.code)}</a> <span class="note mono">{reason.code}</span></> },
    { name: "field", title: words.field, value: ({ field }) => field, show: ({ field }) => <span class="mono">{field ?? "–"}</span> },
    { name: "source", title: words.source, value: ({ source }) => source },
    { name: "events", title: words.count, numeric: true, value: ({ events }) => events, show: ({ events }) => count(events) },
    { name: "first", title: words.first, value: ({ first }) => first, show: ({ first }) => <Moment at={first} /> },
    { name: "last", title: words.last, value: ({ last }) => last, show: ({ last }) => <Moment at={last} /> },
  ];
}

function Listed({ query, total, onChange }: { query: Query; total: number; onChange: () => void }) {
  const view = useView();
  const words = said(WORDS);
  const [most, setMost] = useState(PAGE);
  const { code } = query;
  const asked = useAnswer<{ failed_events: FailedEvent[]; next: number | null }>("/v1/failed-events", { ...query, limit: most }, true);
  const none = Object.fromEntries(["source", ...CHOSEN].map((name) => [name, ""]));
  return (
    <Card
      name="live-failures"
      title={code ? words.listOf(reasonOf(String(code))) : words.allFailed}
      tools={
        <>
          {code && <button type="button" class="quiet" onClick={() => view.set(none)}>{words.showAll}</button>}
          {view.admin && total > 0 && <ReplayAll query={query} total={total} onDone={() => (asked.again(), onChange())} />}
        </>
      }
    >
      <Answered asked={asked}>
        {({ failed_events, next }) => (
          <>
            <ul class="live-faults">{failed_events.map((failed) => <Fault key={failed.id} failed={failed} />)}</ul>
            {next !== null && <button type="button" class="quiet more" onClick={() => setMost(most + PAGE)}>{said(FRAME).showMore}</button>}
          </>
        )}
      </Answered>
    </Card>
  );
}

function Fault({ failed: { id, received_at, source, code, field, body } }: { failed: FailedEvent }) {
  const view = useView();
  return (
    <li>
      <a class="live-fault" href={view.with({ open: String(id) })}>
        <span class="note"><Moment at={received_at} /></span>
        <span class="note">{source}</span>
        <span>{[reasonOf(code), field].filter(Boolean).join(" · ")}</span>
        <span class="mono live-body">{body}</span>
      </a>
    </li>
  );
}

/** Tries them part by part; what a part did stays done where the next one fails. */
function ReplayAll({ query, total, onDone }: { query: Query; total: number; onDone: () => void }) {
  const words = said(WORDS);
  const sending = useSending();
  const [became, set] = useState<Replayed | null>(null);
  const work = async () => {
    let done: Replayed = { stored: 0, duplicates: 0, failed: 0 };
    for (let cursor: number | null | undefined = 0; cursor !== null && cursor !== undefined; ) {
      const part: Replayed = await send<Replayed>("POST", "/v1/failed-events/replay", { ...query, cursor });
      done = { stored: done.stored + part.stored, duplicates: done.duplicates + part.duplicates, failed: done.failed + part.failed };
      set(done);
      cursor = part.next;
    }
    return done;
  };
  const sum = became && became.stored + became.duplicates + became.failed;
  return (
    <>
      <span class="note" role="status">
        {sending.failure ? inWords(sending.failure) : became && (sending.sending ? words.replaying(count(sum)) : words.became(count(became.stored), count(became.duplicates), count(became.failed)))}
      </span>
      <button type="button" class="quiet" disabled={sending.sending} onClick={() => sending.run(work, onDone)}>{words.replayAll(counted(total, words.events))}</button>
    </>
  );
}
