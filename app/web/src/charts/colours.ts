/** The colours of the page, for what is drawn on a canvas. */

import { TONES } from "../stages";

export interface Colours {
  ink: string;
  muted: string;
  line: string;
  paper: string;
  accent: string;
  back: string;
  good: string;
  tones: string[];
}

/** The colours in the theme of now; a name such as `--ink` holds one for light and one for dark. */
export function coloursNow(): Colours {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const colour = (name: string) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const tones = Array.from({ length: TONES }, (_, tone) => colour(`tone-${tone}`));
  const [ink, muted, line, paper, accent, back, good] = ["ink", "muted", "line", "paper", "accent", "back", "good"].map(colour) as [string, string, string, string, string, string, string];
  probe.remove();
  return { ink, muted, line, paper, accent, back, good, tones };
}

/** A colour of `rgb(…)` with another opacity. */
export function faded(colour: string, opacity: number): string {
  const parts = /^rgba?\(([\d.]+),\s*([\d.]+),\s*([\d.]+)/.exec(colour);
  return parts ? `rgba(${parts[1]}, ${parts[2]}, ${parts[3]}, ${opacity})` : colour;
}
