/** Paths: which ways customers take, as a flow from step to step and as a list of the most travelled. */

import { useMemo, useRef, useState } from "preact/hooks";
import { useAnswer } from "../../asking/answers";
import type { Query } from "../../asking/ask";
import { useView } from "../../frame/view";
import { Answered, Heading, Nothing } from "../../parts/states";
import { FRAME } from "../../words/frame";
import { said } from "../../words/language";
import { Choices } from "./choices";
import { flowOf } from "./flow";
import { Flowing } from "./flowing";
import { Listed } from "./listed";
import { litBy, type Pointed, tracesOf } from "./lit";
import { Names } from "./names";
import { backwards, queryOf, type Reading, readingOf } from "./question";
import { Told } from "./told";
import { useWidth } from "./width";
import type { Paths } from "./wire";
import { WORDS } from "./words";

const USUAL_WIDTH = 1_080;
const INSIDE = 42;

export default function PathsPage() {
  const view = useView();
  const words = said(WORDS);
  const reading = readingOf(view.params);
  const asked = { ...view.query, ...queryOf(reading) };
  const answer = useAnswer<Paths>("/v1/paths", asked, view.live);
  return (
    <>
      <Heading title={said(FRAME).pages.paths} note={words.note} answer={answer.answer} />
      <Choices reading={reading} />
      <Answered asked={answer} lines={9}>
        {(paths) => (paths.customers ? <Seen answer={paths} reading={reading} asked={asked} /> : <Nobody anchored={Boolean(reading.start || reading.end)} />)}
      </Answered>
    </>
  );
}

function Nobody({ anchored }: { anchored: boolean }) {
  const view = useView();
  const words = said(WORDS);
  if (!anchored) return <Nothing />;
  return <Nothing>{words.nobody} <button type="button" class="quiet" onClick={() => view.set({ start: "", end: "" })}>{words.anchorOff}</button></Nothing>;
}

function Seen({ answer, reading, asked }: { answer: Paths; reading: Reading; asked: Query }) {
  const view = useView();
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place, USUAL_WIDTH) - INSIDE;
  const [pointed, point] = useState<Pointed | null>(null);
  const back = backwards(reading);
  const told = new Told(new Names(view, reading, answer.steps), back, answer.customers);
  const flow = useMemo(() => flowOf(answer, width, back), [answer, width, back]);
  const traces = useMemo(() => tracesOf(answer.paths, flow, back), [answer, flow, back]);
  const lit = useMemo(() => pointed && litBy(pointed, flow, answer.paths, traces), [pointed, flow, traces]);
  const shared = { answer, told, asked, lit, onPoint: point };
  return (
    <div ref={place} class="paths-cards">
      <Flowing {...shared} reading={reading} flow={flow} pointed={pointed} />
      <Listed {...shared} />
    </div>
  );
}
