/** Striking a pair out, or putting it back: first what would change, then the deed. */

import { useEffect, useRef, useState } from "preact/hooks";
import { type Failure, inWords, send } from "../../asking/ask";
import { isFailure, leaveWhenLoggedOut } from "../../asking/answers";
import { kindName, titleOf } from "../../asking/identifiers";
import { useView } from "../../frame/view";
import { Loading } from "../../parts/states";
import { count, counted } from "../../words/format";
import { FRAME } from "../../words/frame";
import { said } from "../../words/language";
import { IDENTITY } from "./identity-words";
import type { Parting } from "./wire";

/** Two identifiers as kind:value, and which way. */
export interface Pair {
  weaker: string;
  target: string;
  restore: boolean;
}

const LINKS = "/v1/identity/links";

function asked<T>({ weaker, target, restore }: Pair, preview: boolean): Promise<T> {
  return send<T>(restore ? "POST" : "DELETE", LINKS, { weaker, target, preview });
}

/** The button, for those who may; `done` is called when the deed was asked for, and again when it should have been done. */
export function Correct({ pair, done }: { pair: Pair; done: () => void }) {
  const words = said(IDENTITY);
  const [open, set] = useState(false);
  const [told, tell] = useState(false);
  if (!useView().admin) return null;
  const finish = () => {
    set(false);
    tell(true);
    done();
    for (const later of [1_500, 4_000]) setTimeout(done, later);
  };
  if (told) return <p class="note" role="status">{words.asked}</p>;
  return (
    <>
      <button type="button" class="quiet" onClick={() => set(true)}>{pair.restore ? words.restore : words.strike}</button>
      {open && <Correction pair={pair} close={() => set(false)} finish={finish} />}
    </>
  );
}

function Correction({ pair, close, finish }: { pair: Pair; close: () => void; finish: () => void }) {
  const words = said(IDENTITY);
  const dialog = useRef<HTMLDialogElement>(null);
  const [parting, set] = useState<Parting | null>(null);
  const [failure, fail] = useState<Failure | null>(null);
  useEffect(() => {
    dialog.current?.showModal();
    trying(asked<Parting>(pair, true), set, fail);
  }, []);
  const title = pair.restore ? words.restoreTitle(pair.weaker, pair.target) : words.strikeTitle(pair.weaker, pair.target);
  return (
    <dialog class="customer-correction" ref={dialog} aria-labelledby="correction-title" onClose={close}>
      <h2 id="correction-title" class="value">{title}</h2>
      <p class="note">{pair.restore ? words.restoreWhy : words.strikeWhy}</p>
      {failure && <p class="trouble" role="alert">{inWords(failure)}</p>}
      {parting ? <Changes parting={parting} /> : !failure && <Loading />}
      <div class="customer-deeds">
        <button type="button" class="quiet" onClick={() => dialog.current?.close()}>{words.cancel}</button>
        <button type="button" class="button" disabled={!parting} onClick={() => trying(asked<unknown>(pair, false), finish, fail)}>{pair.restore ? words.doRestore : words.doStrike}</button>
      </div>
    </dialog>
  );
}

function trying<T>(attempt: Promise<T>, then: (answer: T) => void, fail: (failure: Failure) => void): void {
  attempt.then(then, (failure: unknown) => {
    leaveWhenLoggedOut(failure);
    if (!isFailure(failure)) throw failure;
    fail(failure);
  });
}

function Changes({ parting }: { parting: Parting }) {
  const words = said(IDENTITY);
  const { customers } = said(FRAME);
  const changed = JSON.stringify(sorted(parting.before)) !== JSON.stringify(sorted(parting.after));
  const [before, after] = [counted(parting.customers_before, customers), counted(parting.customers_after, customers)];
  if (!changed) return <p>{words.unchanged}</p>;
  return (
    <>
      <p><strong>{before === after ? words.rearranged(before) : words.become(before, after)}</strong></p>
      <div class="customer-parting">
        <People title={words.nowAre} people={parting.before} />
        <People title={words.wouldBe} people={parting.after} />
      </div>
      <StageChanges parting={parting} />
    </>
  );
}

function sorted(people: Parting["before"]): string[] {
  return people.map(({ identifiers }) => identifiers.map(({ kind, value }) => `${kind}:${value}`).sort().join("\n")).sort();
}

function People({ title, people }: { title: string; people: Parting["before"] }) {
  return (
    <div>
      <h3>{title}</h3>
      <ul>
        {people.map((one) => (
          <li key={one.id}>
            <strong class="value">{titleOf(one.identifiers)}</strong>
            <ul>{one.identifiers.slice(0, 12).map(({ kind, value }) => <li key={`${kind}:${value}`} class="value"><span class="note">{kindName(kind)}</span> {value}</li>)}</ul>
          </li>
        ))}
      </ul>
    </div>
  );
}

function StageChanges({ parting: { stages, complete } }: { parting: Parting }) {
  const view = useView();
  const words = said(IDENTITY);
  const changing = stages.filter(({ appear, disappear }) => appear + disappear > 0);
  if (stages.length === 0 && !complete) return <p class="note">{words.tooLarge}</p>;
  if (changing.length === 0) return <p class="note">{words.noStagesChange}</p>;
  return (
    <>
      <h3>{words.stagesChange}</h3>
      <ul class="customer-changes">
        {changing.map(({ model, stage, appear, disappear }) => (
          <li key={`${model} ${stage}`}>
            <span>{model === view.model?.model ? view.stages.label(stage) : stage} <span class="note">{model}</span></span>
            <span>{[appear > 0 && words.appear(count(appear)), disappear > 0 && words.disappear(count(disappear))].filter(Boolean).join(", ")}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
