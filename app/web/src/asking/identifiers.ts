/** How a customer is named, in links and for people. */

import { ABSENT, named } from "../words/format";
import { FRAME } from "../words/frame";
import { said } from "../words/language";
import type { Identifier } from "./wire";

const RANKS = ["user_id", "email", "phone", "", "anonymous_id"];
const DEVICE = "anonymous_id";
const DEVICE_LETTERS = 8;

/** The identifiers from strong to weak; an operator's own kinds stand before anonymous_id. */
export function byStrength(identifiers: Identifier[]): Identifier[] {
  return [...identifiers].sort((a, b) => rank(a.kind) - rank(b.kind));
}

function rank(kind: string): number {
  const place = RANKS.indexOf(kind);
  return place < 0 ? RANKS.indexOf("") : place;
}

/** "user_id:u-1", the name under which a customer is asked for. */
export function nameOf(identifiers: Identifier[]): string {
  const [strongest] = byStrength(identifiers);
  return strongest ? `${strongest.kind}:${strongest.value}` : "";
}

/** The strongest identifier; of somebody known by devices alone "Visitor" and the beginning of one's id. */
export function titleOf(identifiers: Identifier[]): string {
  const [strongest] = byStrength(identifiers);
  if (!strongest) return ABSENT;
  return strongest.kind === DEVICE ? said(FRAME).visitor(strongest.value.slice(0, DEVICE_LETTERS)) : strongest.value;
}

/** What sort of identifier it is, in words. */
export function kindName(kind: string): string {
  return said(FRAME).identifierKinds[kind] ?? named(kind);
}

/** The identifiers beside the one that is the title: those of people, and how many devices. */
export function besideTitle(identifiers: Identifier[]): { others: Identifier[]; devices: number } {
  const others = byStrength(identifiers).slice(1).filter(({ kind }) => kind !== DEVICE);
  return { others, devices: identifiers.filter(({ kind }) => kind === DEVICE).length };
}

/** The path of what is asked about a customer, as in `journey`; the first colon parts kind and value. */
export function customerPath(customer: string, what: string): string {
  const colon = customer.indexOf(":");
  const [kind, value] = [customer.slice(0, colon), customer.slice(colon + 1)];
  return `/v1/customers/${encodeURIComponent(kind)}:${encodeURIComponent(value)}/${what}`;
}
