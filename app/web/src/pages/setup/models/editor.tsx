/** A document as text with numbered lines; what the server finds wrong with it is said at its line. */

import { useRef, useState } from "preact/hooks";
import { useView } from "../../../frame/view";
import { FRAME } from "../../../words/frame";
import { said } from "../../../words/language";
import { lineAt, type Mistake } from "./document";
import { Saving } from "./saving";
import { WORDS } from "./words";

/** Texts that were begun and not saved yet, by their editor: they outlive a look at another page. */
const begun = new Map<string, string>();

interface EditorProps {
  /** Whose text it is. */
  name: string;
  saved: string;
  /** Whether it can be saved as it stands: it is no version yet. */
  fresh: boolean;
  again: () => void;
}

export function Editor({ name, saved, fresh, again }: EditorProps) {
  const view = useView();
  const words = said(WORDS);
  const area = useRef<HTMLTextAreaElement>(null);
  const [text, set] = useState(begun.get(name) ?? saved);
  const [mistakes, found] = useState<Mistake[]>([]);
  const write = (next: string) => {
    set(next);
    found([]);
    if (next === saved) begun.delete(name);
    else begun.set(name, next);
  };
  const goTo = (line: number) => {
    area.current?.focus();
    area.current?.setSelectionRange(...lineAt(text, line));
  };
  return (
    <>
      <Lines text={text} wrong={new Set(mistakes.map(({ line }) => line))}>
        <textarea ref={area} class="mono" aria-label={words.editor} spellcheck={false} autocapitalize="off" wrap="off" readOnly={!view.admin}
          rows={linesIn(text)} value={text} onInput={({ currentTarget }) => write(currentTarget.value)} />
      </Lines>
      {mistakes.length > 0 && <Mistakes mistakes={mistakes} goTo={goTo} />}
      {view.admin
        ? <Saving text={text} changed={text !== saved} savable={fresh || text !== saved} again={again} onMistakes={found} onSaved={() => begun.delete(name)} onRevert={() => write(saved)} />
        : <p class="note">{said(FRAME).readOnly}</p>}
    </>
  );
}

function linesIn(text: string): number {
  return text.split("\n").length;
}

function Lines({ text, wrong, children }: { text: string; wrong: ReadonlySet<number | null>; children: preact.ComponentChildren }) {
  return (
    <div class="sm-editor">
      <ol class="sm-lines mono" aria-hidden="true">{Array.from({ length: linesIn(text) }, (_, at) => <li key={at} class={wrong.has(at + 1) ? "wrong-line" : undefined}>{at + 1}</li>)}</ol>
      {children}
    </div>
  );
}

function Mistakes({ mistakes, goTo }: { mistakes: Mistake[]; goTo: (line: number) => void }) {
  const words = said(WORDS);
  return (
    <div class="trouble sm-mistakes" role="alert">
      <strong>{words.mistakes(mistakes.length)}</strong>
      <ul>
        {mistakes.map(({ line, field, reason }, at) => (
          <li key={at}>{line !== null && <button type="button" class="plain" onClick={() => goTo(line)}>{words.atLine(line)}</button>} {field && <code>{field}</code>} <span lang="en">{reason}</span></li>
        ))}
      </ul>
    </div>
  );
}
