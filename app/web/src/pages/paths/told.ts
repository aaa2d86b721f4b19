/** Parts of the answer in words: what stands in tooltips, headings of the drawer and the line above the flow. */

import { count, duration, share } from "../../words/format";
import { said } from "../../words/language";
import type { Box, Flow, Ribbon, Stub } from "./flow";
import type { Names } from "./names";
import { type Pointed } from "./lit";
import type { Counted, Edge, Path } from "./wire";
import { WORDS } from "./words";

export class Told {
  constructor(
    readonly names: Names,
    readonly back: boolean,
    private readonly everybody: number,
  ) {}

  step(number: number): string {
    const words = said(WORDS);
    return this.back ? words.before(number) : words.step(number);
  }

  exits(number: number): string {
    const words = said(WORDS);
    return (this.back ? words.began : words.ended)(count(number));
  }

  more(number: number): string {
    const words = said(WORDS);
    return (this.back ? words.comeOn : words.goOn)(count(number));
  }

  /** Those who end there, and those who go on beyond what is read. */
  rest({ exits, more }: Counted): string[] {
    return [...(exits ? [this.exits(exits)] : []), ...(more ? [this.more(more)] : [])];
  }

  of(customers: number): string {
    return `${said(WORDS).customers(customers)} (${share(customers / this.everybody)})`;
  }

  box({ node, step }: Box): string {
    return [`${this.boxTitle({ node, step })}: ${this.of(node.customers)}`, ...this.rest(node)].join(" · ");
  }

  boxTitle({ node, step }: Pick<Box, "node" | "step">): string {
    return said(WORDS).peopleAt(this.names.label(node.name), this.step(step));
  }

  ribbon({ edge }: Pick<Ribbon, "edge">): string {
    const after = edge.median === null ? [] : [said(WORDS).after(duration(edge.median))];
    return [`${this.ribbonTitle(edge)}: ${this.of(edge.customers)}`, ...after].join(" · ");
  }

  /** In the order of time, whichever way is read. */
  ribbonTitle({ from, to }: Edge): string {
    return this.path(this.back ? [to, from] : [from, to]);
  }

  stubTitle({ box, what, customers }: Stub): string {
    return `${this.names.label(box.node.name)}: ${what === "exits" ? this.exits(customers) : this.more(customers)}`;
  }

  path(path: Path["path"]): string {
    return path.map((name) => this.names.label(name)).join(` ${said(WORDS).arrow} `);
  }

  pointed(pointed: Pointed, flow: Flow, paths: readonly Path[]): string {
    const box = pointed.of === "box" && flow.boxes.get(pointed.key);
    if (box) return this.box(box);
    const ribbon = pointed.of === "ribbon" && flow.ribbons.find(({ key }) => key === pointed.key);
    if (ribbon) return this.ribbon(ribbon);
    const path = pointed.of === "path" && paths[pointed.at];
    return path ? `${this.path(path.path)}: ${this.of(path.customers)}` : "";
  }
}
