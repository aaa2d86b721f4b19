/** The list of customers, searched and filtered by stage. */

import { identifierChip, moment, stageBadge } from "./badges";
import { type Choice, writeChoice } from "./choice";
import { byId, h, keep, say } from "./element";
import { counted } from "./format";
import { besideTitle, nameOf, titleOf } from "./identifiers";
import type { Stages } from "./stages";
import type { Customer, Customers } from "./wire";

const IDENTIFIERS_SHOWN = 2;

export function showPeople(pages: Customers[], choice: Choice, stages: Stages): void {
  const people = pages.flatMap((page) => page.customers);
  const unique = [...new Map(people.map((customer) => [nameOf(customer.identifiers), customer])).values()];
  keep(byId("people-list", HTMLElement), unique.map((customer) => personItem(customer, choice, stages)));
  say(byId("people-count", HTMLElement), counted(pages[0]?.total ?? 0, "customer"));
  byId("nobody", HTMLElement).hidden = unique.length > 0;
  byId("more-people", HTMLButtonElement).hidden = !pages.at(-1)?.next;
}

function personItem({ identifiers, stage, since, last_seen }: Customer, choice: Choice, stages: Stages): HTMLElement {
  const { others, devices } = besideTitle(identifiers);
  const link = h("a", { href: writeChoice({ ...choice, customer: nameOf(identifiers) }), class: "value" }, titleOf(identifiers));
  const chips = others.slice(0, IDENTIFIERS_SHOWN).map(identifierChip);
  const rest = restWords(others.length - chips.length, devices);
  const where = stage ? [stageBadge(stage, stages), since ? h("span", { class: "note" }, "since ", moment(since)) : null] : [];
  return h("li", { "data-key": nameOf(identifiers) },
    h("div", { class: "who" }, link, ...chips, h("span", { class: "note" }, rest)),
    h("div", { class: "where" }, ...where),
    h("div", { class: "note" }, "seen ", moment(last_seen)));
}

/** What the chips leave out; one device goes without saying. */
function restWords(more: number, devices: number): string {
  return [more > 0 && counted(more, "more identifier"), devices > 1 && counted(devices, "device")].filter(Boolean).join(", ");
}
