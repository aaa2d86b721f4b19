/** The moves between stages: picture, table of pairs, table of stages. */

import { stageBadge } from "./badges";
import { Chart } from "./chart";
import { byId, h, say } from "./element";
import { count, counted, duration, share } from "./format";
import { moveKey, picture, type PictureLink, type PictureNode } from "./sankey";
import type { Column } from "./sorting";
import { Stages } from "./stages";
import { SortedTable } from "./table";
import type { Dwell, StageRow, Transition, Transitions } from "./wire";

type Side = { side: "from" | "to"; stage: string | null };

function dwellColumns<Row extends { dwell: Dwell }>(): Column<Row>[] {
  return (["median", "p90"] as const).map((name) => ({
    name,
    title: name === "median" ? "Median time" : "90 % within",
    numeric: true,
    value: ({ dwell }) => dwell[name],
    show: ({ dwell }) => duration(dwell[name]),
  }));
}

function numbers<Row extends Record<Name, number>, Name extends string>(titles: [Name, string][]): Column<Row>[] {
  return titles.map(([name, title]) => ({ name, title, numeric: true, value: (row) => row[name], show: (row) => count(row[name]) }));
}

function shareBar(part: number): HTMLElement {
  return h("span", { class: "part" }, share(part), h("progress", { max: 1, value: part, "aria-hidden": "true" }));
}

function backMark(): HTMLElement {
  return h("span", { class: "back-key", title: "Moves back" }, " ↩");
}

export class Moves {
  private stages = new Stages(undefined, [], []);
  private model = "";
  private transitions: Transition[] = [];
  private side: Side | null = null;
  private readonly chart = new Chart(byId("picture", HTMLElement), (chosen) => this.choose(chosen));
  private readonly pairs = new SortedTable<Transition>(
    byId("pairs", HTMLElement), "Moves between stages", this.pairColumns(), moveKey, { column: "count", descending: true });
  private readonly perStage = new SortedTable<StageRow>(
    byId("per-stage", HTMLElement), "Stages", this.stageColumns(), ({ stage }) => stage, { column: "stage", descending: false });

  constructor() {
    this.pairs.onPoint((key) => this.chart.point(key));
    byId("all-pairs", HTMLButtonElement).addEventListener("click", () => this.choose(null));
  }

  show(answer: Transitions, stages: Stages): void {
    if (answer.model !== this.model) this.side = null;
    this.model = answer.model;
    this.stages = stages;
    this.transitions = answer.transitions;
    const drawing = picture(answer.transitions, stages);
    const empty = drawing.links.length === 0;
    byId("moves", HTMLElement).hidden = empty;
    byId("nothing", HTMLElement).hidden = !empty;
    byId("back-key", HTMLElement).hidden = !stages.ordered;
    this.chart.show(drawing, stages);
    say(byId("rest", HTMLElement), drawing.rest.pairs ? this.restWords(drawing.rest) : "");
    this.showPairs();
    this.perStage.show(answer.stages);
  }

  private restWords({ pairs, count: moves }: { pairs: number; count: number }): string {
    return `The picture draws the largest pairs; ${counted(pairs, "smaller pair")} (${counted(moves, "move")}) are summed as “Other”. The table has them all.`;
  }

  private choose(chosen: PictureLink | PictureNode | null): void {
    const column = chosen && "side" in chosen && chosen.stage !== undefined ? { side: chosen.side, stage: chosen.stage } : null;
    this.side = column;
    this.showPairs();
    this.pairs.mark(chosen && "move" in chosen && chosen.move ? moveKey(chosen.move) : null);
  }

  private showPairs(): void {
    const { side } = this;
    this.pairs.show(this.transitions.filter((move) => !side || move[side.side] === side.stage));
    byId("filter", HTMLElement).hidden = !side;
    if (side) say(byId("filter-words", HTMLElement), `Only moves ${side.side} ${this.stages.label(side.stage)}.`);
  }

  private pairColumns(): Column<Transition>[] {
    const ends = (["from", "to"] as const).map((side): Column<Transition> => ({
      name: side,
      title: side === "from" ? "From" : "To",
      value: (move) => this.stages.place(move[side]),
      show: (move) => h("span", {}, stageBadge(move[side], this.stages), side === "to" && this.stages.back(move.from, move.to) ? backMark() : null),
    }));
    const part: Column<Transition> = { name: "share", title: "Share", numeric: true, value: (move) => move.share, show: (move) => shareBar(move.share) };
    return [...ends, ...numbers<Transition, "count" | "customers">([["count", "Moves"], ["customers", "Customers"]]), part, ...dwellColumns<Transition>()];
  }

  private stageColumns(): Column<StageRow>[] {
    const stage: Column<StageRow> = {
      name: "stage",
      title: "Stage",
      value: (row) => this.stages.place(row.stage),
      show: (row) => stageBadge(row.stage, this.stages),
    };
    return [
      stage,
      ...numbers<StageRow, "at_start" | "entries" | "exits" | "at_end" | "customers">([
        ["at_start", "At start"], ["entries", "Entries"], ["exits", "Exits"], ["at_end", "At end"], ["customers", "Customers"]]),
      ...dwellColumns<StageRow>(),
    ];
  }
}
