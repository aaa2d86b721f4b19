/** What identify events said of the customer: each trait's value of now, and those before it. */

import { useAnswer } from "../../asking/answers";
import { customerPath } from "../../asking/identifiers";
import { useView } from "../../frame/view";
import { Card } from "../../parts/card";
import { Moment } from "../../parts/marks";
import { Answered } from "../../parts/states";
import { ABSENT, date, instant } from "../../words/format";
import { FRAME } from "../../words/frame";
import { said } from "../../words/language";
import { useAgainWhen } from "./again";
import type { TraitHistory, TraitValue } from "./wire";
import { WORDS } from "./words";

export function Traits({ customer, since }: { customer: string; since: string }) {
  const words = said(WORDS);
  const asked = useAnswer<TraitHistory>(customerPath(customer, "traits"));
  useAgainWhen(since, asked.again);
  return (
    <Card name="customer-traits" title={words.traits} note={words.traitsNote}>
      <Answered asked={asked}>
        {({ traits, complete }) => {
          const keys = Object.keys(traits).sort();
          return (
            <>
              {keys.length === 0 && <p class="note">{words.noTraits}</p>}
              <dl id="traits">{keys.map((key) => <Trait key={key} name={key} values={traits[key] ?? []} />)}</dl>
              {!complete && <p class="note">{words.traitsCut}</p>}
            </>
          );
        }}
      </Answered>
    </Card>
  );
}

function Trait({ name, values }: { name: string; values: readonly TraitValue[] }) {
  const { zone } = useView();
  const words = said(WORDS);
  const now = values.at(-1);
  const before = values.slice(0, -1).reverse();
  return (
    <div>
      <dt class="value">{name}</dt>
      <dd>
        <span class="customer-trait"><span class="value">{traitWords(now?.value)}</span> {now && <span class="note" title={`${words.valueSince(instant(now.since, zone))} · ${now.source}`}><Moment at={now.since} /></span>}</span>
        {before.length > 0 && (
          <details>
            <summary>{words.before(before.length)}</summary>
            <ol>{before.map((value) => <li key={value.since}><span class="value">{traitWords(value.value)}</span> <span class="note">{words.valueUntil(date(value.since, zone), date(value.until, zone))}</span></li>)}</ol>
          </details>
        )}
      </dd>
    </div>
  );
}

export function traitWords(value: unknown): string {
  const words = said(FRAME);
  if (value === null || value === undefined || value === "") return ABSENT;
  if (typeof value === "boolean") return value ? words.yes : words.no;
  return typeof value === "string" ? value : JSON.stringify(value);
}
