/** One thing that happened: a line, which opens to all that is told of it. What events say goes in as text. */

import type { ComponentChildren } from "preact";
import { nameOf, titleOf } from "../../asking/identifiers";
import { useView, type View } from "../../frame/view";
import { ChannelName, IdentifierName, StageName } from "../../parts/marks";
import { Stages } from "../../stages";
import { clock, counted, instant, named } from "../../words/format";
import { said } from "../../words/language";
import { whyChannel, whyMachine } from "../../words/reasons";
import { reasonOf } from "./codes";
import { Fact } from "./fact";
import type { Row } from "./rows";
import type { DerivedTold, EventTold, FailedTold } from "./wire";
import { WORDS } from "./words";

interface RowProps {
  row: Row;
  open: boolean;
  onToggle: (open: boolean) => void;
}

export function LiveRow({ row, open, onToggle }: RowProps) {
  if (row.what === "left_out") return <LeftOut row={row} />;
  return (
    <li class={`live-row live-${row.what}`}>
      <details open={open} onToggle={({ currentTarget }) => currentTarget.open !== open && onToggle(currentTarget.open)}>
        <summary><Line row={row} /></summary>
        {open && (row.what === "failed" ? <FailedMore row={row} failed={row.failed} /> : <EventMore row={row} event={row.event} derived={row.derived} duplicate={row.duplicate} />)}
      </details>
    </li>
  );
}

function LeftOut({ row }: { row: Extract<Row, { what: "left_out" }> }) {
  const words = said(WORDS);
  return <li class="live-row live-left note">{[row.source, words.leftOut[row.left](counted(row.events, words.events))].filter(Boolean).join(": ")}</li>;
}

function Line({ row }: { row: Exclude<Row, { what: "left_out" }> }) {
  const view = useView();
  return (
    <span class="live-line">
      <time dateTime={row.at}>{clock(row.at, view.zone)}</time>
      <span class="live-source note">{row.source}</span>
      {row.what === "failed" ? <FailedLine failed={row.failed} /> : <EventLine event={row.event} derived={row.derived} duplicate={row.duplicate} />}
    </span>
  );
}

function FailedLine({ failed: { code, field, message } }: { failed: FailedTold }) {
  return (
    <>
      <span class="live-name bad">{reasonOf(code)}</span>
      <span class="live-who mono">{field}</span>
      <span class="live-made note">{message}</span>
    </>
  );
}

function EventLine({ event, derived, duplicate }: { event: EventTold; derived: DerivedTold | null; duplicate: boolean }) {
  const words = said(WORDS);
  const identifiers = derived?.customer ? [derived.customer] : event.identifiers;
  return (
    <>
      <span class="live-name">{event.event ?? words.types[event.type] ?? event.type}</span>
      <span class="live-who">{identifiers.length > 0 ? titleOf(identifiers) : words.nobody}</span>
      <span class="live-made">
        {duplicate && <span class="chip">{words.duplicate}</span>}
        {!duplicate && !derived && <span class="note">{words.deriving}</span>}
        {derived && <Verdicts derived={derived} />}
      </span>
    </>
  );
}

/** The channel of what is no touch of its own moves nothing, and stands back. */
function Verdicts({ derived: { channel, machine_rule: machine, touch, entries } }: { derived: DerivedTold }) {
  const view = useView();
  const entry = entries.find(({ model }) => model === view.model?.model);
  return (
    <>
      {touch ? <ChannelName channel={channel} /> : <span class="note">{view.channel(channel)}</span>}
      {machine && <span class="chip live-machine">{said(WORDS).machine}</span>}
      {entry && <Move from={entry.from} to={entry.stage} />}
    </>
  );
}

function Move({ from, to }: { from: string | null; to: string }) {
  const view = useView();
  const back = view.stages.back(from, to);
  return <span class={back ? "live-move bad" : "live-move"}>{from && <><StageName stage={from} /><span aria-hidden="true">{back ? "↩" : "→"}</span></>}<StageName stage={to} /></span>;
}

function More({ children }: { children: ComponentChildren }) {
  return <dl class="live-more">{children}</dl>;
}

function FailedMore({ row, failed: { code, field, message, message_id } }: { row: Row; failed: FailedTold }) {
  const view = useView();
  const words = said(WORDS);
  return (
    <More>
      <Fact name={words.wrong}>{[reasonOf(code), field, message].filter(Boolean).join(" · ")}</Fact>
      {message_id && <Fact name={words.messageId}><span class="mono">{message_id}</span></Fact>}
      <Fact name={words.arrived}>{instant(row.at, view.zone)}</Fact>
      <dd><a href={view.href("live", "failed", { code, source: row.source, field: field ?? "" })}>{words.alike}</a></dd>
    </More>
  );
}

function EventMore({ row, event, derived, duplicate }: { row: Row; event: EventTold; derived: DerivedTold | null; duplicate: boolean }) {
  const view = useView();
  const words = said(WORDS);
  return (
    <More>
      <Fact name={words.messageId}><span class="mono">{event.message_id}</span></Fact>
      <Fact name={words.occurred}>{instant(event.occurred_at, view.zone)}</Fact>
      <Fact name={words.arrived}>{instant(row.at, view.zone)}</Fact>
      {event.url && <Fact name={words.address}><span class="mono">{event.url}</span></Fact>}
      <Fact name={words.identifiers}><span class="chips">{event.identifiers.map((each) => <IdentifierName key={`${each.kind}:${each.value}`} {...each} />)}</span></Fact>
      {derived && <Made derived={derived} />}
      {!derived && <dd class="note">{duplicate ? words.isDuplicate : words.notDerived}</dd>}
    </More>
  );
}

function Made({ derived: { customer, channel, channel_rule, channel_why, machine_rule, machine_why, touch, entries } }: { derived: DerivedTold }) {
  const view = useView();
  const words = said(WORDS);
  return (
    <>
      <Fact name={words.channel}>{view.channel(channel)}: {whyChannel(channel_rule, channel_why)}</Fact>
      {machine_rule && <Fact name={words.whyMachine}>{whyMachine(machine_rule, machine_why)}</Fact>}
      <Fact name={words.touch}>{touch ? view.kind(touch) : words.noTouch}</Fact>
      <Fact name={words.stages}>{entries.length > 0 ? entries.map((entry) => <p key={entry.model}>{named(entry.model)}: {stageIn(view, entry.model, entry.from)} → {stageIn(view, entry.model, entry.stage)}</p>) : words.noStage}</Fact>
      {customer && <dd><a href={view.href("customers", nameOf([customer]))}>{words.journey}</a></dd>}
    </>
  );
}

/** The words for a stage of any model that is asked about here. */
function stageIn(view: View, model: string, stage: string | null): string {
  return new Stages(view.known.models.find((one) => one.model === model)).label(stage);
}
