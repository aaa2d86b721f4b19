/** What stands in the place of an answer: while it is asked for, when there is none, and when there is nothing in it. */

import type { ComponentChildren } from "preact";
import { useContext } from "preact/hooks";
import { writePlace } from "../address";
import { type Failure, inWords, Refusal, Unreachable } from "../asking/ask";
import type { Asked } from "../asking/answers";
import { useView, ViewContext } from "../frame/view";
import { FILTERS } from "../view";
import { clock, date, span } from "../words/format";
import { FRAME } from "../words/frame";
import { said } from "../words/language";

const LATE_SECONDS = 60;
const UNPROCESSABLE = 422;

export function Loading({ lines = 3 }: { lines?: number }) {
  return (
    <div class="loading" role="status" aria-label={said(FRAME).asking}>
      {Array.from({ length: lines }, (_, line) => <span key={line} class="bone" />)}
    </div>
  );
}

/** What the address asks for and the service refuses is not tried again as it is: the way out is the page as it usually opens. */
export function Failed({ failure, again }: { failure: Failure; again: () => void }) {
  const words = said(FRAME);
  const place = useContext(ViewContext)?.place;
  const refused = failure instanceof Refusal && failure.status === UNPROCESSABLE && place && Object.values(place.params).some(Boolean);
  return (
    <div class="trouble" role="alert">
      <strong>{words.failed}.</strong> {reasonOf(failure)}{" "}
      {refused ? <a class="quiet" href={writePlace({ ...place, params: {} })}>{words.usual}</a> : <button type="button" class="quiet" onClick={again}>{words.tryAgain}</button>}
    </div>
  );
}

/** In the reader's words where they chose what was wrong, else in the server's. */
function reasonOf(failure: Failure): string {
  const words = said(FRAME);
  if (failure instanceof Unreachable) return words.away;
  const field = failure.problem.errors?.[0]?.field?.split(".")[0] ?? "";
  return (Object.hasOwn(words.refused, field) && words.refused[field]) || inWords(failure);
}

/** Nobody matches: said as such, with the way out. */
export function Nothing({ children }: { children?: ComponentChildren }) {
  const view = useView();
  const words = said(FRAME);
  const narrowed = [...FILTERS, "trait", "window"].filter((name) => view.params[name]);
  return (
    <div class="nothing">
      <p><strong>{words.nothing}.</strong> {children ?? words.nothingWhy}</p>
      {narrowed.length > 0 && <button type="button" class="quiet" onClick={() => view.set(Object.fromEntries(narrowed.map((name) => [name, ""])))}>{words.showAll}</button>}
    </div>
  );
}

/** The answer, drawn by `children`; until there is one its place, and where there is none the reason. Answers of before are dimmed while the next one is asked for. */
export function Answered<T>({ asked, lines = 5, children }: { asked: Asked<T>; lines?: number; children: (answer: T) => ComponentChildren }) {
  const { answer, failure, asking, again } = asked;
  if (answer === undefined) return failure ? <Failed failure={failure} again={again} /> : <Loading lines={lines} />;
  return (
    <div class="answered" aria-busy={asking}>
      {failure && <><p class="note">{said(FRAME).old}</p><Failed failure={failure} again={again} /></>}
      {children(answer)}
    </div>
  );
}

interface Windowed {
  from?: string | null;
  to?: string | null;
  as_of: string;
}

/** The heading of a page with what is always to be seen: window, time zone and the instant up to which everything is counted. */
export function Heading({ title, note, answer, children }: { title: string; note?: ComponentChildren; answer?: Windowed | undefined; children?: ComponentChildren }) {
  return (
    <div class="heading">
      <div><h1>{title}</h1>{note && <p class="note">{note}</p>}</div>
      {children}
      <AsOf answer={answer} />
    </div>
  );
}

export function AsOf({ answer }: { answer?: Windowed | undefined }) {
  const view = useView();
  const words = said(FRAME);
  if (!answer) return <p class="as-of note">{view.zone}</p>;
  const behind = (Date.now() - Date.parse(answer.as_of)) / 1_000;
  const ended = answer.to && answer.to !== answer.as_of;
  const window = [answer.from && words.since(date(answer.from, view.zone)), ended && words.until(date(answer.to, view.zone))].filter(Boolean).join(" ");
  return (
    <p class="as-of note">
      <span>{window || words.allTime}</span> <span>{view.zone}</span> <time dateTime={answer.as_of}>{words.asOf(clock(answer.as_of, view.zone))}</time>
      {view.live && behind > LATE_SECONDS && <strong class="late">{words.late(span(behind))}</strong>}
    </p>
  );
}
