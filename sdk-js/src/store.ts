/** What this page keeps itself because localStorage refused it. */
const memory = new Map<string, string>();

/** What `run` returns, or undefined where it throws. */
export function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

/** The text kept for this origin under a key. Like all functions here it throws nothing where storage is forbidden or full. */
export function read(key: string): string | undefined {
  return memory.get(key) ?? attempt(() => localStorage.getItem(key)) ?? undefined;
}

export function remove(key: string): void {
  memory.delete(key);
  attempt(() => localStorage.removeItem(key));
}

export function write(key: string, text: string): void {
  remove(key); // a text that does not fit must not leave its predecessor to the next page
  try {
    localStorage.setItem(key, text);
  } catch {
    memory.set(key, text);
  }
}

export function keys(): string[] {
  return [...memory.keys(), ...(attempt(() => Object.keys(localStorage)) ?? [])];
}

/** Count one more under a key, and return how many that makes. */
export function count(key: string): number {
  const counted = (Number(read(key)) || 0) + 1;
  write(key, `${counted}`);
  return counted;
}
