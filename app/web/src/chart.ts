/** The picture of moves on a canvas. Labels are drawn, never parsed as markup. */

import { SankeyChart, type SankeySeriesOption } from "echarts/charts";
import { TooltipComponent, type TooltipComponentOption } from "echarts/components";
import { type ComposeOption, type ECharts, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { count, counted, duration, share } from "./format";
import { moveKey, type Picture, type PictureLink, type PictureNode } from "./sankey";
import { START, type Stages, TONES } from "./stages";

use([SankeyChart, TooltipComponent, CanvasRenderer]);

type Option = ComposeOption<SankeySeriesOption | TooltipComponentOption>;
type Hit = { dataType?: string; dataIndex?: number };

const NARROW = 640;
const NODE_HEIGHT = 52;
const NODE_HEIGHT_OF_MANY = 30;

/** The colours of the page in the reader's scheme. */
interface Colours {
  ink: string;
  muted: string;
  paper: string;
  back: string;
  tones: string[];
}

function colours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const tones = Array.from({ length: TONES }, (_, tone) => colour(`tone-${tone}`));
  return { ink: colour("ink"), muted: colour("muted"), paper: colour("paper"), back: colour("back"), tones };
}

/** Text for a tooltip: a brace would open a style there. */
function plain(text: string): string {
  return text.replace(/\{/g, "{\u200b");
}

export class Chart {
  private readonly chart: ECharts;
  private picture: Picture = { nodes: [], links: [], rest: { pairs: 0, count: 0 } };
  private stages: Stages | null = null;
  private drawn = "";

  /** Calls back with the move or the column's stage that was clicked, and with null for a click beside them. */
  constructor(
    private readonly box: HTMLElement,
    onChoose: (chosen: PictureLink | PictureNode | null) => void,
  ) {
    this.chart = init(box, null, { renderer: "canvas" });
    this.chart.on("click", (event) => onChoose(this.at(event as Hit) ?? null));
    this.chart.getZr().on("click", (event) => {
      if (!event.target) onChoose(null);
    });
    new ResizeObserver(() => this.draw()).observe(box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  show(picture: Picture, stages: Stages): void {
    this.picture = picture;
    this.stages = stages;
    this.draw();
  }

  /** Lights up one move; null for none. */
  point(key: string | null): void {
    this.chart.dispatchAction({ type: "downplay", seriesIndex: 0 });
    const dataIndex = this.picture.links.findIndex(({ move }) => move && moveKey(move) === key);
    if (dataIndex >= 0) this.chart.dispatchAction({ type: "highlight", seriesIndex: 0, dataType: "edge", dataIndex });
  }

  private at({ dataType, dataIndex }: Hit): PictureLink | PictureNode | undefined {
    return (dataType === "edge" ? this.picture.links : this.picture.nodes)[dataIndex ?? -1];
  }

  private draw(): void {
    const { clientWidth: width } = this.box;
    if (!width || !this.stages) return;
    const palette = colours();
    const now = JSON.stringify([this.picture, width, palette]);
    if (now === this.drawn) return;
    this.drawn = now;
    this.chart.resize({ width, height: this.height() });
    this.chart.setOption(this.option(palette, width < NARROW));
  }

  private height(): number {
    const column = (side: string) => this.picture.nodes.filter((node) => node.side === side).length;
    const nodes = Math.max(column("from"), column("to"));
    return Math.max(260, nodes * (nodes > 10 ? NODE_HEIGHT_OF_MANY : NODE_HEIGHT));
  }

  private option(palette: Colours, narrow: boolean): Option {
    const margin = narrow ? 2 : 190;
    return {
      animation: false,
      tooltip: {
        renderMode: "richText",
        confine: true,
        backgroundColor: palette.paper,
        borderColor: palette.muted,
        textStyle: { color: palette.ink, fontSize: 13, lineHeight: 19 },
        formatter: (hit) => this.words(hit as Hit),
      },
      series: {
        type: "sankey",
        left: margin,
        right: margin,
        top: 6,
        bottom: 6,
        nodeWidth: 10,
        nodeGap: 14,
        layoutIterations: 0,
        draggable: false,
        emphasis: { focus: "adjacency", lineStyle: { opacity: 0.55 } },
        blur: { lineStyle: { opacity: 0.1 }, itemStyle: { opacity: 0.4 }, label: { opacity: 0.5 } },
        data: this.picture.nodes.map((node) => this.node(node, palette, narrow)),
        links: this.picture.links.map((link) => this.link(link, palette)),
      },
    };
  }

  private node(node: PictureNode, palette: Colours, narrow: boolean) {
    const outside = node.side === "from" ? "left" : "right";
    const inside = node.side === "from" ? "right" : "left";
    const halo = narrow ? { textBorderColor: palette.paper, textBorderWidth: 3 } : {};
    return {
      name: node.name,
      depth: node.side === "from" ? 0 : 1,
      itemStyle: { color: node.tone === null ? palette.muted : palette.tones[node.tone] ?? palette.muted, borderWidth: 0, borderRadius: 3 },
      label: {
        position: (narrow ? inside : outside) as "left" | "right",
        formatter: () => `${node.label}  ${count(node.count)}`,
        color: palette.ink,
        fontSize: 13,
        width: narrow ? 140 : 176,
        overflow: "truncate" as const,
        ...halo,
      },
    };
  }

  private link(link: PictureLink, palette: Colours) {
    const color = link.back ? palette.back : "gradient";
    return { source: link.source, target: link.target, value: link.count, lineStyle: { color, opacity: 0.36, curveness: 0.5 } };
  }

  private words(hit: Hit): string {
    const found = this.at(hit);
    if (!found) return "";
    return plain("side" in found ? this.nodeWords(found) : this.linkWords(found));
  }

  private nodeWords({ side, stage, label, count: moves }: PictureNode): string {
    const where = stage === null ? "Journeys that began" : `${side === "from" ? "Moves from" : "Moves to"} ${label}`;
    return `${where}\n${count(moves)}`;
  }

  private linkWords({ move, count: moves, back }: PictureLink): string {
    if (!move) return `${counted(this.picture.rest.pairs, "smaller pair")}\n${counted(moves, "move")}`;
    const title = `${this.stages?.label(move.from) ?? START} → ${this.stages?.label(move.to) ?? move.to}${back ? "  (back)" : ""}`;
    const part = `${share(move.share)} of the moves from there`;
    const dwell = move.dwell.median === null ? [] : [`median ${duration(move.dwell.median)}, p90 ${duration(move.dwell.p90)}`];
    return [title, `${counted(moves, "move")} · ${counted(move.customers, "customer")}`, part, ...dwell].join("\n");
  }
}
