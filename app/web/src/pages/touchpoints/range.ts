/** Where models agree about a name and where they differ. */

import { type Model, MODELS } from "./models";
import type { CreditedName } from "./wire";

/** What is credited: conversions, or money of one currency. */
export type Measure = { kind: "conversions" } | { kind: "money"; currency: string | null };

export interface Range {
  name: string | null;
  values: Record<Model, number>;
  least: Model;
  most: Model;
  /** Between the least and the most, as a part of the whole. */
  spread: number;
  mean: number;
}

export function creditOf(row: CreditedName, model: Model, measure: Measure): number {
  if (measure.kind === "conversions") return row.credits[model] ?? 0;
  return row.values[model]?.find(({ currency }) => currency === measure.currency)?.value ?? 0;
}

/** The names with their values under every model, those with the highest mean first; names that no model credits are left out. */
export function rangesOf(names: readonly CreditedName[], measure: Measure, whole: number): Range[] {
  return names
    .map((row) => rangeOf(row, measure, whole))
    .filter(({ values }) => MODELS.some((model) => values[model] !== 0))
    .sort((a, b) => b.mean - a.mean);
}

function rangeOf(row: CreditedName, measure: Measure, whole: number): Range {
  const values = Object.fromEntries(MODELS.map((model) => [model, creditOf(row, model, measure)])) as Record<Model, number>;
  const ordered = [...MODELS].sort((a, b) => values[a] - values[b]);
  const [least = "first", most = "first"] = [ordered[0], ordered.at(-1)];
  const mean = MODELS.reduce((sum, model) => sum + values[model], 0) / MODELS.length;
  return { name: row.name, values, least, most, spread: whole ? (values[most] - values[least]) / whole : 0, mean };
}

/** The name about which models differ most, and of those with at least a tenth of the whole the one about which they agree best. */
export function tellingOf(ranges: readonly Range[], whole: number): { differ: Range; agree: Range | null } | null {
  const bySpread = [...ranges].sort((a, b) => b.spread - a.spread);
  const [differ] = bySpread;
  if (!differ || ranges.length < 2) return null;
  const agree = bySpread.filter((range) => range !== differ && range.mean >= whole / 10).at(-1) ?? null;
  return { differ, agree };
}
