/** Where a name is added: stages from a list, events by what occurs or by a pattern. */

import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useAnswer } from "../../asking/answers";
import { useView } from "../../frame/view";
import { said } from "../../words/language";
import { type Of, typed, written } from "./steps";
import { WORDS } from "./words";

const OFFERED = 200;
const PAUSE = 200;
const CHOSEN_FROM_LIST = "insertReplacementText";

interface AddNameProps {
  label: string;
  of: Of;
  /** Begins as a button, where the field would be in the way. */
  folded?: boolean;
  /** The alternative as the API writes it. */
  add: (alternative: string) => void;
}

export function AddName({ label, of, folded = false, add }: AddNameProps) {
  const { stages } = useView();
  const [open, setOpen] = useState(!folded);
  const place = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    if (folded && open) place.current?.querySelector<HTMLElement>("select, input")?.focus();
  }, [open]);
  const added = (alternative: string) => {
    add(alternative);
    setOpen(!folded);
  };
  if (!open) return <button type="button" class="plain" onClick={() => setOpen(true)}>+ {label}</button>;
  return <span class="fn-add" ref={place} onFocusOut={() => setOpen(!folded)}>{of === "stages" && stages.ordered ? <AddStage label={label} add={added} /> : <AddEvent label={label} of={of} add={added} />}</span>;
}

function AddStage({ label, add }: Pick<AddNameProps, "label" | "add">) {
  const { stages } = useView();
  return (
    <select aria-label={label} value="" onChange={({ currentTarget }) => {
      add(written(currentTarget.value));
      currentTarget.value = "";
    }}>
      <option value="" disabled>{label} …</option>
      {stages.names.map((name) => <option key={name} value={name}>{stages.label(name)}</option>)}
    </select>
  );
}

/** The stages of a model without an order are the names of events. */
function AddEvent({ label, of, add }: Pick<AddNameProps, "label" | "of" | "add">) {
  const words = said(WORDS);
  const list = useId();
  const [sought, seek] = useSought();
  const offered = useOffered(sought);
  const commit = (input: HTMLInputElement) => {
    const text = input.value.trim();
    if (text) add(typed(text, of, offered));
    input.value = "";
  };
  return (
    <>
      <input type="text" aria-label={label} placeholder={`${label} …`} title={words.patternHint} list={list} autocomplete="off"
        onInput={(event) => (event.inputType === CHOSEN_FROM_LIST ? commit(event.currentTarget) : seek(event.currentTarget.value))}
        onKeyDown={(event) => event.key === "Enter" && (event.preventDefault(), commit(event.currentTarget))} onBlur={({ currentTarget }) => commit(currentTarget)} />
      <datalist id={list}>{offered.map((name) => <option key={name} value={name} />)}</datalist>
    </>
  );
}

function useSought(): [string, (text: string) => void] {
  const [sought, set] = useState("");
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  return [sought, (text) => {
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => set(text.trim()), PAUSE);
  }];
}

/** The names of events in the window, the most frequent first. */
function useOffered(q: string): string[] {
  const { model, from, to, timezone } = useView().query;
  const { answer } = useAnswer<{ values: { value: string | null }[] }>("/v1/values", { of: "event", q, limit: OFFERED, model, from, to, timezone });
  return (answer?.values ?? []).map(({ value }) => value).filter((name): name is string => Boolean(name));
}
