/** Why events of a customer entered a stage, or did not: which rules matched, and which would have but for one thing. */

import { useAnswer } from "../../../asking/answers";
import { useView } from "../../../frame/view";
import { Card } from "../../../parts/card";
import { Choice, Field, Select } from "../../../parts/fields";
import { Answered } from "../../../parts/states";
import { Stages, UNORDERED } from "../../../stages";
import { instant } from "../../../words/format";
import { said } from "../../../words/language";
import { labelOf } from "./list";
import type { Explained, Explanation, Model, Nearly } from "./wire";
import { WORDS } from "./words";

const SHOWN = 12;

export function Why({ models }: { models: Model[] }) {
  const view = useView();
  const words = said(WORDS);
  const explainable = models.filter(({ model, active }) => active !== null && model !== UNORDERED);
  const { who = "", by = "", number = "" } = view.params;
  const model = explainable.find((one) => one.model === (by || view.params["edit"])) ?? explainable[0];
  if (!model) return null;
  const stages = new Stages(view.known.models.find((one) => one.model === model.model));
  const events = view.params["events"] === "all" ? "all" : "entries";
  const version = model.model === view.params["edit"] && model.versions.some((one) => String(one.version) === number && ["draft", "retired"].includes(one.state)) ? number : "";
  return (
    <Card name="sm-why" title={words.why} note={words.whyNote}>
      <form class="sm-asking" autocomplete="off" aria-label={words.why} onSubmit={(event) => event.preventDefault()}>
        <Field label={words.customer} name="who" value={who} placeholder={words.customerHint} onCommit={(next) => view.set({ who: next, cursor: "" })} />
        <Select label={words.model} name="by" value={model.model} options={explainable.map((one) => [one.model, labelOf(one)] as const)} onChange={(next) => view.set({ by: next, cursor: "" })} />
        <Choice label={words.which} name="events" value={events} options={[["entries", words.whichOnes.entries], ["all", words.whichOnes.all]]} onChange={(next) => view.set({ events: next === "all" ? next : "", cursor: "" })} />
      </form>
      {who && <Events query={{ customer: who, model: model.model, version, events, limit: SHOWN, cursor: view.params["cursor"] ?? "" }} stages={stages} />}
    </Card>
  );
}

interface EventsProps {
  query: Record<string, string | number>;
  stages: Stages;
}

function Events({ query, stages }: EventsProps) {
  const view = useView();
  const words = said(WORDS);
  const asked = useAnswer<Explanation>("/v1/explain/stage", query);
  return (
    <Answered asked={asked}>
      {({ events, next }) => (
        <>
          {events.length === 0 && <p class="note">{words.noEvents}</p>}
          <ol class="sm-events">{events.map((event) => <EventOf key={event.message_id} event={event} stages={stages} />)}</ol>
          {next && <button type="button" class="quiet more" onClick={() => view.set({ cursor: next })}>{words.older}</button>}
        </>
      )}
    </Answered>
  );
}

function EventOf({ event, stages }: { event: Explained; stages: Stages }) {
  const { zone } = useView();
  const words = said(WORDS);
  return (
    <li>
      <p class="sm-event">
        <time class="note" dateTime={event.occurred_at}>{instant(event.occurred_at, zone)}</time>
        <strong class="value">{event.event ?? event.type}</strong>
        <span class="chip">{words.verdicts[event.verdict] ?? event.verdict} {event.stage && <b>{stages.label(event.stage)}</b>}</span>
        {event.lapsed_at && <span class="note">{words.lapsed(instant(event.lapsed_at, zone))}</span>}
      </p>
      {event.matched.length === 0 && event.verdict !== "no_rule" && event.why && <p class="note" lang="en">{event.why}</p>}
      {event.matched.length > 0 && <ul>{event.matched.map((rule) => <li key={rule.rule} lang="en"><code>{rule.rule}</code> {rule.asks}</li>)}</ul>}
      {event.nearly.length > 0 && (
        <details class="note">
          <summary>{words.nearly(event.nearly.length)}</summary>
          <ul>{event.nearly.map((rule) => <NearlyOf key={rule.rule} rule={rule} stages={stages} />)}</ul>
        </details>
      )}
    </li>
  );
}

function NearlyOf({ rule, stages }: { rule: Nearly; stages: Stages }) {
  const words = said(WORDS);
  return <li>{stages.label(rule.stage)} <code>{rule.rule}</code> <span lang="en">{words.expected(rule.failed.expected, rule.failed.found)}</span></li>;
}
