/** A question before what cannot be taken back. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { inWords } from "../../asking/ask";
import { said } from "../../words/language";
import type { Sending } from "../../asking/sending";
import { WORDS } from "./words";

interface ConfirmProps {
  title: string;
  action: string;
  sending: Sending;
  children: ComponentChildren;
  onYes: () => void;
  onNo: () => void;
}

export function Confirm({ title, action, sending, children, onYes, onNo }: ConfirmProps) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog class="su-confirm" ref={dialog} aria-labelledby={id} onClose={onNo}>
      <h2 id={id}>{title}</h2>
      {children}
      {sending.failure && <p class="trouble" role="alert">{inWords(sending.failure)}</p>}
      <div class="su-row">
        <button type="button" class="button" disabled={sending.sending} onClick={onYes}>{action}</button>
        <button type="button" class="quiet" autofocus onClick={() => dialog.current?.close()}>{said(WORDS).cancel}</button>
      </div>
    </dialog>
  );
}
