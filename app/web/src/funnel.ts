/** How many get from stage to stage within a time from the first. */

import { stageBadge } from "./badges";
import { byId, h, keep } from "./element";
import { counted, count, duration, share } from "./format";
import type { Stages } from "./stages";
import type { Funnel, FunnelStep } from "./wire";

const STEPS_SHOWN = 8;

/** The stages of a model as steps; null where they are too few or too many to be read as a funnel. */
export function stepsOf(stages: string[]): string | null {
  return stages.length > 1 && stages.length <= STEPS_SHOWN ? stages.join(",") : null;
}

/** Shows the funnel; null hides it. */
export function showFunnel(funnel: Funnel | null, stages: Stages): void {
  byId("funnel", HTMLElement).hidden = !funnel;
  if (!funnel) return;
  const most = Math.max(1, ...funnel.steps.map(({ reached }) => reached));
  keep(byId("steps", HTMLElement), funnel.steps.map((step, at) => stepItem(step, funnel.steps[at + 1], most, stages)));
}

function stepItem(step: FunnelStep, next: FunnelStep | undefined, most: number, stages: Stages): HTMLElement {
  const bar = h("progress", { max: most, value: step.reached, "aria-label": `${stages.label(step.stage)}: ${counted(step.reached, "customer")}` });
  const head = h("div", { class: "step-head" }, stageBadge(step.stage, stages), h("strong", {}, count(step.reached)));
  return h("li", { "data-key": step.stage }, head, bar, ...(next ? passage(step, next) : []).map((line) => h("p", { class: "note" }, line)));
}

function passage(step: FunnelStep, next: FunnelStep): string[] {
  const median = next.time_to_convert?.median ?? null;
  const pace = median === null ? "" : `, median ${duration(median)}`;
  const waiting = step.still_in_window ? `, ${count(step.still_in_window)} have time left` : "";
  return [`${share(step.conversion)} go on${pace}`, `${count(step.dropped)} stopped${waiting}`];
}
