/** The names and tones of a model's stages. */

import type { Labels, StageModel, StageRow } from "./wire";

export const TONES = 10;
export const START = "Start";

/** The label in the first of the reader's languages that has one, else in English. */
export function labelIn(labels: Labels | null | undefined, languages: readonly string[]): string | undefined {
  for (const language of [...languages, "en"]) {
    const name = language.toLowerCase().split("-")[0] ?? "";
    if (labels && Object.hasOwn(labels, name)) return labels[name];
  }
  return undefined;
}

/** The model whose stages are the names of events: they stand in no order. */
const UNORDERED = "each_event_name";

/** The models that can be asked about, those with stages of their own first. */
export function askable(models: StageModel[]): StageModel[] {
  const active = models.filter(({ state }) => state === "active");
  return active.sort((a, b) => Number(a.model === UNORDERED) - Number(b.model === UNORDERED));
}

export class Stages {
  /** Whether one stage comes before another, so that a move can lead back. */
  readonly ordered: boolean;
  private readonly places: Map<string, number>;
  private readonly labels: Map<string, string>;

  /** The stages of a model in its order, then those that only an answer names. */
  constructor(model: StageModel | undefined, rows: Pick<StageRow, "stage" | "label">[], languages: readonly string[]) {
    this.ordered = model !== undefined && model.model !== UNORDERED;
    const declared = (model?.stages ?? []).map(({ stage, labels }) => ({ stage, label: labelIn(labels, languages) }));
    const all = [...rows, ...declared];
    this.places = new Map([...new Set([...declared, ...rows].map(({ stage }) => stage))].map((stage, place) => [stage, place]));
    this.labels = new Map(all.filter(({ label }) => label).map(({ stage, label }) => [stage, label ?? stage]));
  }

  get names(): string[] {
    return [...this.places.keys()];
  }

  /** The words for a stage; null is the beginning of a journey. */
  label(stage: string | null): string {
    return stage === null ? START : (this.labels.get(stage) ?? stage);
  }

  /** The place in the model's order; -1 for the beginning of a journey, the end for a stage that nobody declared. */
  place(stage: string | null): number {
    return stage === null ? -1 : (this.places.get(stage) ?? this.places.size);
  }

  /** Whether a move leads to an earlier stage. */
  back(from: string | null, to: string): boolean {
    return this.ordered && from !== null && this.place(to) < this.place(from);
  }

  /** The number of the stage's colour, null for none. */
  tone(stage: string | null): number | null {
    const place = stage === null ? undefined : this.places.get(stage);
    return place === undefined ? null : place % TONES;
  }
}
