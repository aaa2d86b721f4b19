/** One customer: who it is, where it stands, and its whole journey. */

import { useMemo } from "preact/hooks";
import { titleOf } from "../../asking/identifiers";
import type { Journey } from "../../asking/wire";
import { useView } from "../../frame/view";
import { AsOf, Failed, Loading } from "../../parts/states";
import { said } from "../../words/language";
import { Facts } from "./facts";
import { Handles } from "./handles";
import { WhoIsWho } from "./identity";
import { JourneyFigure } from "./journey";
import { moments } from "./moments";
import { type Read, useJourney } from "./reading";
import { Timeline } from "./timeline";
import { Traits } from "./traits";
import { WORDS } from "./words";

export function Person({ customer }: { customer: string }) {
  const view = useView();
  const read = useJourney(customer, String(view.query["model"] ?? ""), String(view.query["version"] ?? ""));
  return (
    <div class="customer">
      <p class="customer-up"><a href={upOf(view)}>← {said(WORDS).all}</a></p>
      <Body customer={customer} read={read} />
    </div>
  );
}

/** The list as the reader left it. */
function upOf(view: ReturnType<typeof useView>): string {
  const { q = "", stage = "", stalled = "" } = view.params;
  return view.href("customers", "", { q, stage, stalled });
}

function Body({ customer, read }: { customer: string; read: Read }) {
  const { journey, failure, again } = read;
  if (journey) return <>{failure && <Failed failure={failure} again={again} />}<Known customer={customer} journey={journey} whole={read.whole} /></>;
  if (failure) return <><h1 class="value">{valueOf(customer)}</h1><Failed failure={failure} again={again} /></>;
  if (journey === null) return <Unknown customer={customer} />;
  return <><h1 class="value">{valueOf(customer)}</h1><div class="card customer-place"><Loading lines={8} /></div></>;
}

function valueOf(customer: string): string {
  return customer.slice(customer.indexOf(":") + 1);
}

function Unknown({ customer }: { customer: string }) {
  const words = said(WORDS);
  return (
    <div class="card customer-unknown" role="status">
      <h1 class="value">{words.unknown(customer)}</h1>
      <p class="note">{words.unknownWhy}</p>
    </div>
  );
}

function Known({ customer, journey, whole }: { customer: string; journey: Journey; whole: boolean }) {
  const list = useMemo(() => moments(journey), [journey]);
  const { identifiers, traits } = journey.customer;
  return (
    <>
      <div class="heading">
        <h1 id="person-name" class="value">{nameIn(traits) ?? titleOf(identifiers)}</h1>
        <AsOf answer={journey} />
      </div>
      <Handles identifiers={identifiers} />
      <Facts journey={journey} whole={whole} />
      <JourneyFigure journey={journey} list={list} />
      <div class="customer-halves">
        <Timeline customer={customer} list={list} whole={whole} />
        <div class="customer-side">
          <Traits customer={customer} since={journey.customer.last_seen} />
          <WhoIsWho customer={customer} since={journey.customer.identifiers.length} />
        </div>
      </div>
    </>
  );
}

/** Composed, as identifiers are kept. */
export function nameIn(traits: Record<string, unknown> | null): string | null {
  const name = traits?.["name"];
  return typeof name === "string" && name.trim() ? name.normalize() : null;
}
