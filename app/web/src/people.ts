/** The list of customers, searched and filtered by stage. */

import { identifierChip, stageBadge } from "./badges";
import { type Choice, writeChoice } from "./choice";
import { byId, h, keep, say } from "./element";
import { ABSENT, counted, instant } from "./format";
import { byStrength, nameOf } from "./identifiers";
import type { Stages } from "./stages";
import type { Customer, Customers } from "./wire";

const IDENTIFIERS_SHOWN = 3;

export function showPeople(pages: Customers[], choice: Choice, stages: Stages): void {
  const people = pages.flatMap((page) => page.customers);
  const unique = [...new Map(people.map((customer) => [nameOf(customer.identifiers), customer])).values()];
  keep(byId("people-list", HTMLElement), unique.map((customer) => personItem(customer, choice, stages)));
  say(byId("people-count", HTMLElement), counted(pages[0]?.total ?? 0, "customer"));
  byId("more-people", HTMLButtonElement).hidden = !pages.at(-1)?.next;
}

function personItem({ identifiers, stage, since, first_seen, last_seen }: Customer, choice: Choice, stages: Stages): HTMLElement {
  const [first, ...others] = byStrength(identifiers);
  const link = h("a", { href: writeChoice({ ...choice, customer: nameOf(identifiers) }), class: "value" }, first?.value ?? ABSENT);
  const chips = others.slice(0, IDENTIFIERS_SHOWN).map(identifierChip);
  const hidden = others.length - chips.length;
  const more = hidden > 0 ? h("span", { class: "note" }, `and ${counted(hidden, "more identifier")}`) : null;
  return h("li", { "data-key": nameOf(identifiers) },
    h("div", { class: "who" }, link, h("div", { class: "chips" }, ...chips, more)),
    h("div", { class: "where" }, stage ? stageBadge(stage, stages) : null, since ? h("div", { class: "note" }, `since ${instant(since)}`) : null),
    h("div", { class: "when note" }, `last seen ${instant(last_seen)}`, h("br", {}), `first seen ${instant(first_seen)}`));
}
