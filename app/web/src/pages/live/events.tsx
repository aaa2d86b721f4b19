/** Events as they arrive. Nothing moves under the reader: while an event is open, or the list is scrolled, newer ones wait. */

import { useEffect, useRef, useState } from "preact/hooks";
import { useAnswer } from "../../asking/answers";
import type { Query } from "../../asking/ask";
import { useView, type View } from "../../frame/view";
import { Card } from "../../parts/card";
import { Field, Select } from "../../parts/fields";
import { counted } from "../../words/format";
import { said } from "../../words/language";
import { LiveRow } from "./row";
import { type Stream, useStream } from "./stream";
import type { SourceHeard } from "./wire";
import { WORDS } from "./words";

const KINDS = { arrived: "accepted,derived", duplicate: "duplicate", failed: "failed" } as const;
type Kind = keyof typeof KINDS;
const ALL = Object.keys(KINDS) as Kind[];
const ANNOUNCED_EVERY = 20_000;

export function Events() {
  const view = useView();
  const words = said(WORDS);
  const list = useRef<HTMLOListElement>(null);
  const [scrolled, setScrolled] = useState(false);
  const [open, setOpen] = useState("");
  const paused = view.params["paused"] === "1";
  const stream = useStream(queryOf(view), paused || scrolled || open !== "");
  const newest = () => {
    setOpen("");
    list.current?.scrollTo({ top: 0 });
    stream.catchUp();
  };
  return (
    <Card name="live-events" title={words.arriving} note={<Said stream={stream} paused={paused} />} tools={<Tools stream={stream} paused={paused} onNewest={newest} />}>
      <Choices />
      {stream.rows.length === 0 && <Quiet />}
      <ol class="live-list" ref={list} tabIndex={0} aria-label={words.arriving} onScroll={({ currentTarget }) => setScrolled(currentTarget.scrollTop > 0)}>
        {stream.rows.map((row) => <LiveRow key={row.key} row={row} open={open === row.key} onToggle={(shown) => setOpen((now) => (shown ? row.key : now === row.key ? "" : now))} />)}
      </ol>
      <Announcement minute={stream.minute} />
    </Card>
  );
}

function queryOf({ params }: View): Query {
  const chosen = kindsOf(params["kind"]);
  const kind = chosen.length === ALL.length ? undefined : chosen.map((one) => KINDS[one]).join(",");
  return { kind, source: params["source"], event: params["event"], customer: params["customer"]?.includes(":") ? params["customer"] : undefined };
}

/** The kinds that the address names; all of them where it names none. */
function kindsOf(text: string | undefined): Kind[] {
  const named = ALL.filter((kind) => text?.split(",").includes(kind));
  return named.length > 0 ? named : ALL;
}

function Said({ stream: { state, minute }, paused }: { stream: Stream; paused: boolean }) {
  const words = said(WORDS);
  return <span class={`live-state ${paused ? "paused" : state}`}>{paused ? words.paused : words.states[state]} · {words.perMinute(counted(minute, words.events))}</span>;
}

function Tools({ stream: { waiting }, paused, onNewest }: { stream: Stream; paused: boolean; onNewest: () => void }) {
  const view = useView();
  const words = said(WORDS);
  return (
    <>
      <button type="button" class={waiting > 0 ? "quiet" : "quiet live-idle"} disabled={waiting === 0} onClick={onNewest}>{words.held(counted(waiting, words.events))}</button>
      <button type="button" class="quiet" aria-pressed={paused} onClick={() => view.set({ paused: paused ? "" : "1" }, true)}>{paused ? words.resume : words.pause}</button>
    </>
  );
}

function Choices() {
  const view = useView();
  const words = said(WORDS);
  const { answer } = useAnswer<{ sources: SourceHeard[] }>("/v1/sources");
  const sources = (answer?.sources ?? []).map(({ name }): [string, string] => [name, name]);
  return (
    <div class="live-choices">
      <Kinds />
      <Select label={words.source} name="source" value={view.params["source"] ?? ""} options={[["", words.anySource], ...sources]} onChange={(source) => view.set({ source })} />
      <Field label={words.event} name="event" type="search" value={view.params["event"] ?? ""} placeholder={words.eventHint} onChange={(event) => view.set({ event }, true)} />
      <Field label={words.customer} name="customer" type="search" value={view.params["customer"] ?? ""} placeholder={words.customerHint} onChange={(customer) => view.set({ customer }, true)} />
    </div>
  );
}

/** The last kind cannot be taken away. */
function Kinds() {
  const view = useView();
  const words = said(WORDS);
  const chosen = kindsOf(view.params["kind"]);
  const turn = (kind: Kind) => {
    const next = ALL.filter((one) => (one === kind ? !chosen.includes(one) : chosen.includes(one)));
    view.set({ kind: next.length === ALL.length ? "" : next.join(",") });
  };
  return (
    <fieldset class="live-kinds">
      <legend>{words.kind}</legend>
      {ALL.map((kind) => (
        <label key={kind}><input type="checkbox" checked={chosen.includes(kind)} disabled={chosen.length === 1 && chosen[0] === kind} onChange={() => turn(kind)} /> {words.kinds[kind]}</label>
      ))}
    </fieldset>
  );
}

function Quiet() {
  const view = useView();
  const words = said(WORDS);
  return <div class="live-quiet nothing"><p><strong>{words.nothingYet}</strong> {words.nothingYetWhy}</p><a class="quiet" href={view.href("setup")}>{words.toSetup}</a></div>;
}

/** For who does not see the list: now and then how much there is, not each event. */
function Announcement({ minute }: { minute: number }) {
  const words = said(WORDS);
  const now = useRef(minute);
  const [shown, set] = useState(0);
  now.current = minute;
  useEffect(() => {
    const timer = window.setInterval(() => set(now.current), ANNOUNCED_EVERY);
    return () => clearInterval(timer);
  }, []);
  return <p class="unseen" role="status">{shown > 0 && words.announced(counted(shown, words.events))}</p>;
}
