/** What was sent contradicts itself, what to do about it, and what was done: the pairs struck out. */

import { useState } from "preact/hooks";
import { useAnswer } from "../../asking/answers";
import { kindName } from "../../asking/identifiers";
import { useView } from "../../frame/view";
import { Card } from "../../parts/card";
import { Answered } from "../../parts/states";
import { count, instant } from "../../words/format";
import { FRAME } from "../../words/frame";
import { said } from "../../words/language";
import { Correct } from "./correction";
import { IDENTITY } from "./identity-words";
import type { Contradiction, Struck } from "./wire";

const SHOWN = 50;
const MOST = 1_000;

export function Contradictions() {
  const view = useView();
  const words = said(IDENTITY);
  const [limit, set] = useState(SHOWN);
  const asked = useAnswer<{ contradictions: Contradiction[]; next: string | null }>("/v1/identity/contradictions", { limit });
  const struck = useAnswer<{ links: Struck[]; next: string | null }>("/v1/identity/links", { limit: MOST });
  const again = () => [asked, struck].forEach((each) => each.again());
  return (
    <>
      <Card title={words.contradictions} note={words.contradictionsNote}>
        <Answered asked={asked}>
          {({ contradictions, next }) => (
            <>
              {contradictions.length === 0 && <div class="nothing"><p><strong>{words.noContradictions}.</strong> {words.noContradictionsWhy}</p></div>}
              <ul class="customer-contradictions" id="contradictions">{contradictions.map((one) => <ContradictionItem key={`${one.contradiction} ${one.identifier} ${one.of_kind}`} one={one} done={again} />)}</ul>
              {next && limit < MOST && <button type="button" class="quiet more" onClick={() => set(MOST)}>{said(FRAME).showMore}</button>}
            </>
          )}
        </Answered>
        {!view.admin && <p class="note customer-read-only">{said(FRAME).readOnly}</p>}
      </Card>
      <Card title={words.struckPairs} note={words.struckPairsNote}>
        <Answered asked={struck} lines={2}>
          {({ links }) => (links.length ? <ul class="customer-contradictions" id="struck">{links.map((pair) => <StruckItem key={`${pair.weaker} ${pair.target} ${pair.state}`} pair={pair} done={again} />)}</ul> : <p class="note">{words.noStruck}</p>)}
        </Answered>
      </Card>
    </>
  );
}

function ContradictionItem({ one, done }: { one: Contradiction; done: () => void }) {
  const several = one.contradiction === "several_targets";
  return (
    <li>
      <p><Known name={one.identifier} /> {sentence(one)}</p>
      <ul class="customer-values">
        {one.values.map((value) => {
          const target = `${one.of_kind}:${value}`;
          return <li key={value}><Known name={target} />{several && <Correct pair={{ weaker: one.identifier, target, restore: false }} done={done} />}</li>;
        })}
        {one.count > one.values.length && <li class="note">+{count(one.count - one.values.length)}</li>}
      </ul>
      <p class="note">{adviceOn(one)}</p>
    </li>
  );
}

function sentence({ contradiction, of_kind, count: found }: Contradiction): string {
  const words = said(IDENTITY);
  if (contradiction === "several_targets") return words.several(kindName(of_kind), count(found));
  return contradiction === "owns_many" ? words.owns(kindName(of_kind), count(found)) : words.notApplied(count(found));
}

function adviceOn({ contradiction }: Contradiction): string {
  const words = said(IDENTITY);
  return { several_targets: words.severalDo, owns_many: words.ownsDo, alias_not_applied: words.notAppliedDo }[contradiction];
}

/** An identifier, which leads to whoever it belongs to. */
function Known({ name }: { name: string }) {
  const colon = name.indexOf(":");
  return <span><span class="note">{kindName(name.slice(0, colon))}</span> <a class="value" href={useView().href("customers", name)}>{name.slice(colon + 1)}</a></span>;
}

function StruckItem({ pair, done }: { pair: Struck; done: () => void }) {
  const { zone } = useView();
  const words = said(IDENTITY);
  return (
    <li>
      <p><Known name={pair.weaker} /> — <Known name={pair.target} /> <span class="chip">{words.states[pair.state]}</span></p>
      <p class="note">{words.struckOn(instant(pair.struck_at, zone), pair.struck_by)}</p>
      {pair.state !== "restoring" && <Correct pair={{ weaker: pair.weaker, target: pair.target, restore: true }} done={done} />}
    </li>
  );
}
