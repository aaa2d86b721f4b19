/** Why somebody is in a stage: its rules in words. */

import { useView } from "../../frame/view";
import { Popover } from "../../parts/popover";
import { span } from "../../words/format";
import { said } from "../../words/language";
import { ruleWords } from "../../words/rules";
import { WORDS } from "./words";

export function Why({ stage }: { stage: string }) {
  const view = useView();
  const words = said(WORDS);
  const label = view.stages.label(stage);
  const rules = view.model?.stages.find((each) => each.stage === stage)?.rules ?? [];
  const lapses = view.model?.lapses_after;
  if (!rules.length && !lapses) return null;
  const naming = { stage: (name: string) => view.stages.label(name), channel: (name: string) => view.channel(name) };
  return (
    <span class="map-why">
      <Popover label={<span role="img" aria-label={words.why(label)}>?</span>}>
        <p><strong>{words.why(label)}</strong></p>
        {rules.length > 0 ? <p class="note">{words.whyLead}</p> : <p>{words.lapsed(span(lapses ?? 0))}</p>}
        <ul>{rules.map((rule, at) => <li key={at}>{ruleWords(rule, naming)}</li>)}</ul>
      </Popover>
    </span>
  );
}
