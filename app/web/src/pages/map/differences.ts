/** A beside B: the difference with its arrow, which tells without any colour. */

import { signed } from "../../words/format";
import { less } from "./shown";

export type Direction = "up" | "down" | "same";

export function directionOf(difference: number): Direction {
  if (difference === 0) return "same";
  return difference > 0 ? "up" : "down";
}

const ARROWS: Record<Direction, string> = { up: "▲", down: "▼", same: "=" };

/** "▲ +312", "▼ −4", "= ±0"; nothing where there is nothing to compare. */
export function compared(a: number | null, b: number | null, write: (value: number) => string): string {
  const difference = less(a, b);
  return difference === null ? "" : `${ARROWS[directionOf(difference)]} ${signed(difference, write)}`;
}

/** Whether a difference is welcome: "good", "bad", or neither, where more is not better nor worse. */
export function welcome(difference: number | null, better: Direction): "good" | "bad" | "" {
  if (difference === null || difference === 0 || better === "same") return "";
  return directionOf(difference) === better ? "good" : "bad";
}
