/** What the flow tells of a bar or a ribbon, and where its people are. */

import { address, type Query } from "../../asking/ask";
import type { Transition } from "../../asking/wire";
import type { View } from "../../frame/view";
import { count, counted, duration, share } from "../../words/format";
import { said } from "../../words/language";
import { compared } from "./differences";
import type { Bar, Flow, Kind, Ribbon } from "./flow_layout";
import type { Point } from "./outlines";
import type { Asking, Both } from "./shown";
import type { MapStage } from "./wire";
import { WORDS } from "./words";

const MAP = "/v1/journey-map/customers";
const MOVES = "/v1/transitions/customers";

/** A part of the picture that can be pointed at and opened. */
export interface Mark {
  key: string;
  kind: Kind | "bar";
  title: string;
  lines: string[];
  href: string;
  at: Point;
}

export function marks(flow: Flow, stages: readonly Both[], asking: Asking, view: View): { bars: Mark[]; ribbons: Mark[] } {
  const teller = new Teller(stages, asking, view);
  return { bars: flow.bars.map((bar) => teller.bar(bar)), ribbons: flow.ribbons.map((ribbon) => teller.ribbon(ribbon)) };
}

class Teller {
  constructor(
    private readonly stages: readonly Both[],
    private readonly asking: Asking,
    private readonly view: View,
  ) {}

  bar({ place, u, top }: Bar): Mark {
    const words = said(WORDS);
    const { a, b } = this.both(place);
    const title = this.view.stages.label(a.stage);
    const lines = [
      `${words.entries}: ${this.against(a.entries, b?.entries)}`,
      `${words.customers}: ${this.against(a.customers, b?.customers)}`,
      `${this.view.live ? words.now : words.atEnd}: ${this.against(a.at_end, b?.at_end)}`,
    ];
    return { key: `bar ${place}`, kind: "bar", title, lines, href: this.people(MAP, { stage: a.stage, what: "entries" }, title), at: [u, top] };
  }

  ribbon(ribbon: Ribbon): Mark {
    const { kind, from, to, middle } = ribbon;
    const key = [kind, from, to].join(" ");
    const told = from === null || to === null ? this.stub(ribbon) : this.move(ribbon, this.both(from).a, this.both(to));
    return { key, kind, at: middle, ...told };
  }

  private stub({ kind, from, to, count: number }: Ribbon): Pick<Mark, "title" | "lines" | "href"> {
    const words = said(WORDS);
    const { a, b, stallA } = this.both(from ?? to ?? 0);
    const label = this.view.stages.label(a.stage);
    if (kind === "new") {
      const title = words.begins(label);
      return { title, lines: [this.against(number, b && (moveOf(b, null)?.count ?? 0))], href: this.people(`${MOVES}?from_stage=`, { to_stage: a.stage }, title) };
    }
    if (kind === "away") {
      const title = words.wentAway(label);
      return { title, lines: [count(number)], href: this.people(MAP, { stage: a.stage, what: "exits" }, title) };
    }
    const [what, title] = kind === "before" ? (["at_start", words.wereThere(label)] as const) : (["at_end", this.view.live ? words.stayHere(label) : words.stayedThere(label)] as const);
    const lines = [this.against(a[what], b?.[what]), ...(what === "at_end" && stallA?.limit ? [`${words.stalled}: ${count(stallA.stalled)}`] : [])];
    return { title, lines, href: this.people(MAP, { stage: a.stage, what }, title) };
  }

  private move({ kind }: Ribbon, from: MapStage, { a, b }: Both): Pick<Mark, "title" | "lines" | "href"> {
    const words = said(WORDS);
    const [before, after] = [this.view.stages.label(from.stage), this.view.stages.label(a.stage)];
    const title = words.move(before, after);
    const found = moveOf(a, from.stage);
    const lines = [
      `${counted(found?.count ?? 0, words.moves)}${b ? this.beside(found?.count ?? 0, moveOf(b, from.stage)?.count ?? 0) : ""}`,
      words.customersOf(count(found?.customers ?? 0)),
      words.ofLeft(share(found?.share), before),
      words.typical(duration(found?.dwell.median), duration(found?.dwell.p90)),
    ];
    const href = this.people(MOVES, { from_stage: from.stage, to_stage: a.stage }, title);
    return { title, lines: kind === "back" ? [words.goesBack, ...lines] : lines, href };
  }

  private both(place: number): Both {
    const both = this.stages[place];
    if (!both) throw new RangeError(`There is no stage ${place}.`);
    return both;
  }

  private against(a: number, b: number | null | undefined): string {
    return b === null || b === undefined ? count(a) : `${count(a)}${this.beside(a, b)}`;
  }

  private beside(a: number, b: number): string {
    return ` (${said(WORDS).b(count(b))}, ${compared(a, b, count)})`;
  }

  private people(path: string, query: Query, title: string): string {
    const { within: _, ...question } = this.asking.a;
    const asked = path.startsWith(MAP) ? this.asking.a : question;
    const [route = "", empty = ""] = path.split("?");
    return this.view.with({ behind: address(route, { ...asked, ...query }) + (empty && `&${empty}`), of: title });
  }
}

function moveOf(stage: MapStage, from: string | null): Transition | undefined {
  return stage.came_from.find((move) => move.from === from);
}
