/** What the names of steps are called, and their colours. */

import type { View } from "../../frame/view";
import { said } from "../../words/language";
import { OTHER, type Reading } from "./question";
import type { Name, Step } from "./wire";
import { WORDS } from "./words";

/** The colours that names may have: grey is that of the rest. */
const TELLING = [0, 1, 2, 3, 4, 5, 6, 7, 9];

export class Names {
  private readonly tones: ReadonlyMap<string, number>;

  constructor(
    private readonly view: View,
    private readonly reading: Reading,
    steps: readonly Step[],
  ) {
    this.tones = reading.of === "stages" ? new Map() : tonesOf(steps);
  }

  label(name: Name): string {
    const { of, by } = this.reading;
    if (name === null) return of === "touches" && by === "utm_campaign" ? said(WORDS).noCampaign : said(WORDS).nameless;
    if (name === OTHER) return said(WORDS).other;
    if (of === "stages") return this.view.stages.label(name);
    if (of === "events" || by === "utm_campaign") return name;
    return by === "channel" ? this.view.channel(name) : this.view.kind(name);
  }

  toneClass(name: Name): string {
    const tone = this.tone(name);
    return tone === null ? "tone-none" : `tone-${tone}`;
  }

  /** The number of its colour, null for none. */
  tone(name: Name): number | null {
    if (!this.anchors(name)) return null;
    return this.reading.of === "stages" ? this.view.stages.tone(name) : (this.tones.get(name) ?? null);
  }

  /** Whether paths can begin or end at it. */
  anchors(name: Name): name is string {
    return name !== null && name !== OTHER;
  }
}

/** Colours for the names that most customers come by: each keeps its own in whatever answer, unless a more frequent one has it. */
export function tonesOf(steps: readonly Step[]): Map<string, number> {
  const customers = new Map<string, number>();
  for (const { name, customers: here } of steps.flatMap(({ nodes }) => nodes)) {
    if (name !== null && name !== OTHER) customers.set(name, (customers.get(name) ?? 0) + here);
  }
  const frequent = [...customers].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, TELLING.length);
  const tones = new Map<string, number>();
  const taken = new Set<number>();
  for (const [name] of frequent) {
    let place = digest(name) % TELLING.length;
    while (taken.has(place)) place = (place + 1) % TELLING.length;
    tones.set(name, TELLING[place] ?? 0);
    taken.add(place);
  }
  return tones;
}

function digest(name: string): number {
  return [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65_521, 7);
}
