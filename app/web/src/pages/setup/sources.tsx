/** Sources: how each is heard of, making one, and connecting it. */

import { useRef, useState } from "preact/hooks";
import { useAnswer } from "../../asking/answers";
import { inWords, send } from "../../asking/ask";
import { useView } from "../../frame/view";
import { Card } from "../../parts/card";
import { Choice, Field } from "../../parts/fields";
import { Moment } from "../../parts/marks";
import type { Column } from "../../parts/sorting";
import { Answered } from "../../parts/states";
import { Table } from "../../parts/table";
import { count } from "../../words/format";
import { said } from "../../words/language";
import { Connecting } from "./connecting";
import { useSending } from "../../asking/sending";
import type { MadeKey, MadeSource, SourceHeard } from "./wire";
import { WORDS } from "./words";

const GOOD = "live";
const KINDS = ["public", "trusted"] as const;

export function Sources() {
  const view = useView();
  const words = said(WORDS);
  const asked = useAnswer<{ sources: SourceHeard[] }>("/v1/sources", {}, true);
  const [keys, keep] = useState<Readonly<Record<string, MadeKey>>>({});
  const columns = useColumns();
  const shown = view.params["shown"] ?? "";
  const made = ({ name, key }: MadeSource) => {
    keep((kept) => ({ ...kept, [name]: key }));
    view.set({ shown: name });
    asked.again();
  };
  return (
    <>
      {view.admin && <NewSource onMade={made} />}
      <Answered asked={asked}>
        {({ sources }) => {
          const chosen = sources.find(({ name }) => name === shown);
          return (
            <>
              {shown && !chosen && <p class="note">{words.noSource}</p>}
              {chosen && <Connecting key={chosen.name} source={chosen} made={keys[chosen.name]} onMade={(key) => made({ ...chosen, key })} />}
              <Card title={words.sources} note={words.sourcesNote}>
                <Table name="sources" caption={words.sources} columns={columns} rows={sources} keyOf={({ name }) => name} order={{ column: "name", descending: false }} marked={shown} />
              </Card>
            </>
          );
        }}
      </Answered>
    </>
  );
}

function useColumns(): Column<SourceHeard>[] {
  const view = useView();
  const words = said(WORDS);
  return [
    { name: "name", title: words.name, value: ({ name }) => name, show: ({ name }) => <a class="value su-name" href={view.with({ shown: name })}>{name}</a> },
    { name: "kind", title: words.kind, value: ({ kind }) => words.kinds[kind] ?? kind },
    { name: "state", title: words.state, value: ({ state }) => words.states[state] ?? state, show: (source) => <Heard of={source} /> },
    { name: "last", title: words.lastEvent, value: ({ last_event_at }) => last_event_at, show: ({ last_event_at: at }) => (at ? <Moment at={at} /> : words.never) },
    { name: "day", title: words.lastDay, numeric: true, value: ({ events_24h }) => events_24h, show: ({ events_24h }) => count(events_24h) },
    { name: "failed", title: words.failed, numeric: true, value: ({ failed_24h }) => failed_24h, show: ({ failed_24h }) => count(failed_24h) },
  ];
}

function Heard({ of: { state, why } }: { of: SourceHeard }) {
  const tone = state === GOOD ? "good" : state === "waiting" ? "note" : "bad";
  return <span class={`su-state ${tone}`} title={why}>{said(WORDS).states[state] ?? state}</span>;
}

function NewSource({ onMade }: { onMade: (made: MadeSource) => void }) {
  const words = said(WORDS);
  const sending = useSending();
  const form = useRef<HTMLFormElement>(null);
  const [kind, choose] = useState<SourceHeard["kind"]>("public");
  const make = (event: Event) => {
    event.preventDefault();
    const name = form.current?.querySelector<HTMLInputElement>("[name=name]")?.value.trim() ?? "";
    sending.run(() => send<MadeSource>("POST", "/v1/sources", {}, { name, kind }), (made) => (form.current?.reset(), onMade(made)));
  };
  return (
    <Card title={words.newSource} note={words.kindsWhy[kind]}>
      <form class="su-row" ref={form} autocomplete="off" onSubmit={make}>
        <Field label={words.name} name="name" value="" placeholder={words.sourceHint} />
        <Choice label={words.kind} name="kind" value={kind} options={KINDS.map((each) => [each, words.kinds[each] ?? each])} onChange={(next) => choose(next as SourceHeard["kind"])} />
        <button class="button" disabled={sending.sending}>{words.makeSource}</button>
      </form>
      {sending.failure && <p class="trouble" role="alert">{inWords(sending.failure)}</p>}
    </Card>
  );
}
