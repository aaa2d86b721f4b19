/** The choosers in the header: filled from the choice, and calling back with the next one. */

import { type Choice, UNCHOSEN } from "./choice";
import { byId, h, keep, say } from "./element";
import { named } from "./format";
import { labelIn } from "./stages";
import type { StageModel } from "./wire";

const CHANNELS = [
  "direct", "organic_search", "paid_search", "organic_social", "paid_social", "organic_video", "paid_video", "organic_shopping",
  "paid_shopping", "cross_network", "display", "paid_other", "affiliates", "referral", "email", "sms", "mobile_push_notifications",
  "audio", "ai_assistant", "messenger", "chat_bot", "review_site", "call", "in_person", "store", "delivery", "service", "post",
  "offline_ad", "live_event", "unassigned",
];
const TYPING_PAUSE = 250;

type Control = HTMLInputElement | HTMLSelectElement;

/** Calls back with each next choice; `typing` where the reader may go on typing. */
export function onChoice(current: () => Choice, react: (next: Choice, typing: boolean) => void): void {
  let pause = 0;
  let changes: Partial<Choice> = {};
  const settle = (typing: boolean) => {
    const next = { ...current(), ...changes };
    changes = {};
    react(next, typing);
  };
  const changed = (event: Event, typing: boolean) => {
    const control = event.target;
    if (!isControl(control)) return;
    clearTimeout(pause);
    changes = { ...changes, [control.name]: control.value.trim() };
    pause = window.setTimeout(() => settle(typing), typing ? TYPING_PAUSE : 0);
  };
  document.addEventListener("change", (event) => isTyped(event.target) || changed(event, false));
  document.addEventListener("input", (event) => isTyped(event.target) && changed(event, true));
  for (const form of document.querySelectorAll("form.controls")) form.addEventListener("submit", (event) => event.preventDefault());
}

function isControl(target: EventTarget | null): target is Control {
  return (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) && Object.hasOwn(UNCHOSEN, target.name);
}

function isTyped(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && ["text", "search"].includes(target.type);
}

/** A click beside the further filters closes them. */
export function closeFilters(): void {
  const filters = byId("more-filters", HTMLDetailsElement);
  document.addEventListener("click", ({ target }) => {
    if (target instanceof Node && !filters.contains(target)) filters.open = false;
  });
}

/** Puts the choice into the controls; what the reader is typing in is left alone. */
export function showChoice(choice: Choice): void {
  for (const control of document.querySelectorAll<Control>("input[name], select[name]")) {
    const used = control instanceof HTMLInputElement && control === document.activeElement;
    if (used || !isControl(control)) continue;
    const value = choice[control.name as keyof Choice];
    if (control instanceof HTMLSelectElement) offer(control, value);
    control.value = value;
  }
  byId("dates", HTMLElement).hidden = choice.window !== "dates";
  const further = [choice.source, choice.utm_source, choice.utm_campaign].filter(Boolean).length;
  say(byId("more-filters-title", HTMLElement), further ? `More filters (${further})` : "More filters");
}

/** A value that a link names and the list does not is offered too. */
function offer(select: HTMLSelectElement, value: string): void {
  if (![...select.options].some((option) => option.value === value)) select.append(h("option", { value }, named(value)));
}

export function offerModels(models: StageModel[], languages: readonly string[]): void {
  byId("models", HTMLElement).hidden = models.length < 2;
  options("model", models.map(({ model, labels }) => [model, labelIn(labels, languages) ?? named(model)]));
}

export function offerChannels(): void {
  options("channel", [["", "All channels"], ...CHANNELS.map((channel): [string, string] => [channel, named(channel)])]);
}

export function offerSources(names: string[], chosen: string): void {
  const listed = [...new Set([...names, ...(chosen ? [chosen] : [])])];
  options("source", [["", "All sources"], ...listed.map((name): [string, string] => [name, name])]);
}

export function offerStages(stages: [string, string][], chosen: string): void {
  const known = stages.some(([stage]) => stage === chosen) || !chosen;
  options("stage", [["", "Any stage"], ...stages, ...(known ? [] : [[chosen, chosen] as [string, string]])]);
}

function options(id: string, pairs: [string, string][]): void {
  const select = byId(id, HTMLSelectElement);
  keep(select, pairs.map(([value, label]) => h("option", { value, "data-key": value }, label)));
}
