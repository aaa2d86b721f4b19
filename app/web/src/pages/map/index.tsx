/** The journey map: the stages of a model under one flow, with what is known of each. */

import { type Asked, useAnswer } from "../../asking/answers";
import type { Customers } from "../../asking/wire";
import { useView } from "../../frame/view";
import { Answered, Heading, Nothing } from "../../parts/states";
import { UNORDERED } from "../../stages";
import { dayIn } from "../../view";
import { said } from "../../words/language";
import { Legend, MapControls, WITHIN } from "./compare";
import { comparisonOf } from "./comparing";
import { anybody, type Asking, together } from "./shown";
import { Sheet } from "./sheet";
import { Welcome } from "./welcome";
import type { JourneyMap, Stalls } from "./wire";
import { WORDS } from "./words";

const MAP = "/v1/journey-map";
const STALLS = "/v1/stalls";

export default function Map() {
  const view = useView();
  if (view.model?.model === UNORDERED) return <Unordered />;
  return <Ordered />;
}

function Ordered() {
  const view = useView();
  const within = view.params["within"] || WITHIN;
  const comparison = comparisonOf(view.params, view.query, dayIn(new Date(), view.zone));
  const segment = comparison?.against === "segment";
  const map = useAnswer<JourneyMap>(MAP, { ...view.query, within, ...comparison?.asked }, view.live);
  const others = useAnswer<JourneyMap>(segment ? MAP : null, { ...comparison?.query, within }, view.live);
  const stallsA = useAnswer<Stalls>(STALLS, view.query, view.live);
  const stallsB = useAnswer<Stalls>(comparison ? STALLS : null, comparison?.query ?? {}, view.live);
  const asking: Asking = { a: { ...view.query, within }, b: comparison && { ...comparison.query, within } };
  const failure = [map, others, stallsA, stallsB].map((each) => each.failure).find(Boolean) ?? null;
  const asked: Asked<JourneyMap> = { ...map, failure };
  if (map.answer && !anybody(map.answer)) return <Nobody answer={map.answer} />;
  return (
    <>
      <Heading title={said(WORDS).title} note={said(WORDS).lead} answer={map.answer} />
      <MapControls />
      {comparison && <Legend comparison={comparison} />}
      <Answered asked={asked} lines={16}>
        {(answer) => <Sheet stages={together(answer, others.answer, stallsA.answer?.stages, stallsB.answer?.stages)} asking={asking} answer={answer} />}
      </Answered>
    </>
  );
}

/** Nobody in this window and with these filters; or nobody at all, yet. */
function Nobody({ answer }: { answer: JourneyMap }) {
  const asked = useAnswer<Customers>("/v1/customers", { limit: 1 }, true);
  return (
    <Answered asked={asked} lines={12}>
      {({ total }) => total === 0 ? <Welcome /> : (
        <>
          <Heading title={said(WORDS).title} note={said(WORDS).lead} answer={answer} />
          <MapControls />
          <Nothing />
        </>
      )}
    </Answered>
  );
}

function Unordered() {
  const view = useView();
  const words = said(WORDS);
  return (
    <>
      <Heading title={words.title} note={words.lead} />
      <div class="nothing">
        <p><strong>{words.unordered}</strong> {words.unorderedWhy}</p>
        <a class="quiet" href={view.href("transitions")}>{words.toTransitions}</a>
      </div>
    </>
  );
}
