/** The picture of transitions as two columns: the stage before at the left, the stage after at the right. So cycles and moves back have a place. */

import type { Stages } from "../../stages";
import type { Transition } from "../../asking/wire";
import { said } from "../../words/language";
import { WORDS } from "./words";

export const LINKS_DRAWN = 60;

/** A stage in one of the two columns; `stage` is undefined for the sum of what is not drawn, null for the beginning of a journey. */
export interface PictureNode {
  name: string;
  side: "from" | "to";
  stage: string | null | undefined;
  label: string;
  tone: number | null;
  count: number;
}

/** `move` is null for the sum of what is not drawn. */
export interface PictureLink {
  source: string;
  target: string;
  count: number;
  back: boolean;
  move: Transition | null;
}

export interface Picture {
  nodes: PictureNode[];
  links: PictureLink[];
  rest: { pairs: number; count: number };
}

/** The largest links as they are, the others summed into one. Nodes stand in the model's order, without one the largest first. */
export function picture(transitions: Transition[], stages: Stages, drawn = LINKS_DRAWN): Picture {
  const moves = transitions.filter((move) => move.count > 0).sort((a, b) => b.count - a.count);
  const links = moves.slice(0, drawn).map((move) => linkOf(move, stages));
  const others = moves.slice(drawn);
  const rest = { pairs: others.length, count: others.reduce((sum, move) => sum + move.count, 0) };
  if (rest.pairs) links.push({ source: "from", target: "to", count: rest.count, back: false, move: null });
  return { nodes: [...column("from", links, stages), ...column("to", links, stages)], links, rest };
}

function linkOf(move: Transition, stages: Stages): PictureLink {
  const back = stages.back(move.from, move.to);
  return { source: nodeName("from", move.from), target: nodeName("to", move.to), count: move.count, back, move };
}

function nodeName(side: "from" | "to", stage: string | null): string {
  return stage === null ? `${side}.` : `${side}:${stage}`;
}

function column(side: "from" | "to", links: PictureLink[], stages: Stages): PictureNode[] {
  const nodes = new Map<string, PictureNode>();
  for (const link of links) {
    const stage = link.move?.[side];
    const name = side === "from" ? link.source : link.target;
    const label = stage === undefined ? said(WORDS).restName : stages.label(stage);
    const tone = stage === undefined ? null : stages.tone(stage);
    const node = nodes.get(name) ?? { name, side, stage, label, tone, count: 0 };
    nodes.set(name, { ...node, count: node.count + link.count });
  }
  return [...nodes.values()].sort((a, b) => rank(a, stages) - rank(b, stages));
}

function rank(node: PictureNode, stages: Stages): number {
  if (node.stage === undefined) return Number.MAX_SAFE_INTEGER;
  if (node.stage === null) return Number.MIN_SAFE_INTEGER;
  return stages.ordered ? stages.place(node.stage) : -node.count;
}
