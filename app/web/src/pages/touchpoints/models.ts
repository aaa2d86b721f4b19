/** The models of attribution: in the order of the lanes of a row, from who opens a journey to what all journeys tell. */

export const MODELS = [
  "first", "position_based", "linear", "time_decay", "last", "last_non_direct", "markov", "markov_by_path", "shapley",
] as const;
export type Model = (typeof MODELS)[number];

/** What kind of rule a model is; each kind has a shape and a tone of its own. */
export type Family = "opens" | "shares" | "closes" | "journeys";

export const FAMILIES: readonly { family: Family; symbol: string; sign: string; tone: number }[] = [
  { family: "opens", symbol: "triangle", sign: "▲", tone: 0 },
  { family: "shares", symbol: "circle", sign: "●", tone: 2 },
  { family: "closes", symbol: "diamond", sign: "◆", tone: 3 },
  { family: "journeys", symbol: "rect", sign: "■", tone: 5 },
];

const FAMILY: Record<Model, Family> = {
  first: "opens", position_based: "shares", linear: "shares", time_decay: "shares", last: "closes", last_non_direct: "closes",
  markov: "journeys", markov_by_path: "journeys", shapley: "journeys",
};

export function familyOf(model: Model) {
  const found = FAMILIES.find(({ family }) => family === FAMILY[model]);
  if (!found) throw new Error(`no family of ${model}`);
  return found;
}

export function modelsOf(family: Family): Model[] {
  return MODELS.filter((model) => FAMILY[model] === family);
}

/** Markov's chain divides all conversions as a whole, so that nobody stands behind its numbers. */
export function hasPeople(model: Model): boolean {
  return model !== "markov";
}
