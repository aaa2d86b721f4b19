/** One customer: who it is, and the journey from moment to moment. */

import { identifierChip, stageBadge } from "./badges";
import { byId, h, keep, say } from "./element";
import { ABSENT, counted, day, duration, instant } from "./format";
import { byStrength } from "./identifiers";
import { momentItem } from "./moment";
import { byDay, moments } from "./moments";
import type { Stages } from "./stages";
import type { Entry, Journey } from "./wire";

export class Person {
  private newestFirst = true;
  private pages: Journey[] = [];
  private stages: Stages | null = null;

  constructor() {
    const turn = byId("turn", HTMLButtonElement);
    turn.addEventListener("click", () => {
      this.newestFirst = !this.newestFirst;
      turn.textContent = this.newestFirst ? "Oldest first" : "Newest first";
      this.draw();
    });
  }

  /** Makes room for another customer, whose journey is still on its way. */
  open(customer: string): void {
    const heading = byId("person-name", HTMLElement);
    say(heading, customer.slice(customer.indexOf(":") + 1));
    for (const id of ["person-identifiers", "person-facts", "journey"]) byId(id, HTMLElement).replaceChildren();
    byId("more-moments", HTMLButtonElement).hidden = true;
    heading.focus();
  }

  show(pages: Journey[], stages: Stages): void {
    this.pages = pages;
    this.stages = stages;
    this.draw();
  }

  private draw(): void {
    const [page] = this.pages;
    if (!page || !this.stages) return;
    showWho(page, this.pages.flatMap(({ entries }) => entries), this.stages);
    this.showJourney(this.stages);
    byId("more-moments", HTMLButtonElement).hidden = !this.pages.at(-1)?.next;
  }

  private showJourney(stages: Stages): void {
    const list = moments(this.pages);
    const days = byDay(this.newestFirst ? list.reverse() : list, (at) => day(at));
    const place = byId("journey", HTMLElement);
    keep(place, days.map((run) => dayOf(place, run.day)));
    for (const run of days) {
      const items = dayOf(place, run.day).querySelector("ol");
      if (items) keep(items, run.moments.map((moment) => momentItem(moment, stages)));
    }
  }
}

/** The section of a day: the one on the page, else a new one. */
function dayOf(place: HTMLElement, name: string): HTMLElement {
  const present = [...place.children].find((child): child is HTMLElement => child instanceof HTMLElement && child.dataset["key"] === name);
  return present ?? h("section", { "data-key": name }, h("h3", {}, name), h("ol", { class: "moments" }));
}

function showWho({ customer, sessions, touches }: Journey, entries: Entry[], stages: Stages): void {
  const [first, ...others] = byStrength(customer.identifiers);
  say(byId("person-name", HTMLElement), first?.value ?? "Customer");
  keep(byId("person-identifiers", HTMLElement), (first ? [first, ...others] : []).map(identifierChip));
  const current = entries.find(({ left_at }) => left_at === null);
  const facts: [string, string][] = [
    ["First seen", instant(customer.first_seen)],
    ["Last seen", instant(customer.last_seen)],
    ["Known for", duration((Date.parse(customer.last_seen) - Date.parse(customer.first_seen)) / 1_000)],
    ["Shown", `${counted(sessions.length, "session")}, ${counted(touches.length, "touch", "touches")}`],
    ...Object.entries(customer.traits ?? {}).map(([name, value]): [string, string] => [name, traitWords(value)]),
  ];
  const stage = current ? h("div", { "data-key": "stage" }, h("dt", {}, "Stage"), h("dd", {}, stageBadge(current.stage, stages))) : null;
  const rows = facts.map(([name, value]) => h("div", { "data-key": `fact ${name}` }, h("dt", {}, name), h("dd", { class: "value" }, value)));
  keep(byId("person-facts", HTMLElement), stage ? [stage, ...rows] : rows);
}

function traitWords(value: unknown): string {
  if (value === null || value === undefined || value === "") return ABSENT;
  return typeof value === "string" ? value : JSON.stringify(value);
}
