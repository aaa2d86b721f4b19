/** The page: it reads the choice from the address, asks, and shows; all of it again every second while anything can change. */

import { ask, inWords, Refusal, Unreachable } from "./ask";
import { type Choice, readChoice, UNCHOSEN, writeChoice } from "./choice";
import { closeFilters, offerChannels, offerModels, onChoice, showChoice } from "./controls";
import { byId, say } from "./element";
import { journeyPath } from "./identifiers";
import { Overview } from "./overview";
import { readAll } from "./paging";
import { Person } from "./person";
import { PAUSE, PAUSE_AFTER_FAILURE, Refresher } from "./refresh";
import { askable, Stages } from "./stages";
import { fillWelcome } from "./welcome";
import type { Journey, StageModel } from "./wire";

const VIEWS = ["welcome", "overview", "person"] as const;
const EVENTS_A_PAGE = "1000";
const NOT_FOUND = 404;
const TOO_MANY_REQUESTS = 429;

class Page {
  private models: StageModel[] = [];
  private choice = UNCHOSEN;
  private welcomed = false;
  private leftAt = 0;
  private readonly overview = new Overview();
  private readonly person = new Person();
  private readonly refresher = new Refresher((signal) => this.refresh(signal), (failure) => this.trouble(failure));

  start(): void {
    offerChannels();
    closeFilters();
    onChoice(() => this.choice, (next, typing) => this.go(next, typing));
    addEventListener("hashchange", () => this.arrive());
    byId("more-people", HTMLButtonElement).addEventListener("click", () => this.morePeople());
    byId("unfilter", HTMLButtonElement).addEventListener("click", () => this.go(this.unfiltered(), false));
    this.arrive();
  }

  private morePeople(): void {
    this.overview.people.wanted += 1;
    this.refresher.now();
  }

  private unfiltered(): Choice {
    const { model, mode } = this.choice;
    return { ...UNCHOSEN, model, mode };
  }

  private go(next: Choice, typing: boolean): void {
    const hash = writeChoice(next);
    if (!typing) {
      location.hash = hash;
      return;
    }
    history.replaceState(null, "", hash);
    this.arrive();
  }

  private arrive(): void {
    const before = this.choice.customer;
    this.choice = readChoice(location.hash);
    this.showControls();
    byId("back", HTMLAnchorElement).href = writeChoice({ ...this.choice, customer: "" });
    byId("main", HTMLElement).setAttribute("aria-busy", "true");
    if (this.choice.customer !== before) this.open(this.choice.customer);
    this.refresher.now();
  }

  private open(customer: string): void {
    if (!byId("overview", HTMLElement).hidden) this.leftAt = scrollY;
    this.turnTo(customer ? "person" : "overview");
    if (customer) this.person.open(customer);
    scrollTo(0, customer ? 0 : this.leftAt);
  }

  private model(): StageModel | undefined {
    return this.models.find(({ model }) => model === this.choice.model) ?? this.models[0];
  }

  private showControls(): void {
    showChoice({ ...this.choice, model: this.model()?.model ?? this.choice.model });
  }

  private async refresh(signal: AbortSignal): Promise<boolean> {
    const known = this.models.length > 0;
    if (!known) await this.learnModels(signal);
    const reading = this.choice.customer ? this.readPerson(signal) : this.readOverview(signal);
    const [live] = await Promise.all([reading, known && this.learnModels(signal)]);
    byId("main", HTMLElement).removeAttribute("aria-busy");
    byId("trouble", HTMLElement).hidden = true;
    return live;
  }

  private async learnModels(signal: AbortSignal): Promise<void> {
    this.models = askable((await ask<{ models: StageModel[] }>("/v1/stages", {}, signal)).models);
    offerModels(this.models, navigator.languages);
    this.showControls();
  }

  private async readPerson(signal: AbortSignal): Promise<boolean> {
    const model = this.model();
    const pages = await readAll<Journey>(journeyPath(this.choice.customer), { model: model?.model, limit: EVENTS_A_PAGE }, signal);
    this.person.show(pages, new Stages(model, [], navigator.languages));
    return true;
  }

  private async readOverview(signal: AbortSignal): Promise<boolean> {
    const model = this.model();
    const answers = await this.overview.read(this.choice, model?.model, signal);
    if (!answers) return this.welcome(signal);
    this.turnTo("overview");
    const live = await this.overview.show(answers, this.choice, model, signal);
    this.showControls();
    return live;
  }

  private async welcome(signal: AbortSignal): Promise<boolean> {
    if (!this.welcomed) fillWelcome((await ask<{ snippet: string }>("/v1/snippet", {}, signal)).snippet, location.origin);
    this.welcomed = true;
    this.turnTo("welcome");
    return true;
  }

  private turnTo(view: (typeof VIEWS)[number]): void {
    for (const name of VIEWS) byId(name, HTMLElement).hidden = name !== view;
    byId("controls", HTMLElement).hidden = view === "welcome";
    byId("window-controls", HTMLElement).hidden = view === "person";
  }

  /** Says what went wrong; the pause before the next attempt, null for none. */
  private trouble(failure: unknown): number | null {
    if (!(failure instanceof Refusal || failure instanceof Unreachable)) throw failure;
    if (failure instanceof Refusal && failure.status === 401) location.assign(`/login${location.hash}`);
    const place = byId("trouble", HTMLElement);
    const pause = pauseAfter(failure);
    say(place, pause === PAUSE_AFTER_FAILURE ? `${inWords(failure)} Trying again every few seconds.` : inWords(failure));
    place.hidden = false;
    byId("main", HTMLElement).removeAttribute("aria-busy");
    return pause;
  }
}

/** A customer who is not there may be on the way; what is refused for other reasons stays refused. */
function pauseAfter(failure: Refusal | Unreachable): number | null {
  if (failure instanceof Refusal && failure.status === NOT_FOUND) return PAUSE;
  return failure instanceof Unreachable || failure.status >= TOO_MANY_REQUESTS ? PAUSE_AFTER_FAILURE : null;
}

new Page().start();
