/** A chart as a picture that can stand alone: with its title, and with what was asked. */

import type { ECharts } from "echarts";
import type { Draw } from "./chart";
import { coloursNow } from "./colours";

export const SCALE = 2;
const MARGIN = 24;
const TITLE = 22;
const CAPTION = 14;

/** The address of a PNG. */
export function pictureOf(chart: ECharts, title: string, caption: string): string {
  return framed(chart.renderToCanvas({ pixelRatio: SCALE, backgroundColor: coloursNow().paper }), title, caption);
}

/** The address of a PNG of what is drawn with `SCALE` pixels for one of the page. */
export function framed(drawn: HTMLCanvasElement, title: string, caption: string): string {
  const colours = coloursNow();
  const head = MARGIN + TITLE + (caption ? CAPTION + 10 : 0) + 14;
  const canvas = document.createElement("canvas");
  canvas.width = drawn.width + 2 * MARGIN * SCALE;
  canvas.height = drawn.height + (head + MARGIN) * SCALE;
  const pen = canvas.getContext("2d");
  if (!pen) return drawn.toDataURL("image/png");
  pen.fillStyle = colours.paper;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(drawn, MARGIN * SCALE, head * SCALE);
  write(pen, title, MARGIN + TITLE - 4, `600 ${TITLE * SCALE}px system-ui, sans-serif`, colours.ink);
  if (caption) write(pen, caption, MARGIN + TITLE + CAPTION + 8, `${CAPTION * SCALE}px system-ui, sans-serif`, colours.muted);
  return canvas.toDataURL("image/png");
}

/** The picture of what the page shows by other means than a canvas, drawn beside the page. */
export async function pictureApart(draw: Draw, width: number, height: number, title: string, caption: string): Promise<string> {
  const { init } = await import("./echarts");
  const chart = init(document.createElement("div"), null, { renderer: "canvas", width, height });
  chart.setOption({ animation: false, ...draw(coloursNow(), width) });
  const picture = pictureOf(chart, title, caption);
  chart.dispose();
  return picture;
}

function write(pen: CanvasRenderingContext2D, text: string, y: number, font: string, colour: string): void {
  pen.font = font;
  pen.fillStyle = colour;
  pen.fillText(text, MARGIN * SCALE, y * SCALE);
}
