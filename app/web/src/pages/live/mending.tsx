/** One failed event: what is wrong with it and where, and mending it. What it says goes in as text. */

import { useEffect, useId, useRef, useState } from "preact/hooks";
import { useAnswer } from "../../asking/answers";
import { inWords, Refusal, send } from "../../asking/ask";
import { useView } from "../../frame/view";
import { Answered } from "../../parts/states";
import { instant } from "../../words/format";
import { FRAME } from "../../words/frame";
import { said } from "../../words/language";
import { useSending } from "../../asking/sending";
import { reasonOf } from "./codes";
import { Fact } from "./fact";
import { faultOf, laidOut, marked } from "./where";
import type { Replayed, WholeFailedEvent } from "./wire";
import { WORDS } from "./words";

const NOT_FOUND = 404;

/** The drawer with the failed event that the address names. */
export function Mending({ onChange }: { onChange: () => void }) {
  const view = useView();
  const number = Number(view.params["open"] ?? "");
  return Number.isInteger(number) && number > 0 ? <Drawer key={number} number={number} onChange={onChange} /> : null;
}

function Drawer({ number, onChange }: { number: number; onChange: () => void }) {
  const view = useView();
  const words = said(WORDS);
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog class="drawer" ref={dialog} aria-labelledby={id} onClose={() => view.set({ open: "" })} onClick={({ target }) => target === dialog.current && dialog.current?.close()}>
      <div class="inside">
        <div class="titled">
          <h2 id={id}>{words.one(number)}</h2>
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>{said(FRAME).close}</button>
        </div>
        <One number={number} onChange={onChange} />
      </div>
    </dialog>
  );
}

function One({ number, onChange }: { number: number; onChange: () => void }) {
  const words = said(WORDS);
  const asked = useAnswer<WholeFailedEvent>(`/v1/failed-events/${number}`);
  const [became, set] = useState<Replayed | null>(null);
  if (became && became.failed === 0) return <p role="status" class="good"><strong>{became.stored ? words.stored : words.wasDuplicate}</strong></p>;
  if (asked.failure instanceof Refusal && asked.failure.status === NOT_FOUND) return <p role="status">{words.gone}</p>;
  const done = (answer: Replayed) => {
    set(answer);
    asked.again();
    onChange();
  };
  return (
    <Answered asked={asked}>
      {(failed) => (
        <>
          {became && <p class="trouble" role="alert">{words.still} {became.message}</p>}
          <Shown failed={failed} />
          <Deeds failed={failed} onDone={done} />
        </>
      )}
    </Answered>
  );
}

function Shown({ failed: { code, field, message, body, message_id, received_at, source, import: job, line, edited_at, arrival } }: { failed: WholeFailedEvent }) {
  const { zone } = useView();
  const words = said(WORDS);
  return (
    <>
      <dl class="live-more">
        <Fact name={words.wrong}><strong>{[reasonOf(code), field].filter(Boolean).join(" · ")}</strong><p class="note">{message}</p></Fact>
        <Fact name={words.received}>{instant(received_at, zone)} · {source}</Fact>
        {job !== null && <Fact name={words.byImport}>{[job, line && words.line(String(line))].filter(Boolean).join(" · ")}</Fact>}
        {message_id && <Fact name={words.messageId}><span class="mono">{message_id}</span></Fact>}
        {arrival.webhook && <Fact name={words.webhook}>{arrival.webhook}</Fact>}
        {arrival.agent && <Fact name={words.agent}>{arrival.agent}</Fact>}
        {edited_at && <Fact name={words.edited}>{instant(edited_at, zone)}</Fact>}
      </dl>
      <h3>{words.body}</h3>
      <Body text={laidOut(body)} fault={{ code, field, message }} />
    </>
  );
}

function Body({ text, fault }: { text: string; fault: Parameters<typeof marked>[1] }) {
  const parts = marked(text, fault);
  return <pre class="live-text" tabIndex={0} aria-label={said(WORDS).body}>{parts ? <>{parts[0]}<mark>{parts[1]}</mark>{parts[2]}</> : text}</pre>;
}

function Deeds({ failed, onDone }: { failed: WholeFailedEvent; onDone: (became: Replayed) => void }) {
  const view = useView();
  const words = said(WORDS);
  const sending = useSending();
  const [text, setText] = useState<string | null>(null);
  const path = `/v1/failed-events/${failed.id}`;
  const replay = () => send<Replayed>("POST", `${path}/replay`);
  const mend = async (mended: string) => {
    await send("PUT", path, {}, new Blob([mended], { type: "application/json" }));
    return replay();
  };
  const done = (became: Replayed) => (setText(null), onDone(became));
  if (!view.admin) return <p class="note live-readonly">{said(FRAME).readOnly}</p>;
  return (
    <div class="live-deeds">
      {text !== null && <Editor text={text} sending={sending.sending} onText={setText} onSave={(mended) => sending.run(() => mend(mended), done)} onCancel={() => setText(null)} />}
      {sending.failure && <p class="trouble" role="alert">{inWords(sending.failure)}</p>}
      {text === null && (
        <p class="tools">
          <button type="button" class="button" onClick={() => setText(laidOut(failed.body))}>{words.mend}</button>
          <button type="button" class="quiet" disabled={sending.sending} onClick={() => sending.run(replay, done)}>{words.replay}</button>
        </p>
      )}
    </div>
  );
}

interface EditorProps {
  text: string;
  sending: boolean;
  onText: (text: string) => void;
  onSave: (text: string) => void;
  onCancel: () => void;
}

function Editor({ text, sending, onText, onSave, onCancel }: EditorProps) {
  const words = said(WORDS);
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const fault = faultOf(text);
  useEffect(() => area.current?.focus(), []);
  return (
    <>
      <label class="note" for={id}>{words.mended}</label>
      <textarea id={id} class="mono" ref={area} rows={14} spellcheck={false} value={text} aria-invalid={fault !== null} onInput={({ currentTarget }) => onText(currentTarget.value)} />
      {fault !== null && <p class="note bad" role="status">{words.notJson(fault)}</p>}
      <p class="tools">
        <button type="button" class="button" disabled={sending || fault !== null} onClick={() => onSave(text)}>{words.saveAndReplay}</button>
        <button type="button" class="quiet" onClick={onCancel}>{words.cancel}</button>
      </p>
    </>
  );
}
