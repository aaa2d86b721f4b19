/** A fact in a list of them: its name, and what it is. */

import type { ComponentChildren } from "preact";

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return <><dt>{name}</dt><dd class="value">{children}</dd></>;
}
