/** A button that opens a small panel; Escape and a click beside it close it. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function Popover({ label, count = 0, children }: { label: ComponentChildren; count?: number; children: ComponentChildren }) {
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const beside = ({ target }: Event) => {
      if (details.current?.open && target instanceof Node && !details.current.contains(target)) details.current.open = false;
    };
    document.addEventListener("click", beside);
    return () => document.removeEventListener("click", beside);
  }, []);
  const escape = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !details.current) return;
    details.current.open = false;
    details.current.querySelector("summary")?.focus();
  };
  return (
    <details class="popover" ref={details} onKeyDown={escape}>
      <summary>{label}{count > 0 && <span class="badge">{count}</span>}</summary>
      <div class="panel">{children}</div>
    </details>
  );
}
