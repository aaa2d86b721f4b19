/** All customers together: moves, funnel, people, sources. */

import { ask } from "./ask";
import { type Choice, endsNow, localDay, questionOf } from "./choice";
import { offerSources, offerStages } from "./controls";
import { byId, say } from "./element";
import { clock, counted } from "./format";
import { showFunnel, stepsOf } from "./funnel";
import { Moves } from "./moves";
import { Pages } from "./paging";
import { showPeople } from "./people";
import { showSources } from "./sources";
import { Stages } from "./stages";
import type { Customers, Funnel, Source, StageModel, Transitions } from "./wire";

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
const SIDE_ANSWERS_AFTER = 30_000;
const PEOPLE_A_PAGE = "20";

/** What the overview shows; `everybody` counts all customers, `pages` list those that the reader looks for. */
interface Answers {
  transitions: Transitions;
  pages: Customers[];
  everybody: Customers;
}

export class Overview {
  readonly people = new Pages<Customers>();
  private readonly moves = new Moves();
  private side = { asked: "", at: 0 };

  /** The answers to a choice; null while there is no customer at all. */
  async read(choice: Choice, model: string | undefined, signal: AbortSignal): Promise<Answers | null> {
    const { q, stage } = choice;
    const listing = this.people.read("/v1/customers", { model, q, stage, limit: PEOPLE_A_PAGE }, signal);
    const counting = q || stage ? ask<Customers>("/v1/customers", { model, limit: "1" }, signal) : listing.then(([page]) => page);
    const asking = ask<Transitions>("/v1/transitions", { ...question(choice, model), mode: choice.mode }, signal);
    const [transitions, pages, everybody] = await Promise.all([asking, listing, counting]);
    return everybody?.total ? { transitions, pages, everybody } : null;
  }

  /** Shows the answers and then the slower ones; whether they can still change. */
  async show({ transitions, pages, everybody }: Answers, choice: Choice, model: StageModel | undefined, signal: AbortSignal): Promise<boolean> {
    const stages = new Stages(model, transitions.stages, navigator.languages);
    say(byId("totals", HTMLElement), `${counted(everybody.total, "customer")} · ${counted(everybody.sessions, "session")}`);
    say(byId("as-of", HTMLElement), `as of ${clock(transitions.as_of)}`);
    this.moves.show(transitions, stages);
    offerStages(stages.names.map((name) => [name, stages.label(name)]), choice.stage);
    showPeople(pages, choice, stages);
    await this.showSide(choice, transitions, stages, stepsOf((model?.stages ?? []).map((row) => row.stage)), signal);
    return endsNow(choice, localDay(new Date()));
  }

  /** Funnel and sources: asked again when the moves changed, and every half minute. */
  private async showSide(choice: Choice, transitions: Transitions, stages: Stages, steps: string | null, signal: AbortSignal): Promise<void> {
    const asked = JSON.stringify([choice, transitions.model, transitions.version, transitions.stages, transitions.transitions]);
    if (asked === this.side.asked && Date.now() - this.side.at < SIDE_ANSWERS_AFTER) return;
    const [funnel, { sources }] = await Promise.all([
      steps ? ask<Funnel>("/v1/funnel", { ...question(choice, transitions.model), steps, within: choice.within }, signal) : null,
      ask<{ sources: Source[] }>("/v1/sources", {}, signal),
    ]);
    showFunnel(funnel, stages);
    showSources(sources);
    offerSources(sources.map(({ name }) => name), choice.source);
    this.side = { asked, at: Date.now() };
  }
}

function question(choice: Choice, model: string | undefined) {
  return { ...questionOf(choice, localDay(new Date()), ZONE), model };
}
