/** What every component may know: where the reader is, what the service told of itself at the start, and how to go elsewhere. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { type Params, type Place, readPlace, writePlace } from "../address";
import type { Query } from "../asking/ask";
import type { Login, Named, StageModel } from "../asking/wire";
import { Stages } from "../stages";
import { dayIn, endsNow, questionOf, realZone, shared } from "../view";
import { named } from "../words/format";
import { labelled } from "../words/language";

/** What the service tells of itself once. */
export interface Known {
  login: Login;
  models: StageModel[];
  channels: Named[];
  kinds: Named[];
}

export class View {
  readonly params: Params;
  readonly zone: string;
  /** The model that the address names, else the first. */
  readonly model: StageModel | undefined;
  readonly stages: Stages;
  /** What every question about stages says here: model, window, time zone and filters. */
  readonly query: Query;
  /** Whether the window ends now, so that answers can change. */
  readonly live: boolean;

  constructor(
    readonly place: Place,
    readonly known: Known,
    private readonly move: (hash: string, replace: boolean) => void,
  ) {
    this.params = place.params;
    this.zone = realZone(this.params["zone"]);
    this.model = known.models.find(({ model }) => model === this.params["model"]) ?? known.models[0];
    this.stages = new Stages(this.model);
    const today = dayIn(new Date(), this.zone);
    this.query = questionOf({ ...this.params, model: this.params["model"] || (this.model?.model ?? "") }, today, this.zone);
    this.live = endsNow(this.params, today);
  }

  get admin(): boolean {
    return this.known.login.scope === "admin";
  }

  /** Changes parameters of this view; an empty value takes one away. While the reader types, the step before is replaced. */
  set(changes: Params, replace = false): void {
    const now = readPlace(location.hash);
    if ((now.page || this.place.page) === this.place.page) this.move(writePlace({ ...this.place, params: { ...now.params, ...changes } }), replace);
  }

  /** The address of this view with other parameters. */
  with(changes: Params): string {
    return writePlace({ ...this.place, params: { ...this.params, ...changes } });
  }

  /** The address of another page, to which model, window, zone and filters go along. */
  href(page: string, about = "", params: Params = {}): string {
    return writePlace({ page, about, params: { ...shared(this.params), ...params } });
  }

  /** The words for a channel. */
  channel(name: string): string {
    return called(this.known.channels, name);
  }

  /** The words for a kind of touch. */
  kind(name: string): string {
    return called(this.known.kinds, name);
  }
}

function called(list: readonly Named[], name: string): string {
  return labelled(list.find((one) => one.name === name)?.labels, named(name));
}

export const ViewContext = createContext<View | null>(null);

export function useView(): View {
  const view = useContext(ViewContext);
  if (!view) throw new Error("A component that asks for the view stands outside of it.");
  return view;
}
