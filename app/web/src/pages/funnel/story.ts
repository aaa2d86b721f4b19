/** What a funnel's numbers mean, in a sentence. */

import type { Stages } from "../../stages";
import { said } from "../../words/language";
import { type Asking, type FunnelStep, stepLabel } from "./answer";
import { parseWithin } from "./steps";
import { WORDS } from "./words";

/** Of those who began: who reached the last step, who still can, and who did not; they add up to all who began. */
export interface Outcome {
  began: number;
  done: number;
  waiting: number;
  stopped: number;
}

/** A customer counts at the last step that it reached: there it went no further, and still can or cannot. */
export function outcomeOf(steps: readonly FunnelStep[]): Outcome {
  const sum = (of: (step: FunnelStep) => number) => steps.slice(0, -1).reduce((all, step) => all + of(step), 0);
  return {
    began: steps[0]?.reached ?? 0,
    done: steps.at(-1)?.reached ?? 0,
    waiting: sum(({ still_in_window }) => still_in_window),
    stopped: sum(({ dropped }) => dropped),
  };
}

/** The labels of the steps; in any order a step is so many of them. */
export function labelsOf({ steps, of, order }: Asking, stages: Stages): string[] {
  const words = said(WORDS);
  return steps.map((step, place) => (order === "any" ? words.anyStep(place + 1) : stepLabel(step, of, stages, words.or)));
}

export function story(asking: Asking, steps: readonly FunnelStep[], stages: Stages): string[] {
  const words = said(WORDS);
  const { began, done, waiting } = outcomeOf(steps);
  const labels = labelsOf(asking, stages);
  const any = asking.order === "any";
  const who = any ? words.beganAny : words.began[asking.of](labels[0] ?? "");
  if (steps.length < 2) return [words.alone(began, who)];
  const reached = any ? words.reachedAll : words.reachedLast[asking.of](labels.at(-1) ?? "");
  const within = parseWithin(asking.within);
  const told = words.story(began, who, done, reached, within ? words.span(within.number, within.unit) : asking.within);
  const decided = began - waiting;
  return [told, waiting && decided ? words.waiting(waiting, done / decided) : waiting ? "" : words.noWaiting].filter(Boolean);
}
