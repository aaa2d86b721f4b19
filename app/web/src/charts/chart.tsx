/** A chart on a canvas. Words are drawn, never parsed as markup. */

import type { EChartsOption, ECElementEvent, ECharts } from "echarts";
import { useEffect, useRef } from "preact/hooks";
import { type Colours, coloursNow } from "./colours";

export type { EChartsOption } from "echarts";

/** What is drawn, for the colours of the theme and the width of the place in pixels. */
export type Draw = (colours: Colours, width: number) => EChartsOption;

export interface ChartProps {
  draw: Draw;
  /** Pixels, for the width of the place in pixels. */
  height: (width: number) => number;
  /** What the chart shows, for those who do not see it. */
  label: string;
  onPick?: ((picked: ECElementEvent | null) => void) | undefined;
  onReady?: ((chart: ECharts) => void) | undefined;
}

export function Chart({ draw, height, label, onPick, onReady }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const latest = useRef({ draw, height, onPick, onReady });
  latest.current = { draw, height, onPick, onReady };
  const drawn = useRef<Drawn | null>(null);

  useEffect(() => {
    const own = new Drawn(() => latest.current);
    drawn.current = own;
    if (box.current) void own.begin(box.current);
    return () => own.end();
  }, []);
  useEffect(() => drawn.current?.draw());

  return <div class="picture" ref={box} role="img" aria-label={label} />;
}

/** One canvas, drawn anew when the answer, the width of its place or the theme changes. */
class Drawn {
  private chart: ECharts | null = null;
  private box: HTMLElement | null = null;
  private shown = "";
  private readonly sizes = new ResizeObserver(() => this.draw());
  private readonly scheme = matchMedia("(prefers-color-scheme: dark)");
  private readonly again = () => this.draw();

  constructor(private readonly wanted: () => Omit<ChartProps, "label">) {}

  async begin(box: HTMLElement): Promise<void> {
    this.box = box;
    this.hold(box.clientWidth);
    const { init } = await import("./echarts");
    if (this.box !== box) return;
    this.chart = init(box, null, { renderer: "canvas" });
    this.chart.on("click", (picked) => this.wanted().onPick?.(picked as ECElementEvent));
    this.chart.getZr().on("click", ({ target }) => {
      if (!target) this.wanted().onPick?.(null);
    });
    this.sizes.observe(box);
    this.scheme.addEventListener("change", this.again);
    document.addEventListener("themechange", this.again);
    this.wanted().onReady?.(this.chart);
    this.draw();
  }

  end(): void {
    this.sizes.disconnect();
    this.scheme.removeEventListener("change", this.again);
    document.removeEventListener("themechange", this.again);
    this.chart?.dispose();
    this.box = null;
  }

  /** The place has its height before anything is drawn, so that nothing jumps. */
  private hold(width: number): number {
    const height = this.wanted().height(width);
    if (this.box) this.box.style.height = `${height}px`;
    return height;
  }

  draw(): void {
    const width = this.box?.clientWidth ?? 0;
    if (!this.chart || !width) return;
    const height = this.hold(width);
    const option = this.wanted().draw(coloursNow(), width);
    const now = JSON.stringify([option, width, height]);
    if (now === this.shown) return;
    this.shown = now;
    this.chart.resize({ width, height });
    this.chart.setOption({ animation: false, ...option }, { notMerge: true });
  }
}

/** How every tooltip looks: text on the canvas. `formatter` may return lines. */
export function tooltip(colours: Colours) {
  return {
    renderMode: "richText" as const,
    confine: true,
    backgroundColor: colours.paper,
    borderColor: colours.line,
    textStyle: { color: colours.ink, fontSize: 13, lineHeight: 19 },
  };
}

/** Text for a tooltip or a label: a brace would open a style there. */
export function plain(text: string): string {
  return text.replace(/\{/g, "{\u200b");
}
