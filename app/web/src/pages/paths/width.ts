/** How wide a place is, as it is now. */

import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

export function useWidth(place: RefObject<HTMLElement | null>, usual: number): number {
  const [width, set] = useState(usual);
  useLayoutEffect(() => {
    const box = place.current;
    if (!box) return undefined;
    const measure = () => set(Math.round(box.clientWidth) || usual);
    const sizes = new ResizeObserver(measure);
    sizes.observe(box);
    measure();
    return () => sizes.disconnect();
  }, []);
  return width;
}
