/** The rules of a stage model in words. */

import { type Language, language } from "./language";

/** A rule as a model's document has it. */
export type Rule = Readonly<Record<string, unknown>>;

const WORDS = {
  en: {
    and: " and ", or: " or ", any: "any event of a person", event: (names: string) => `the event is ${names}`, type: (types: string) => `its type is ${types}`, channel: (names: string) => `its channel is ${names}`,
    touch: "it is a touch", noTouch: "it is no touch", trait: (path: string) => `the trait ${path}`,
    since: (stage: string) => `after the stage ${stage}`, within: (span: string) => `at most ${span}`, at_least: (span: string) => `at least ${span}`,
    only: (number: number) => `it is number ${number} of such events`, min: (number: number) => `it is number ${number} of such events, or a later one`,
    max: (number: number) => (number === 1 ? "it is the first such event" : `it is among the first ${number} of such events`),
    range: (min: number, max: number) => `it is one of such events from number ${min} to ${max}`,
    eq: "is", ne: "is not", in: "is one of", gt: "is more than", gte: "is at least", lt: "is less than", lte: "is at most", glob: "reads like", there: "is there", missing: "is not there",
  },
  ru: {
    and: " и ", or: " или ", any: "любое событие человека", event: (names: string) => `событие — ${names}`, type: (types: string) => `тип события — ${types}`, channel: (names: string) => `канал — ${names}`,
    touch: "это касание", noTouch: "это не касание", trait: (path: string) => `признак ${path}`,
    since: (stage: string) => `после этапа «${stage}»`, within: (span: string) => `не позже чем через ${span}`, at_least: (span: string) => `не раньше чем через ${span}`,
    only: (number: number) => `такое событие — ${number}-е по счёту`, min: (number: number) => `такое событие — ${number}-е по счёту или позже`,
    max: (number: number) => (number === 1 ? "такое событие — первое" : `такое событие — среди первых ${number}`),
    range: (min: number, max: number) => `такое событие — с ${min}-го по ${max}-е`,
    eq: "равно", ne: "не равно", in: "одно из", gt: "больше", gte: "не меньше", lt: "меньше", lte: "не больше", glob: "похоже на", there: "есть", missing: "отсутствует",
  },
} satisfies Record<Language, unknown>;

const COMPARISONS = ["eq", "ne", "in", "gt", "gte", "lt", "lte", "glob"] as const;

export interface Naming {
  stage: (name: string) => string;
  channel: (name: string) => string;
}

/** All that a rule asks, by the keys by which an explanation calls what failed: "event", "where.properties.path", "since.looking". */
export function criteria(rule: Rule, naming: Naming): Map<string, string> {
  const words = WORDS[language];
  const found = new Map<string, string>();
  if ("event" in rule) found.set("event", words.event(either(rule["event"], quoted)));
  if ("type" in rule) found.set("type", words.type(either(rule["type"], String)));
  if ("channel" in rule) found.set("channel", words.channel(either(rule["channel"], naming.channel)));
  if ("touch" in rule) found.set("touch", rule["touch"] ? words.touch : words.noTouch);
  for (const [path, wanted] of Object.entries(objectOf(rule["where"]))) found.set(`where.${path}`, `${path} ${compared(wanted)}`);
  for (const [path, wanted] of Object.entries(objectOf(rule["traits"]))) found.set(`traits.${path}`, `${words.trait(path)} ${compared(wanted)}`);
  for (const since of listOf(rule["since"]).map(objectOf)) found.set(`since.${String(since["stage"])}`, sinceWords(since, naming));
  if ("occurrence" in rule) found.set("occurrence", occurrence(objectOf(rule["occurrence"])));
  return found;
}

/** All that a rule asks as one sentence without its end. */
export function ruleWords(rule: Rule, naming: Naming): string {
  const words = WORDS[language];
  return [...criteria(rule, naming).values()].join(words.and) || words.any;
}

/** The rule that stands at a place such as stages[1].enter[0]. */
export function ruleAt(stages: readonly { rules?: readonly Rule[] }[], place: string): Rule | undefined {
  const [, stage, rule] = /^stages\[(\d+)\]\.enter\[(\d+)\]$/.exec(place) ?? [];
  return stages[Number(stage)]?.rules?.[Number(rule)];
}

function compared(wanted: unknown): string {
  const words = WORDS[language];
  const asked = objectOf(wanted);
  const parts: string[] = COMPARISONS.filter((key) => key in asked).map((key) => `${words[key]} ${either(asked[key], quoted)}`);
  if ("exists" in asked) parts.push(asked["exists"] ? words.there : words.missing);
  return parts.join(words.and) || `${words.eq} ${either(wanted, quoted)}`;
}

function sinceWords(since: Readonly<Record<string, unknown>>, naming: Naming): string {
  const words = WORDS[language];
  const bounds = (["within", "at_least"] as const).filter((key) => since[key] !== undefined).map((key) => words[key](String(since[key])));
  return [bounds.join(words.and), words.since(naming.stage(String(since["stage"])))].filter(Boolean).join(" ");
}

function occurrence(bounds: Readonly<Record<string, unknown>>): string {
  const words = WORDS[language];
  const [min, max] = [Number(bounds["min"] ?? 1), bounds["max"] === undefined ? Infinity : Number(bounds["max"])];
  if (max === Infinity) return words.min(min);
  if (min <= 1) return words.max(max);
  return min === max ? words.only(min) : words.range(min, max);
}

function either(value: unknown, write: (one: string) => string): string {
  return listOf(value).map((one) => (typeof one === "string" ? write(one) : JSON.stringify(one))).join(WORDS[language].or);
}

function quoted(text: string): string {
  return language === "ru" ? `«${text}»` : `“${text}”`;
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
