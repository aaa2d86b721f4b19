import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

/** The width of a place in pixels, 0 until it is known. */
export function useWidth(box: RefObject<HTMLElement | null>): number {
  const [width, set] = useState(0);
  useLayoutEffect(() => {
    const { current } = box;
    if (!current) return undefined;
    set(current.clientWidth);
    const sizes = new ResizeObserver(() => set(current.clientWidth));
    sizes.observe(current);
    return () => sizes.disconnect();
  }, []);
  return width;
}

/** Whether the screen is that of a phone. */
export function useNarrow(): boolean {
  const [narrow, set] = useState(() => matchMedia(NARROW).matches);
  useLayoutEffect(() => {
    const screen = matchMedia(NARROW);
    const follow = () => set(screen.matches);
    screen.addEventListener("change", follow);
    return () => screen.removeEventListener("change", follow);
  }, []);
  return narrow;
}

const NARROW = "(max-width: 640px)";
