/** The whole map as a file: one line for each number, and the flow as a picture that can stand alone. */

import { coloursNow } from "../../charts/colours";
import type { Stages } from "../../stages";
import { csvOf } from "../../parts/csv";
import type { Column } from "../../parts/sorting";
import type { Row } from "./rows";
import { type Both, less } from "./shown";
import { WORDS } from "./words";
import { said } from "../../words/language";

export interface Fact {
  part: string;
  stage: string;
  name: string | null;
  a: number | null;
  b: number | null;
}

/** Every number of the map, row by row. */
export function factsOf(stages: readonly Both[], rows: readonly Row[], labels: Stages): Fact[] {
  return rows.flatMap((row) => stages.flatMap((both) => row.values(both).map((line) => ({ ...line, part: row.title, stage: labels.label(both.a.stage) }))));
}

export function mapAsCsv(facts: readonly Fact[], comparing: boolean): string {
  const words = said(WORDS);
  const columns: Column<Fact>[] = [
    { name: "part", title: words.part, value: ({ part }) => part },
    { name: "stage", title: words.stage, value: ({ stage }) => stage },
    { name: "name", title: words.name, value: ({ name }) => name },
    { name: "a", title: comparing ? words.value : words.number, value: ({ a }) => a },
  ];
  const others: Column<Fact>[] = [
    { name: "b", title: words.otherValue, value: ({ b }) => b },
    { name: "less", title: words.lessTitle, value: ({ a, b }) => less(a, b) },
  ];
  return csvOf(comparing ? [...columns, ...others] : columns, facts);
}

const SCALE = 2;
const MARGIN = 24;
const LINE = 22;
const DRESSED = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "paint-order", "opacity", "stop-color", "stop-opacity", "font-size", "font-weight", "font-family", "text-anchor"];

/** A line of numbers under the flow, one for each stage. */
export interface Caption {
  title: string;
  cells: string[];
}

/** The address of a PNG: the flow as it is seen, with a title over it and the stages' names and numbers under it. */
export async function flowAsPng(drawn: SVGSVGElement, title: string, note: string, captions: readonly Caption[]): Promise<string> {
  const [width, height] = [drawn.clientWidth, drawn.clientHeight];
  const picture = await loaded(`data:image/svg+xml;charset=utf-8,${encodeURIComponent(dressed(drawn))}`);
  const heads = captions.length ? 150 : 0;
  const canvas = document.createElement("canvas");
  canvas.width = (heads + width + 2 * MARGIN) * SCALE;
  canvas.height = (MARGIN * 2 + 60 + height + captions.length * LINE) * SCALE;
  const pen = canvas.getContext("2d");
  if (!pen) return picture.src;
  const colours = coloursNow();
  pen.scale(SCALE, SCALE);
  pen.fillStyle = colours.paper;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  write(pen, title, MARGIN, MARGIN + 18, "600 20px", colours.ink);
  write(pen, note, MARGIN, MARGIN + 40, "13px", colours.muted);
  pen.drawImage(picture, MARGIN + heads, MARGIN + 56, width, height);
  captions.forEach(({ title: name, cells }, at) => {
    const y = MARGIN + 56 + height + 20 + at * LINE;
    write(pen, name, MARGIN, y, "13px", colours.muted);
    cells.forEach((cell, place) => write(pen, cell, MARGIN + heads + ((place + 0.5) * width) / cells.length, y, at ? "13px" : "600 13px", colours.ink, "center", width / cells.length - 8));
  });
  return canvas.toDataURL("image/png");
}

function write(pen: CanvasRenderingContext2D, text: string, x: number, y: number, font: string, colour: string, align: CanvasTextAlign = "left", room?: number): void {
  pen.font = `${font} system-ui, sans-serif`;
  pen.fillStyle = colour;
  pen.textAlign = align;
  pen.fillText(text, x, y, room);
}

/** The picture with its looks written into it, as text. */
function dressed(drawn: SVGSVGElement): string {
  const copy = drawn.cloneNode(true) as SVGSVGElement;
  const seenParts = [...drawn.querySelectorAll("*")];
  copy.querySelectorAll("*").forEach((element, at) => {
    const seen = seenParts[at];
    if (!seen) return;
    const looks = getComputedStyle(seen);
    for (const name of DRESSED) element.setAttribute(name, looks.getPropertyValue(name));
    for (const name of ["class", "style", "href"]) element.removeAttribute(name);
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return new XMLSerializer().serializeToString(copy);
}

async function loaded(src: string): Promise<HTMLImageElement> {
  const picture = new Image();
  picture.src = src;
  await picture.decode();
  return picture;
}
