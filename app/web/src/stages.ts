/** The names, order and colours of a model's stages. */

import type { StageModel, StageRow } from "./asking/wire";
import { FRAME } from "./words/frame";
import { labelled, said } from "./words/language";

export const TONES = 10;

/** The model whose stages are the names of events: they stand in no order. */
export const UNORDERED = "each_event_name";

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
  constructor(model: StageModel | undefined, rows: Pick<StageRow, "stage">[] = []) {
    this.ordered = model !== undefined && model.model !== UNORDERED;
    const declared = model?.stages ?? [];
    this.places = new Map([...new Set([...declared, ...rows].map(({ stage }) => stage))].map((stage, place) => [stage, place]));
    this.labels = new Map(declared.map(({ stage, labels }) => [stage, labelled(labels, stage)]));
  }

  get names(): string[] {
    return [...this.places.keys()];
  }

  /** The words for a stage; null is the beginning of a journey. */
  label(stage: string | null): string {
    return stage === null ? said(FRAME).start : (this.labels.get(stage) ?? stage);
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
