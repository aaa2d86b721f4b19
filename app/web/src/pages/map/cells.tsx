/** What stands in a cell: a number, a list of names, a rating, a target. With others to compare with, each number has theirs under it. */

import { Behind } from "../../parts/behind";
import type { Query } from "../../asking/ask";
import { ABSENT, count, counted, decimal, percent } from "../../words/format";
import { said } from "../../words/language";
import { compared, type Direction, welcome } from "./differences";
import { type Line, less } from "./shown";
import type { Further, Goal, Measured, Ratings, Verdict } from "./wire";
import { WORDS } from "./words";

export const LINES = 5;

/** Whom a number counts: the people of A, and of B. */
export interface Who {
  path: string;
  a: Query;
  b: Query | null;
  title: string;
}

export interface Way {
  write?: (value: number | null) => string;
  /** How a difference is written, where not as the number itself. */
  writeLess?: (value: number) => string;
  /** Which way is better, where either is. */
  better?: Direction;
}

interface NumberProps extends Way {
  a: number | null;
  b: number | null;
  comparing: boolean;
  who?: Who | undefined;
}

export function NumberCell({ a, b, comparing, who, write = count, writeLess = write, better = "same" }: NumberProps) {
  return (
    <span class="map-measure">
      <span class="map-a">{who ? <Behind value={a} words={write(a)} path={who.path} query={who.a} title={who.title} /> : write(a)}</span>
      {comparing && <Beside a={a} b={b} who={who} write={write} writeLess={writeLess} better={better} />}
    </span>
  );
}

function Beside({ a, b, who, write, writeLess, better }: Required<Way> & Pick<NumberProps, "a" | "b" | "who">) {
  const words = said(WORDS);
  return (
    <span class="map-beside">
      <span class="map-b" title={words.b(write(b))}>
        <span class="unseen">{words.legendB}: </span>
        {who?.b && b !== null ? <Behind value={b} words={write(b)} path={who.path} query={who.b} title={`${who.title}, ${words.otherValue}`} /> : write(b)}
      </span>
      {less(a, b) !== null && <span class={`map-less ${welcome(less(a, b), better)}`}>{compared(a, b, writeLess)}</span>}
    </span>
  );
}

interface ListProps extends Way {
  lines: readonly Line[];
  comparing: boolean;
  whole: boolean;
  label: (name: string | null) => string;
  who?: ((line: Line) => Who) | undefined;
  other?: { names: number; count: number };
  tone: number | null;
}

/** Names with bars; the longest is the most. */
export function ListCell({ lines, comparing, whole, label, who, other, tone }: ListProps) {
  const shown = whole ? lines : lines.slice(0, LINES);
  const most = Math.max(1, ...lines.map(({ a }) => a ?? 0));
  if (!lines.length) return <span class="map-none">{ABSENT}</span>;
  return (
    <ul class={tone === null ? "map-list" : `map-list tone-${tone}`}>
      {shown.map((line) => (
        <li key={String(line.name)}>
          <span class="map-length" style={{ width: `${((line.a ?? 0) / most) * 100}%` }} />
          <span class="map-name" title={label(line.name)}>{label(line.name)}</span>
          <NumberCell a={line.a} b={line.b} comparing={comparing} who={who?.(line)} />
        </li>
      ))}
      {other && other.names > 0 && <li class="map-other"><span class="map-name">{said(WORDS).other(count(other.names))}</span><span>{count(other.count)}</span></li>}
    </ul>
  );
}

const OUTCOMES = ["converted", "still_in_window", "dropped"] as const;

/** Who went further, who still may, and who did not: three parts of one bar. */
export function OutcomeBar({ further, tone, name = "" }: { further: Further; tone: number | null; name?: string }) {
  const words = said(WORDS);
  const told = OUTCOMES.map((outcome) => `${count(further[outcome])} ${words.outcome[outcome]}`).join(", ");
  return (
    <span class={`map-outcomes ${tone === null ? "" : `tone-${tone}`}`} role="img" aria-label={name ? `${name}: ${told}` : told} title={told}>
      {further.reached > 0 && OUTCOMES.map((outcome) => <span key={outcome} class={`map-${outcome}`} style={{ flexGrow: further[outcome] }} />)}
    </span>
  );
}

export function RatingCell({ a, b, comparing, tone }: { a: Ratings; b: Ratings | null; comparing: boolean; tone: number | null }) {
  const words = said(WORDS);
  const most = Math.max(1, ...a.values.map((value) => value.count));
  if (!a.count && !b?.count) return <span class="map-none">{ABSENT}</span>;
  const told = a.values.map((value) => words.rated(decimal(value.rating), count(value.count))).join(", ");
  return (
    <span class="map-rating">
      <NumberCell a={a.mean} b={b?.mean ?? null} comparing={comparing} write={(value) => decimal(value, 1, 1)} writeLess={(value) => decimal(value, 2, 1)} better="up" />
      <span class={`map-spread ${tone === null ? "" : `tone-${tone}`}`} role="img" aria-label={told} title={told}>
        {a.values.map((value) => <span key={value.rating} style={{ height: `${(value.count / most) * 100}%` }} />)}
      </span>
      <span class="note">{counted(a.count, words.ratings)}</span>
    </span>
  );
}

const SIGNS: Record<Verdict, string> = { met: "✓", missed: "✕", open: "◷", "no data": "·" };
const GOALS: readonly Goal[] = ["conversion", "days", "rating"];

export function TargetCell({ target }: { target: Partial<Record<Goal, Measured>> | null }) {
  const words = said(WORDS);
  const goals = GOALS.flatMap((goal) => (target?.[goal] ? [[goal, target[goal]] as const] : []));
  if (!goals.length) return <span class="map-none">{ABSENT}</span>;
  return (
    <ul class="map-goals">
      {goals.map(([goal, { target: wanted, measured, verdict }]) => (
        <li key={goal} title={words.verdictWhy[verdict]}>
          <span class={`map-verdict map-${verdict.replace(" ", "-")}`}><span aria-hidden="true">{SIGNS[verdict]} </span>{words.verdicts[verdict]}</span>
          <span class="note">{words.goals[goal]} {inGoal(goal, measured)}, {goal === "days" ? words.goalAtMost(inGoal(goal, wanted)) : words.goalAtLeast(inGoal(goal, wanted))}</span>
        </li>
      ))}
    </ul>
  );
}

function inGoal(goal: Goal, value: number | null): string {
  return goal === "conversion" ? percent(value) : decimal(value, 1);
}
