/** The flow painted, for a picture that can stand alone. */

import { type Colours, coloursNow, faded } from "../../charts/colours";
import { SCALE } from "../../charts/png";
import { count } from "../../words/format";
import { type Box, type Flow, outline, ROOMY, stubOutline } from "./flow";
import type { Told } from "./told";
import type { Name } from "./wire";

const HEAD = 56;
const PAD = 9;
const LINE = 16;

export function painted(flow: Flow, told: Told): HTMLCanvasElement {
  const colours = coloursNow();
  const canvas = document.createElement("canvas");
  canvas.width = flow.width * SCALE;
  canvas.height = (flow.height + HEAD) * SCALE;
  const pen = canvas.getContext("2d");
  if (!pen) return canvas;
  pen.scale(SCALE, SCALE);
  pen.textBaseline = "middle";
  for (const { step, x } of flow.columns) {
    write(pen, told.step(step.step), x, 8, flow.column, colours.muted, "600 12px system-ui, sans-serif");
    write(pen, [count(step.customers), ...told.rest(step)].join(" · "), x, 8 + LINE, flow.column, colours.ink);
  }
  pen.translate(0, HEAD - 10);
  const tint = (name: Name) => colours.tones[told.names.tone(name) ?? -1] ?? colours.muted;
  for (const ribbon of flow.ribbons) fill(pen, outline(ribbon, ribbon.thick), faded(tint(ribbon.earlier), 0.28));
  for (const stub of flow.stubs) fill(pen, stubOutline(stub), stub.what === "exits" ? faded(colours.muted, 0.45) : faded(tint(stub.box.node.name), 0.6));
  for (const box of flow.boxes.values()) paintBox(pen, box, told, colours, tint(box.node.name));
  return canvas;
}

function fill(pen: CanvasRenderingContext2D, path: string, colour: string): void {
  pen.fillStyle = colour;
  pen.fill(new Path2D(path));
}

function paintBox(pen: CanvasRenderingContext2D, { x, y, width, height, node }: Box, told: Told, colours: Colours, tint: string): void {
  for (const colour of [colours.paper, faded(tint, 0.16)]) {
    pen.fillStyle = colour;
    pen.fillRect(x, y, width, height);
  }
  pen.fillStyle = tint;
  pen.fillRect(x, y, 3, height);
  pen.font = FONT;
  const number = count(node.customers);
  const right = pen.measureText(number).width;
  const roomy = height >= ROOMY;
  const middle = y + (roomy ? 14 : height / 2);
  write(pen, number, roomy ? x + PAD : x + width - PAD - right, roomy ? middle + LINE : middle, right + 1, colours.ink);
  write(pen, told.names.label(node.name), x + PAD, middle, width - 2 * PAD - (roomy ? 0 : right + PAD), colours.ink);
}

const FONT = "13px system-ui, sans-serif";

/** Text in one line, cut where its place ends. */
function write(pen: CanvasRenderingContext2D, text: string, x: number, y: number, width: number, colour: string, font = FONT): void {
  pen.font = font;
  pen.fillStyle = colour;
  let letters = [...text];
  while (letters.length > 1 && pen.measureText(letters.join("")).width > width) letters = [...letters.slice(0, -2), "…"];
  pen.fillText(letters.join(""), x, y);
}
