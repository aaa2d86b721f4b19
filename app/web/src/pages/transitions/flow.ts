/** The flow of transitions on a canvas: from at the left, to at the right. */

import type { Transition } from "../../asking/wire";
import { type Draw, plain, tooltip } from "../../charts/chart";
import type { Colours } from "../../charts/colours";
import type { Stages } from "../../stages";
import { count, counted, share, short } from "../../words/format";
import { FRAME } from "../../words/frame";
import { said } from "../../words/language";
import { pairKey } from "./answer";
import type { Picture, PictureLink, PictureNode } from "./sankey";
import { inTimes, WORDS } from "./words";

const NARROW = 640;
const NODE = 50;
const NODE_OF_MANY = 28;
const LEAST = 260;

export function flowHeight({ nodes }: Picture): number {
  const of = (side: string) => nodes.filter((node) => node.side === side).length;
  const most = Math.max(of("from"), of("to"));
  return Math.max(LEAST, most * (most > 10 ? NODE_OF_MANY : NODE));
}

export function flow(picture: Picture, stages: Stages, marked: string | null): Draw {
  return (colours, width) => {
    const margin = width < NARROW ? 2 : Math.min(190, width / 5);
    const at = (hit: unknown) => plain(wordsOf(picture, hit as Hit, stages));
    return {
      tooltip: { ...tooltip(colours), formatter: at },
      series: {
        type: "sankey", left: margin, right: margin, top: 6, bottom: 12, nodeWidth: 9, nodeGap: 12, layoutIterations: 0, draggable: false,
        emphasis: { focus: "adjacency", lineStyle: { opacity: 0.6 } },
        blur: { lineStyle: { opacity: 0.08 }, itemStyle: { opacity: 0.4 }, label: { opacity: 0.5 } },
        data: picture.nodes.map((node) => nodeOf(node, colours, width < NARROW, margin)),
        links: picture.links.map((link) => linkOf(link, colours, marked)),
      },
    };
  };
}

function nodeOf(node: PictureNode, colours: Colours, narrow: boolean, margin: number) {
  const [outside, inside] = node.side === "from" ? (["left", "right"] as const) : (["right", "left"] as const);
  const halo = narrow ? { textBorderColor: colours.paper, textBorderWidth: 3 } : {};
  return {
    name: node.name,
    value: node.count,
    depth: node.side === "from" ? 0 : 1,
    itemStyle: { color: toneOf(node.tone, colours), borderWidth: 0, borderRadius: 2 },
    label: {
      position: narrow ? inside : outside,
      formatter: plain(`${node.label}  ${narrow ? short(node.count) : count(node.count)}`),
      color: colours.ink, fontSize: 13, width: narrow ? 140 : margin - 14, overflow: "truncate" as const, ...halo,
    },
  };
}

function linkOf(link: PictureLink, colours: Colours, marked: string | null) {
  const opacity = link.move && pairKey(link.move) === marked ? 0.62 : 0.3;
  return { source: link.source, target: link.target, value: link.count, lineStyle: { color: link.back ? colours.back : "gradient", opacity, curveness: 0.5 } };
}

function toneOf(tone: number | null, colours: Colours): string {
  return tone === null ? colours.muted : (colours.tones[tone] ?? colours.muted);
}

/** What a chart says was pointed at. */
export interface Hit {
  dataType?: string;
  dataIndex?: number;
}

/** The transition that was picked; null for a stage and for the rest. */
export function picked(picture: Picture, { dataType, dataIndex }: Hit): Transition | null {
  return dataType === "edge" ? (picture.links[dataIndex ?? -1]?.move ?? null) : null;
}

function wordsOf(picture: Picture, { dataType, dataIndex = -1 }: Hit, stages: Stages): string {
  if (dataType === "edge") {
    const link = picture.links[dataIndex];
    return link ? linkWords(link, picture, stages) : "";
  }
  const node = picture.nodes[dataIndex];
  return node ? nodeWords(node) : "";
}

function nodeWords({ side, stage, label, count: moves }: PictureNode): string {
  const words = said(WORDS);
  const where = stage === null ? words.begins : side === "from" ? words.movesFrom(label) : words.movesTo(label);
  return `${where}\n${count(moves)}`;
}

function linkWords({ move, count: all, back }: PictureLink, { rest }: Picture, stages: Stages): string {
  const words = said(WORDS);
  if (!move) return words.rest(rest.pairs, all);
  const title = `${pairLabel(move, stages)}${back ? `  (${words.backSign})` : ""}`;
  const people = `${words.count}: ${count(all)} · ${counted(move.customers, said(FRAME).customers)}`;
  const part = move.from === null ? [] : [words.ofThose(share(move.share))];
  return [title, people, ...part, ...inTimes(move.dwell.median, move.dwell.p90, words)].join("\n");
}

/** "Consideration → Decision" */
export function pairLabel({ from, to }: { from: string | null; to: string }, stages: Stages): string {
  return `${stages.label(from)} → ${stages.label(to)}`;
}
