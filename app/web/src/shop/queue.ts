/** The queue that takes calls until the script has come. It must stand before the script's own tag. */

export type Call = [method: "track", event: string, properties: Record<string, unknown>] | [method: "identify", userId: string, traits: Record<string, unknown>];

interface Waystage {
  (...call: Call): void;
  q?: ArrayLike<unknown>[];
}

declare global {
  interface Window {
    waystage?: Waystage;
  }
}

export function openQueue(): void {
  const queue: Waystage = window.waystage ?? function () {
    (queue.q = queue.q ?? []).push(arguments);
  };
  window.waystage = queue;
}
