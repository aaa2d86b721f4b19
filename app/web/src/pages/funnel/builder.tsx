/** The steps as the reader puts them together, and what else the funnel is asked with. */

import { useLayoutEffect, useRef } from "preact/hooks";
import type { Params } from "../../address";
import { useView } from "../../frame/view";
import { BreakdownChooser } from "../../parts/breakdown";
import { Card } from "../../parts/card";
import { Choice, Field, Select } from "../../parts/fields";
import { said } from "../../words/language";
import { type Asking, ORDERS, stepLabel, WITHIN } from "./answer";
import { AddName } from "./names";
import { isPattern, MOST_STEPS, moved, nameOf, type Of, parseWithin, type Step, type Unit, UNITS, writeSteps } from "./steps";
import { WORDS } from "./words";

export function Builder({ asking }: { asking: Asking }) {
  const view = useView();
  const words = said(WORDS);
  const { of, steps } = asking;
  const set = (next: readonly Step[]) => view.set({ steps: writeSteps(next) });
  const ofs = (["stages", "events"] as const).map((each) => [each, words.ofs[each]] as const);
  return (
    <Card name="fn-builder" title={words.builder} tools={<Choice label={words.of} name="of" value={of} options={ofs} onChange={(next) => view.set({ steps_of: next === "events" ? next : "", steps: "", exclude: "" })} />}>
      <Steps asking={asking} set={set} />
      <div class="fn-more">
        {steps.length < MOST_STEPS && <AddName label={words.addStep} of={of} add={(name) => set([...steps, [name]])} />}
        {view.params["steps"] && of === "stages" && view.stages.ordered && <button type="button" class="plain" onClick={() => view.set({ steps: "" })}>{words.usual}</button>}
        {steps.length > 1 && <p class="note">{words.keys}</p>}
      </div>
      <Settings asking={asking} />
    </Card>
  );
}

interface StepsProps {
  asking: Asking;
  set: (steps: readonly Step[]) => void;
}

function Steps({ asking: { steps, of }, set }: StepsProps) {
  const list = useRef<HTMLOListElement>(null);
  const follow = useRef<{ place: number; does: string } | null>(null);
  useLayoutEffect(() => {
    const wanted = follow.current;
    follow.current = null;
    if (wanted) focusOn(list.current?.children[wanted.place], wanted.does);
  });
  const move = (from: number, to: number, does: string) => {
    if (to < 0 || to >= steps.length) return;
    follow.current = { place: to, does };
    set(moved(steps, from, to));
  };
  const change = (place: number, step: Step) => set(steps.flatMap((each, at) => (at !== place ? [each] : step.length ? [step] : [])));
  return (
    <ol class="fn-steps" ref={list}>
      {steps.map((step, place) => (
        <li key={place} onKeyDown={(event) => {
          const by = event.altKey ? ({ ArrowUp: -1, ArrowDown: 1 })[event.key] : undefined;
          if (by === undefined) return;
          event.preventDefault();
          move(place, place + by, (event.target as HTMLElement).dataset["does"] ?? "");
        }}>
          <OneStep step={step} place={place} last={place === steps.length - 1} of={of} change={(next) => change(place, next)} move={(by, does) => move(place, place + by, does)} />
        </li>
      ))}
    </ol>
  );
}

/** The same button of the step that was moved, or where that is of no use there another. */
function focusOn(step: Element | undefined, does: string): void {
  const buttons = [...(step?.querySelectorAll<HTMLButtonElement>("button[data-does]:not(:disabled)") ?? [])];
  (buttons.find(({ dataset }) => dataset["does"] === does) ?? buttons[0])?.focus();
}

interface OneStepProps {
  step: Step;
  place: number;
  last: boolean;
  of: Of;
  change: (step: Step) => void;
  move: (by: number, does: string) => void;
}

function OneStep({ step, place, last, of, change, move }: OneStepProps) {
  const words = said(WORDS);
  const name = stepLabel(step, of, useView().stages, words.or);
  return (
    <>
      <span class="fn-number" aria-hidden="true">{place + 1}</span>
      <span class="fn-names">
        {step.map((alternative, at) => (
          <Alternative key={`${at} ${alternative}`} alternative={alternative} of={of} or={at > 0} {...(step.length > 1 && { remove: () => change(step.filter((_, other) => other !== at)) })} />
        ))}
        <AddName folded label={words.addOr} of={of} add={(next) => change([...step, next])} />
      </span>
      <span class="fn-buttons">
        <button type="button" data-does="earlier" disabled={place === 0} aria-label={words.earlier(name)} title={words.earlier(name)} onClick={() => move(-1, "earlier")}>↑</button>
        <button type="button" data-does="later" disabled={last} aria-label={words.later(name)} title={words.later(name)} onClick={() => move(1, "later")}>↓</button>
        <button type="button" data-does="remove" aria-label={words.remove(name)} title={words.remove(name)} onClick={() => change([])}>×</button>
      </span>
    </>
  );
}

interface AlternativeProps {
  alternative: string;
  of: Of;
  or?: boolean;
  remove?: () => void;
}

function Alternative({ alternative, of, or = false, remove }: AlternativeProps) {
  const { stages } = useView();
  const words = said(WORDS);
  const name = nameOf(alternative);
  const tone = of === "stages" ? stages.tone(name) : null;
  const label = of === "stages" ? stages.label(name) : name;
  return (
    <>
      {or && <span class="note">{words.or}</span>}
      <span class={`fn-name stage${tone === null ? "" : ` tone-${tone}`}`}><span>{label}</span>{isPattern(alternative, of) && <span class="kind">{words.pattern}</span>}</span>
      {remove && <button type="button" class="fn-without" aria-label={words.without(label)} onClick={remove}>×</button>}
    </>
  );
}

function Settings({ asking: { within, order, exclude, of } }: { asking: Asking }) {
  const view = useView();
  const words = said(WORDS);
  const span = parseWithin(within) ?? { number: 14, unit: "d" as Unit };
  const write = (number: number, unit: string): Params => ({ within: `${number}${unit}` === WITHIN ? "" : `${number}${unit}` });
  const units = span.unit === "s" ? (["s", ...UNITS] as const) : UNITS;
  const excluded = (next: Step) => view.set({ exclude: next.join(",") });
  return (
    <div class="fn-settings">
      <div class="fn-within">
        <Field label={words.within} name="within" type="number" value={String(span.number)} onChange={(text) => Number(text) >= 1 && view.set(write(Math.floor(Number(text)), span.unit), true)} />
        <Select label={words.unit} name="unit" value={span.unit} options={units.map((unit) => [unit, words.units[unit]])} onChange={(unit) => view.set(write(span.number, unit))} />
      </div>
      <Select label={words.order} name="order" value={order} options={ORDERS.map((each) => [each, words.orders[each]])} onChange={(next) => view.set({ order: next === "ordered" ? "" : next })} />
      <div class="fn-exclude">
        <p>{words.exclude}</p>
        <span class="fn-names">
          {exclude.map((alternative, at) => <Alternative key={alternative} alternative={alternative} of={of} or={at > 0} remove={() => excluded(exclude.filter((other) => other !== alternative))} />)}
          <AddName folded label={words.addExclude} of={of} add={(name) => excluded([...new Set([...exclude, name])])} />
        </span>
        {exclude.length > 0 && <p class="note">{words.excludeWhy}</p>}
      </div>
      <BreakdownChooser />
    </div>
  );
}
