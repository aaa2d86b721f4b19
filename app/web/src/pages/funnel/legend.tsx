/** Which colour stands for what, under a chart of lines. */

import { TONES } from "../../stages";

export function Legend({ names, tones = [] }: { names: readonly string[]; tones?: readonly (number | null)[] }) {
  return <ul class="fn-legend">{names.map((name, at) => <li key={at} class={`stage tone-${tones[at] ?? at % TONES}`}>{name}</li>)}</ul>;
}
