/** One customer: who it is, and the journey from moment to moment. */

import { channelChip, identifierChip, stageBadge } from "./badges";
import { byId, h, keep, say } from "./element";
import { ABSENT, count, counted, day, duration, instant, named } from "./format";
import { byStrength, titleOf } from "./identifiers";
import { momentItem } from "./moment";
import { byDay, joined, moments } from "./moments";
import type { Stages } from "./stages";
import type { Entry, Journey } from "./wire";

const MOMENTS_SHOWN = 200;
const STEPS_SHOWN = 7;

export class Person {
  private newestFirst = true;
  private shown = MOMENTS_SHOWN;
  private journey: Journey | undefined;
  private stages: Stages | null = null;

  constructor() {
    const turn = byId("turn", HTMLButtonElement);
    turn.addEventListener("click", () => {
      this.newestFirst = !this.newestFirst;
      turn.textContent = this.newestFirst ? "Oldest first" : "Newest first";
      this.draw();
    });
    byId("more-moments", HTMLButtonElement).addEventListener("click", () => {
      this.shown += MOMENTS_SHOWN;
      this.draw();
    });
  }

  /** Makes room for another customer, whose journey is still on its way. */
  open(customer: string): void {
    const heading = byId("person-name", HTMLElement);
    this.journey = undefined;
    this.shown = MOMENTS_SHOWN;
    say(heading, customer.slice(customer.indexOf(":") + 1));
    for (const id of ["person-steps", "person-identifiers", "person-facts", "journey"]) byId(id, HTMLElement).replaceChildren();
    byId("person-body", HTMLElement).hidden = true;
    heading.focus();
  }

  show(pages: Journey[], stages: Stages): void {
    this.journey = joined(pages);
    this.stages = stages;
    this.draw();
  }

  private draw(): void {
    if (!this.journey || !this.stages) return;
    byId("person-body", HTMLElement).hidden = false;
    showWho(this.journey);
    showSteps(this.journey.entries, this.stages);
    this.showJourney(this.journey, this.stages);
  }

  private showJourney(journey: Journey, stages: Stages): void {
    const list = this.newestFirst ? moments(journey).reverse() : moments(journey);
    const days = byDay(list.slice(0, this.shown), (at) => day(at));
    const place = byId("journey", HTMLElement);
    keep(place, days.map((run) => dayOf(place, run.day)));
    for (const run of days) {
      const items = dayOf(place, run.day).querySelector("ol");
      if (items) keep(items, run.moments.map((one) => momentItem(one, stages)));
    }
    const more = byId("more-moments", HTMLButtonElement);
    more.hidden = list.length <= this.shown;
    say(more, `Show more of ${count(list.length)} moments`);
  }
}

/** The section of a day: the one on the page, else a new one. */
function dayOf(place: HTMLElement, name: string): HTMLElement {
  const present = [...place.children].find((child): child is HTMLElement => child instanceof HTMLElement && child.dataset["key"] === name);
  return present ?? h("section", { "data-key": name }, h("h3", {}, name), h("ol", { class: "moments" }));
}

/** The last stages in order, the one of now at the end. */
function showSteps(entries: Entry[], stages: Stages): void {
  const last = entries.slice(-STEPS_SHOWN);
  const before = entries.length - last.length;
  const items = last.map((entry) => h("li", { "data-key": `${entry.message_id} ${entry.stage}` }, stageBadge(entry.stage, stages)));
  const earlier = h("li", { "data-key": "earlier", class: "note" }, `${counted(before, "stage")} before`);
  keep(byId("person-steps", HTMLElement), before ? [earlier, ...items] : items);
}

function showWho({ customer, sessions, touches, entries }: Journey): void {
  const identifiers = byStrength(customer.identifiers);
  const name = nameIn(customer.traits);
  const said = new Set<unknown>([name, ...identifiers.map(({ value }) => value)]);
  say(byId("person-name", HTMLElement), name ?? titleOf(identifiers));
  keep(byId("person-identifiers", HTMLElement), identifiers.map(identifierChip));
  const known = (Date.parse(customer.last_seen) - Date.parse(customer.first_seen)) / 1_000;
  const first = touches.find(({ machine }) => !machine);
  const facts: [string, HTMLElement | string | null][] = [
    ["First seen", instant(customer.first_seen)],
    ["Last seen", instant(customer.last_seen)],
    ["Known for", duration(known)],
    ["First touch", first?.channel ? channelChip(first.channel) : null],
    ["Sessions", count(sessions.length)],
    ["Touches", count(touches.length)],
    ["Stages entered", count(entries.length)],
    ...Object.entries(customer.traits ?? {})
      .filter(([, value]) => !said.has(value))
      .map(([trait, value]): [string, string] => [named(trait), traitWords(value)]),
  ];
  const rows = facts.filter(([, value]) => value !== null);
  keep(byId("person-facts", HTMLElement), rows.map(([title, value]) => h("div", { "data-key": `fact ${title}` }, h("dt", {}, title), h("dd", { class: "value" }, value))));
}

function nameIn(traits: Record<string, unknown> | null): string | null {
  const name = traits?.["name"];
  return typeof name === "string" && name.trim() ? name : null;
}

function traitWords(value: unknown): string {
  if (value === null || value === undefined || value === "") return ABSENT;
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value : JSON.stringify(value);
}
