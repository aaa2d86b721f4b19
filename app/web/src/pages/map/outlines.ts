/** Outlines of shapes, along the stages (`u`) and above the ground line (`v`), and how they become paths. */

export type Point = readonly [u: number, v: number];
export type Stroke = readonly ["M" | "L" | "C", ...Point[]];

const ROUND = 0.5523;

/** A quarter of an ellipse that begins across the stages (rising) or along them (level). */
export function corner([u0, v0]: Point, [u1, v1]: Point, begins: "rising" | "level"): Stroke[] {
  const part = (from: number, to: number) => from + (to - from) * ROUND;
  if (begins === "rising") return [["C", [u0, part(v0, v1)], [part(u1, u0), v1], [u1, v1]]];
  return [["C", [part(u0, u1), v0], [u1, part(v1, v0)], [u1, v1]]];
}

/** The `d` of a path, its points where the picture puts them. */
export function pathOf(outline: readonly Stroke[], put: (point: Point) => Point): string {
  const strokes = outline.map(([kind, ...points]) => kind + points.map((point) => put(point).map((at) => at.toFixed(1)).join(" ")).join(" "));
  return `${strokes.join("")}Z`;
}
