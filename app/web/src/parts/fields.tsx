/** Fields with their labels. */

import { useId } from "preact/hooks";

export type Options = readonly (readonly [value: string, label: string])[];

interface SelectProps {
  label: string;
  name: string;
  value: string;
  options: Options;
  onChange: (value: string) => void;
  disabled?: boolean;
}

/** A value that a link names and the list does not is offered too. */
export function Select({ label, name, value, options, onChange, disabled = false }: SelectProps) {
  const id = useId();
  const listed = options.some(([option]) => option === value) ? options : [...options, [value, value] as const];
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} name={name} value={value} disabled={disabled} onChange={(event) => onChange(event.currentTarget.value)}>
        {listed.map(([option, words]) => <option key={option} value={option}>{words}</option>)}
      </select>
    </div>
  );
}

interface FieldProps {
  label: string;
  name: string;
  value: string;
  type?: "text" | "search" | "date" | "number" | "url" | "email";
  placeholder?: string;
  offered?: readonly string[];
  onFocus?: () => void;
  /** Each change, a quarter of a second after the last key. */
  onChange?: (value: string) => void;
  /** A value that is meant: after Enter, or when the field is left. */
  onCommit?: (value: string) => void;
}

const TYPING_PAUSE = 250;
const pauses = new WeakMap<EventTarget, number>();

export function Field({ label, name, value, type = "text", placeholder, offered = [], onFocus, onChange, onCommit }: FieldProps) {
  const id = useId();
  const list = `${id}-offered`;
  const typed = (input: HTMLInputElement) => {
    clearTimeout(pauses.get(input));
    if (onChange) pauses.set(input, window.setTimeout(() => settle(input), type === "date" ? 0 : TYPING_PAUSE));
  };
  const settle = (input: HTMLInputElement) => {
    clearTimeout(pauses.get(input));
    if (pauses.delete(input)) onChange?.(input.value.trim());
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} name={name} type={type} defaultValue={value} key={onCommit ? `committed ${value}` : undefined} placeholder={placeholder} list={offered.length ? list : undefined}
        onFocus={onFocus} onInput={(event) => typed(event.currentTarget)} onChange={(event) => (settle(event.currentTarget), onCommit?.(event.currentTarget.value.trim()))} ref={(input) => (onChange || onCommit) && follow(input, value)} />
      {offered.length > 0 && <datalist id={list}>{offered.map((each) => <option key={each} value={each} />)}</datalist>}
    </div>
  );
}

/** What the reader is typing in is left alone, and so is a field that tells nobody until its form is sent. */
function follow(input: HTMLInputElement | null, value: string): void {
  if (input && input !== document.activeElement && !pauses.has(input) && input.value.trim() !== value) input.value = value;
}

/** A choice of few, all of them seen. */
export function Choice({ label, name, value, options, onChange }: SelectProps) {
  return (
    <fieldset class="choice">
      <legend class="unseen">{label}</legend>
      {options.map(([option, words]) => (
        <label key={option}><input type="radio" name={name} value={option} checked={option === value} onChange={() => onChange(option)} /><span>{words}</span></label>
      ))}
    </fieldset>
  );
}
