/** A part of a page with its heading. */

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface CardProps {
  title: ComponentChildren;
  note?: ComponentChildren;
  tools?: ComponentChildren;
  children: ComponentChildren;
  name?: string;
}

export function Card({ title, note, tools, children, name }: CardProps) {
  const id = useId();
  return (
    <section class={name ? `card ${name}` : "card"} aria-labelledby={id}>
      <div class="titled">
        <div><h2 id={id}>{title}</h2>{note && <p class="note">{note}</p>}</div>
        {tools && <div class="tools">{tools}</div>}
      </div>
      {children}
    </section>
  );
}
