/** How many get from stage to stage within a time from the first. */

import { stageBadge } from "./badges";
import { byId, h, keep } from "./element";
import { counted, count, percent, span } from "./format";
import type { Stages } from "./stages";
import type { Funnel, FunnelStep } from "./wire";

const STEPS_SHOWN = 8;

/** The stages of a model as steps; null where they are too few or too many to be read as a funnel. */
export function stepsOf(stages: string[]): string | null {
  return stages.length > 1 && stages.length <= STEPS_SHOWN ? stages.map(asStep).join(",") : null;
}

/** A stage's name with backslashes before the signs that part steps. */
function asStep(stage: string): string {
  return stage.replace(/[,|\\*?]/g, "\\$&");
}

/** Shows the funnel; null hides it. */
export function showFunnel(funnel: Funnel | null, stages: Stages): void {
  byId("funnel", HTMLElement).hidden = !funnel;
  if (!funnel) return;
  const began = funnel.steps[0]?.reached ?? 0;
  keep(byId("steps", HTMLElement), funnel.steps.map((step, at) => stepItem(step, funnel.steps[at + 1], began, stages)));
}

function stepItem(step: FunnelStep, next: FunnelStep | undefined, began: number, stages: Stages): HTMLElement {
  const tone = stages.tone(step.stage);
  const words = `${stages.label(step.stage)}: ${counted(step.reached, "customer")}`;
  const bar = h("progress", { class: tone === null ? undefined : `tone-${tone}`, max: Math.max(1, began), value: step.reached, "aria-label": words });
  const lines = next ? passage(step, next) : [`${percent(began ? step.reached / began : null)} of all who began`];
  return h("li", { "data-key": step.stage },
    stageBadge(step.stage, stages), h("strong", { class: "big" }, count(step.reached)), bar, ...lines.map((line) => h("p", { class: "note" }, line)));
}

function passage(step: FunnelStep, next: FunnelStep): string[] {
  const median = next.time_to_convert?.median ?? null;
  const pace = median === null ? "" : `, median ${span(median)}`;
  const waiting = step.still_in_window ? `, ${count(step.still_in_window)} still may` : "";
  return [`${percent(step.conversion)} go on${pace}`, `${count(step.dropped)} stopped${waiting}`];
}
