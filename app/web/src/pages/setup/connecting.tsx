/** One source being connected: what to paste or call, and whether anything arrived. */

import { useRef } from "preact/hooks";
import { useAnswer } from "../../asking/answers";
import { inWords, send } from "../../asking/ask";
import { useView } from "../../frame/view";
import { Card } from "../../parts/card";
import { Code } from "../../parts/code";
import { Moment } from "../../parts/marks";
import { said } from "../../words/language";
import { useSending } from "../../asking/sending";
import type { MadeKey, Snippet, SourceHeard } from "./wire";
import { WORDS } from "./words";

interface ConnectingProps {
  source: SourceHeard;
  made: MadeKey | undefined;
  onMade: (made: MadeKey) => void;
}

export function Connecting({ source, made, onMade }: ConnectingProps) {
  const words = said(WORDS);
  return (
    <Card title={words.install(source.name)}>
      <Arrival source={source} />
      <How source={source} made={made} onMade={onMade} />
    </Card>
  );
}

/** Turns by itself when the first event arrives. */
function Arrival({ source }: { source: SourceHeard }) {
  const words = said(WORDS);
  const waited = useRef(source.last_event_at === null);
  if (!source.last_event_at) return <p class="su-arrival waiting" role="status">{words.waiting}</p>;
  return <p class="su-arrival arrived" role="status">{waited.current ? words.arrived : words.hearing} <Moment at={source.last_event_at} /></p>;
}

function How({ source, made, onMade }: ConnectingProps) {
  const words = said(WORDS);
  const known = useAnswer<Snippet>(source.kind === "public" && !made ? "/v1/snippet" : null);
  const snippet = made?.snippet ?? (known.answer?.source === source.name ? known.answer.snippet : null);
  return (
    <>
      {made && <p class="su-once"><strong>{words.toldOnce}.</strong> {words.toldWhy}</p>}
      {made && <Code text={made.key} label={words.newKeyOf(words.scopes["write"] ?? "")} />}
      {snippet && <p class="su-how">{words.pasteSnippet}</p>}
      {snippet && <Code text={snippet} label={words.snippetOf(source.name)} />}
      {made && source.kind === "trusted" && <p class="su-how">{words.callServer}</p>}
      {made && source.kind === "trusted" && <Code text={call(made.key)} label={words.callOf(source.name)} />}
      {!made && !snippet && (known.answer || source.kind === "trusted") && <AnotherKey source={source} onMade={onMade} />}
    </>
  );
}

function call(key: string): string {
  const event = '{"event": "Order Completed", "userId": "u-1", "properties": {"revenue": 19.9}}';
  return `curl ${location.origin}/v1/track -u "${key}:" --json '${event}'`;
}

function AnotherKey({ source, onMade }: { source: SourceHeard; onMade: (made: MadeKey) => void }) {
  const view = useView();
  const words = said(WORDS);
  const sending = useSending();
  const make = () => sending.run(() => send<MadeKey>("POST", "/v1/keys", {}, { scope: "write", source: source.name }), onMade);
  return (
    <div class="su-how">
      <p class="note">{words.keyNotKept}</p>
      {view.admin && <button type="button" class="quiet" disabled={sending.sending} onClick={make}>{words.anotherKey}</button>}
      {sending.failure && <p class="trouble" role="alert">{inWords(sending.failure)}</p>}
    </div>
  );
}
