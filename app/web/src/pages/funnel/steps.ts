/** Steps of a funnel as the API's text has them: commas part steps, bars part the alternatives of one, a backslash takes a sign its meaning. */

/** The alternatives of a step, each as it is written in the text. */
export type Step = readonly string[];

export type Of = "stages" | "events";

export const MOST_STEPS = 20;

const SIGNS = /[,|\\*?]/g;

export function parseSteps(text: string): Step[] {
  return text ? parted(text, ",").map((step) => parted(step, "|")) : [];
}

export function writeSteps(steps: readonly Step[]): string {
  return steps.map((step) => step.join("|")).join(",");
}

/** Parts between a sign that has its meaning. */
function parted(text: string, by: string): string[] {
  const parts = [""];
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at] ?? "";
    if (sign === by) parts.push("");
    else parts.push(`${parts.pop() ?? ""}${sign === "\\" ? text.slice(at, (at += 1) + 1) : sign}`);
  }
  return parts;
}

/** A name, written so that no sign in it has a meaning. */
export function written(name: string): string {
  return name.replace(SIGNS, (sign) => `\\${sign}`);
}

/** What somebody typed: a name that is known, or one in which * and ? are any characters; of stages they are always themselves. */
export function typed(text: string, of: Of, known: readonly string[]): string {
  if (of === "stages" || known.includes(text)) return written(text);
  return text.replace(/[,|\\]/g, (sign) => `\\${sign}`);
}

/** The name that is written so. */
export function nameOf(alternative: string): string {
  return alternative.replace(/\\(.)/gs, "$1");
}

/** Whether * or ? in it are any characters. */
export function isPattern(alternative: string, of: Of): boolean {
  return of === "events" && /[*?]/.test(alternative.replace(/\\./gs, ""));
}

/** The list with one of it at another place. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const rest = list.filter((_, place) => place !== from);
  return [...rest.slice(0, to), ...list.slice(from, from + 1), ...rest.slice(to)];
}

export const UNITS = ["m", "h", "d", "w"] as const;
export type Unit = (typeof UNITS)[number] | "s";

/** "14d" as a number and its unit; null where it is none. */
export function parseWithin(text: string): { number: number; unit: Unit } | null {
  const found = /^(\d{1,9})([smhdw])$/.exec(text);
  return found ? { number: Number(found[1]), unit: found[2] as Unit } : null;
}

const SECONDS: Record<Unit, number> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

export function inSeconds(within: string): number {
  const span = parseWithin(within);
  return span ? span.number * SECONDS[span.unit] : 0;
}
