/** Whom touches reached and what they brought about; and which of them earn the conversions, model beside model. */

import { useAnswer } from "../../asking/answers";
import { useView } from "../../frame/view";
import { Select } from "../../parts/fields";
import { Answered, Heading, Nothing } from "../../parts/states";
import { clock, date } from "../../words/format";
import { FRAME } from "../../words/frame";
import { said } from "../../words/language";
import { BYS, byOf, endsOf } from "./asked";
import { Credits } from "./credits";
import { Reach } from "./reach";
import type { LastTouches, Touchpoints } from "./wire";
import { WORDS } from "./words";

export default function TouchpointsPage() {
  const view = useView();
  const words = said(WORDS);
  const by = byOf(view);
  const query = { ...view.query, by };
  const asked = useAnswer<Touchpoints>("/v1/touchpoints", query, view.live);
  const ended = useAnswer<LastTouches>(endsOf(view, by) ? "/v1/last-touches" : null, { ...query, top: 1_000 }, view.live);
  const { answer } = asked;
  const caption = answer ? captionOf(answer, view.zone) : "";
  const options = BYS.map((each): [string, string] => [each, words.bys[each]]);
  return (
    <>
      <Heading title={said(FRAME).pages.touchpoints} note={words.note} answer={answer} />
      <div class="tp-tools">
        <Select label={words.by} name="by" value={by} options={options} onChange={(next) => view.set({ by: next === "channel" ? "" : next })} />
      </div>
      <Answered asked={asked} lines={10}>
        {(told) => (told.total.touches + told.total.machines + told.total.stages.length ? <Reach answer={told} ended={ended.answer ?? null} by={by} query={query} /> : <Nothing />)}
      </Answered>
      <Credits by={by} caption={caption} />
    </>
  );
}

/** What a picture says under its title. */
function captionOf({ from, as_of }: { from: string | null; as_of: string }, zone: string): string {
  const words = said(FRAME);
  const since = from ? words.since(date(from, zone)) : words.allTime;
  return `${since} · ${zone} · ${words.asOf(`${date(as_of, zone)}, ${clock(as_of, zone)}`)}`;
}
