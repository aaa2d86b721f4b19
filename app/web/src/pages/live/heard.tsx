/** How sources are heard, and how much of what browsers sent did not arrive. */

import { useAnswer } from "../../asking/answers";
import { Figure } from "../../charts/figure";
import { useView } from "../../frame/view";
import { Moment, Part } from "../../parts/marks";
import type { Column } from "../../parts/sorting";
import { Answered } from "../../parts/states";
import { ABSENT, count, decimal, percent, signed } from "../../words/format";
import { said } from "../../words/language";
import type { Loss, Losses, SourceHeard } from "./wire";
import { WORDS } from "./words";

export function Heard() {
  const words = said(WORDS);
  const heard = useAnswer<{ sources: SourceHeard[] }>("/v1/sources", {}, true);
  const losses = useAnswer<Losses>("/v1/losses", {}, true);
  const columns = { heard: useHeardColumns(), losses: useLossColumns() };
  return (
    <>
      <Answered asked={heard}>
        {({ sources }) => <Figure name="heard" title={words.health} note={words.healthNote} columns={columns.heard} rows={sources} keyOf={({ name }) => name} order={{ column: "state", descending: true }} />}
      </Answered>
      <Answered asked={losses}>
        {({ sources }) => <Figure name="losses" title={words.losses} note={words.lossesNote} columns={columns.losses} rows={sources} keyOf={({ source }) => source} order={{ column: "lost", descending: true }} />}
      </Answered>
    </>
  );
}

function useHeardColumns(): Column<SourceHeard>[] {
  const view = useView();
  const words = said(WORDS);
  return [
    { name: "name", title: words.name, value: ({ name }) => name, show: ({ name }) => <a class="value" href={view.href("live", "", { source: name })}>{name}</a> },
    { name: "state", title: words.state, value: urgency, csv: ({ state }) => words.sourceStates[state], show: (source) => <State of={source} /> },
    { name: "last", title: words.lastEvent, value: ({ last_event_at: at }) => at, show: ({ last_event_at: at }) => (at ? <Moment at={at} /> : words.never) },
    { name: "hour", title: words.hour, numeric: true, value: ({ hour }) => hour.rate, show: ({ hour }) => decimal(hour.rate) },
    { name: "day", title: words.day, numeric: true, value: ({ day }) => day.events, show: ({ day }) => count(day.events) },
    { name: "before", title: words.before, numeric: true, value: ({ day }) => day.events_before, show: ({ day }) => count(day.events_before) },
    { name: "change", title: words.change, numeric: true, value: ({ day }) => day.change && day.change - 1, show: ({ day }) => signed(day.change === null ? null : day.change - 1, percent) },
    {
      name: "failed", title: words.failedDay, numeric: true, value: ({ failed_24h }) => failed_24h,
      show: ({ name, failed_24h }) => (failed_24h ? <a href={view.href("live", "failed", { source: name })}>{count(failed_24h)}</a> : count(0)),
    },
  ];
}

const URGENCY = { live: 0, waiting: 1, quiet: 2, dropped: 3 };

function urgency({ state }: SourceHeard): number {
  return URGENCY[state];
}

function State({ of }: { of: SourceHeard }) {
  const words = said(WORDS);
  const tone = of.state === "live" ? "good" : of.state === "waiting" ? "note" : "bad";
  return <span class="live-heard"><span class={`live-dot ${tone}`}>{words.sourceStates[of.state]}</span> <span class="note">{why(of)}</span></span>;
}

/** Why the state is what it is, from the numbers that it was told by. */
function why({ state, expected, hour, day }: SourceHeard): string {
  const words = said(WORDS).why;
  if (state === "quiet") return words.quiet(count(Math.round(expected)));
  if (state === "waiting") return words.waiting;
  if (state === "live") return day.events_before ? words.live : words.new;
  const span = day.events < day.events_before / 2 ? day : hour;
  return words.dropped(count(span.events), count(span.events_before));
}

function useLossColumns(): Column<Loss>[] {
  const words = said(WORDS);
  return [
    { name: "source", title: words.name, value: ({ source }) => source },
    { name: "received", title: words.numbered, numeric: true, value: ({ received }) => received, show: ({ received }) => count(received) },
    { name: "gaps", title: words.missing, numeric: true, value: ({ gaps }) => gaps, show: ({ gaps }) => count(gaps) },
    { name: "lost", title: words.lost, numeric: true, value: ({ loss }) => loss, show: ({ loss }) => (loss === null ? ABSENT : <Part of={loss} />) },
    { name: "dropped", title: words.dropped, numeric: true, value: ({ dropped }) => dropped, show: ({ dropped }) => count(dropped) },
  ];
}
