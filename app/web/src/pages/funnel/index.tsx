/** How far customers get along steps in time: the reader puts the steps together, and everything else follows. */

import { type Asked, useAnswer } from "../../asking/answers";
import type { Query } from "../../asking/ask";
import { useView, type View } from "../../frame/view";
import { Answered, Heading, Nothing } from "../../parts/states";
import { clock, date } from "../../words/format";
import { FRAME } from "../../words/frame";
import { said } from "../../words/language";
import { type Asking, askingOf, type Funnel, GROUPS, PATH, questionOf } from "./answer";
import { Builder } from "./builder";
import { Groups } from "./groups";
import { Result } from "./result";
import { Time } from "./time";
import { WORDS } from "./words";

export default function FunnelPage() {
  const view = useView();
  const words = said(WORDS);
  const asking = askingOf(view);
  const query = questionOf(asking, view.query);
  const grouped = { ...query, breakdown: asking.breakdown, credit: asking.credit, top: GROUPS };
  const asked = useAnswer<Funnel>(asking.steps.length ? PATH : null, { ...query, survival: true, distribution: true }, view.live);
  const broken = useAnswer<Funnel>(asking.steps.length && asking.breakdown ? PATH : null, grouped, view.live);
  return (
    <>
      <Heading title={said(FRAME).pages.funnel} note={words.note} answer={asked.answer} />
      <div class="fn-page">
        <Builder asking={asking} />
        <div class="fn-told">
          {asking.steps.length ? <Answered asked={asked} lines={12}>{(answer) => <Told asking={asking} answer={answer} query={query} broken={broken} grouped={grouped} />}</Answered> : <NoSteps />}
        </div>
      </div>
    </>
  );
}

function NoSteps() {
  const words = said(WORDS);
  return <div class="card fn-empty"><p><strong>{words.noSteps}</strong></p><p>{words.noStepsWhy}</p></div>;
}

interface ToldProps {
  asking: Asking;
  answer: Funnel;
  query: Query;
  broken: Asked<Funnel>;
  grouped: Query;
}

function Told({ asking, answer, query, broken, grouped }: ToldProps) {
  const caption = captionOf(answer, useView());
  if (!answer.steps[0]?.reached) return <div class="card"><Nothing /></div>;
  return (
    <>
      <Result asking={asking} answer={answer} query={query} caption={caption} />
      {asking.breakdown && <Answered asked={broken} lines={10}>{(told) => <Groups asking={asking} answer={told} query={grouped} caption={caption} />}</Answered>}
      {asking.steps.length > 1 && <Time asking={asking} answer={answer} caption={caption} />}
    </>
  );
}

/** What a picture says under its title. */
function captionOf(answer: Funnel, view: View): string {
  const words = said(FRAME);
  const since = answer.from ? words.since(date(answer.from, view.zone)) : words.allTime;
  return `${since} · ${view.zone} · ${words.asOf(`${date(answer.as_of, view.zone)}, ${clock(answer.as_of, view.zone)}`)}`;
}
