/** Asking again because something else has changed. */

import { useEffect, useRef } from "preact/hooks";

export function useAgainWhen(changed: string | number, again: () => void): void {
  const before = useRef(changed);
  useEffect(() => {
    if (before.current === changed) return;
    before.current = changed;
    again();
  }, [changed, again]);
}
