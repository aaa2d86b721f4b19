/** Why an event has its channel, and why it entered a stage or did not. */

import { useAnswer } from "../../asking/answers";
import { useView, type View } from "../../frame/view";
import { Answered } from "../../parts/states";
import { said } from "../../words/language";
import { criteria, type Naming, ruleAt, ruleWords } from "../../words/rules";
import type { Moment } from "./moments";
import { whyChannel, whyMachine } from "../../words/reasons";
import type { Explained } from "./wire";
import { WORDS } from "./words";

const AT_ONE_INSTANT = 20;

export function Why({ customer, moment }: { customer: string; moment: Moment }) {
  const { model, version } = useView().query;
  const words = said(WORDS);
  const asked = useAnswer<{ events: Explained[] }>("/v1/explain/stage", { customer, model, version, at: moment.at, events: "all", limit: AT_ONE_INSTANT });
  return (
    <div class="customer-reason">
      <Answered asked={asked} lines={2}>
        {({ events }) => {
          const explained = events.find(({ message_id }) => message_id === moment.event?.message_id);
          return explained ? <Reasons explained={explained} moment={moment} /> : <p class="note">{words.notExplained}</p>;
        }}
      </Answered>
    </div>
  );
}

function Reasons({ explained, moment: { touch } }: { explained: Explained; moment: Moment }) {
  const view = useView();
  const words = said(WORDS);
  const naming = { stage: (name: string) => view.stages.label(name), channel: (name: string) => view.channel(name) };
  const read = [touch?.source, touch?.medium, touch?.campaign, touch?.referrer].filter(Boolean).join(" / ");
  const [matched] = explained.matched;
  return (
    <dl>
      <dt>{words.whyChannel}</dt>
      <dd>{view.channel(explained.channel)}: {whyChannel(explained.channel_rule, explained.channel_why)}{read && ` (${read})`}</dd>
      <dt>{words.whyStage}</dt>
      <dd>
        {verdictOf(explained, view)}
        {explained.verdict === "machine" && `: ${whyMachine(touch?.machine_rule ?? null, explained.why)}`}
        {matched && <p class="note">{words.matched}: {asksOf(matched.rule, matched.asks, view, naming)}</p>}
        <Nearly explained={explained} naming={naming} />
      </dd>
    </dl>
  );
}

function verdictOf({ verdict, stage }: Explained, view: View): string {
  return said(WORDS).verdicts[verdict](view.stages.label(stage));
}

/** What nearly matched: of each stage the rule that was nearest. */
function Nearly({ explained, naming }: { explained: Explained; naming: Naming }) {
  const view = useView();
  const words = said(WORDS);
  const nearest = [...new Map([...explained.nearly].reverse().map((one) => [one.stage, one])).values()].reverse();
  if (nearest.length === 0) return null;
  return (
    <>
      <p class="customer-nearly">{words.nearly}</p>
      <ul>
        {nearest.map(({ stage, rule, failed }) => (
          <li key={rule}>
            <strong>{view.stages.label(stage)}</strong>, {words.missing(failedWords(rule, failed, view, naming))}
            <span class="note"> ({failed.found === null ? words.foundNothing : words.found(failed.found)})</span>
          </li>
        ))}
      </ul>
    </>
  );
}

/** The rule in the reader's language where the model at hand has it; else as the server says it. */
function asksOf(place: string, asks: string, view: View, naming: Naming): string {
  const rule = view.params["version"] ? undefined : ruleAt(view.model?.stages ?? [], place);
  return rule ? ruleWords(rule, naming) : asks;
}

function failedWords(place: string, failed: Explained["nearly"][number]["failed"], view: View, naming: Naming): string {
  const rule = view.params["version"] ? undefined : ruleAt(view.model?.stages ?? [], place);
  return (rule && criteria(rule, naming).get(failed.key)) ?? failed.expected;
}
