/** What there is to say of a customer at a glance. */

import type { ComponentChildren } from "preact";
import type { Journey, JourneyEvent } from "../../asking/wire";
import { Moment, StageName } from "../../parts/marks";
import { count, counted, duration, money, span } from "../../words/format";
import { said } from "../../words/language";
import { WORDS } from "./words";

const ORDER = "Order Completed";

/** What is only known of the whole journey stays open until that is read. */
export function Facts({ journey, whole }: { journey: Journey; whole: boolean }) {
  const words = said(WORDS);
  const names = words.facts;
  const { customer, entries, events, touches, sessions } = journey;
  const machines = touches.filter(({ machine }) => machine).length;
  const devices = customer.identifiers.filter(({ kind }) => kind === "anonymous_id").length;
  const known = (Date.parse(customer.last_seen) - Date.parse(customer.first_seen)) / 1_000;
  const orders = events.filter(({ event }) => event === ORDER);
  const now = entries.at(-1);
  const counts = (number: number) => (whole ? count(number) : "…");
  return (
    <dl class="customer-facts card" id="facts">
      <Fact name={names.stage} note={whole && now && words.for(span(secondsSince(now.entered_at, journey.as_of)))}>{!whole ? "…" : now ? <StageName stage={now.stage} /> : words.noStage}</Fact>
      <Fact name={names.last} note={words.after(duration(known))}><Moment at={customer.last_seen} /></Fact>
      <Fact name={names.first}><Moment at={customer.first_seen} /></Fact>
      <Fact name={names.sessions} note={whole ? counted(events.length, words.eventsOf) : words.reading(count(events.length))}>{counts(sessions.filter(({ machine }) => !machine).length)}</Fact>
      <Fact name={names.touches} note={whole && machines > 0 && words.machines(count(machines))}>{counts(touches.length - machines)}</Fact>
      {whole && orders.length > 0 && <Fact name={names.orders} note={sums(orders)}>{count(orders.length)}</Fact>}
      <Fact name={names.devices} note={<Kinds journey={journey} />}>{count(devices)}</Fact>
    </dl>
  );
}

function secondsSince(at: string, now: string): number {
  return Math.max(0, (Date.parse(now) - Date.parse(at)) / 1_000);
}

function Fact({ name, note, children }: { name: string; note?: ComponentChildren; children: ComponentChildren }) {
  return <div><dt>{name}</dt><dd><span class="customer-fact">{children}</span>{note && <span class="note">{note}</span>}</dd></div>;
}

/** What the orders were worth, each currency for itself. */
export function sums(orders: readonly JourneyEvent[]): string {
  const worth = new Map<string | null, number>();
  for (const { value, currency } of orders) if (value !== null) worth.set(currency, (worth.get(currency) ?? 0) + value);
  return [...worth].map(([currency, value]) => money(value, currency)).join(" + ");
}

function Kinds({ journey }: { journey: Journey }) {
  const words = said(WORDS);
  const kinds = [...new Set(journey.sessions.filter(({ machine }) => !machine).map(({ device }) => device))].filter((kind): kind is string => kind !== null);
  return <>{kinds.map((kind) => words.laneKinds[kind] ?? kind).join(", ")}</>;
}
