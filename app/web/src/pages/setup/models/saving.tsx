/** What becomes of an edited document: a draft, the version in use, or nothing. */

import { useState } from "preact/hooks";
import { isFailure, leaveWhenLoggedOut } from "../../../asking/answers";
import { send } from "../../../asking/ask";
import { useView } from "../../../frame/view";
import { said } from "../../../words/language";
import { Confirm } from "../confirm";
import { useSending } from "../../../asking/sending";
import { type Mistake, mistakesOf, nameIn } from "./document";
import { WORDS } from "./words";

interface SavingProps {
  text: string;
  changed: boolean;
  savable: boolean;
  again: () => void;
  onMistakes: (mistakes: Mistake[]) => void;
  onSaved: () => void;
  onRevert: () => void;
}

export function Saving({ text, changed, savable, again, onMistakes, onSaved, onRevert }: SavingProps) {
  const view = useView();
  const words = said(WORDS);
  const sending = useSending();
  const [sure, ask] = useState(false);
  const save = (draft: boolean) => {
    ask(false);
    sending.run(() => put(text, draft), (kept) => {
      if (Array.isArray(kept)) return onMistakes(kept);
      onSaved();
      again();
      view.set({ preset: "", edit: kept.model, number: String(kept.version), against: "" });
    });
  };
  return (
    <div class="sm-saving">
      <button type="button" class="button" disabled={!savable || sending.sending} onClick={() => save(true)}>{words.saveDraft}</button>
      <button type="button" class="quiet" disabled={!savable || sending.sending} onClick={() => ask(true)}>{words.saveAndUse}</button>
      {changed && <><button type="button" class="plain" onClick={onRevert}>{words.revert}</button><span class="note">{words.edited}</span></>}
      {sure && <Confirm title={words.saveTitle} action={words.saveAndUse} sending={sending} onYes={() => save(false)} onNo={() => ask(false)}><p class="note">{words.saveWhy}</p></Confirm>}
    </div>
  );
}

interface Kept {
  model: string;
  version: number;
}

/** The version that it was kept as, or what is wrong with it. */
async function put(text: string, draft: boolean): Promise<Kept | Mistake[]> {
  const path = `/v1/stage-models/${encodeURIComponent(nameIn(text) || "unnamed")}`;
  try {
    return await send<Kept>("PUT", path, { draft }, new Blob([text], { type: "application/yaml" }));
  } catch (failure) {
    if (!isFailure(failure)) throw failure;
    leaveWhenLoggedOut(failure);
    return mistakesOf(failure);
  }
}
