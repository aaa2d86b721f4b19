/** What `run` returns, or undefined where it throws. */
export const attempt = <T>(run: () => T): T | undefined => {
  try {
    return run();
  } catch {
    return undefined;
  }
};

/** What this page keeps itself because the browser refused it; there, numbers stay numbers. */
const memory: Record<string, string> = {};
const disk: Record<string, string> = attempt(() => localStorage) ?? {};

/** The text kept for this origin under a key. Like all functions here it throws nothing where storage is forbidden or full. */
export const read = (key: string): string | undefined => memory[key] ?? disk[key];

export const remove = (key: string): void => {
  delete memory[key];
  delete disk[key];
};

export const write = (key: string, text: string | number): void => {
  remove(key); // a text that does not fit must not leave its predecessor to the next page
  attempt(() => (disk[key] = text as string)) ?? (memory[key] = text as string);
};

export const keys = (prefix: string): string[] => [memory, disk].flatMap(Object.keys).filter((key) => key.startsWith(prefix));

/** The whole number kept under a key, 0 where there is none. */
export const number = (key: string): number => ~~(read(key) as unknown as number);

/** Count one more under a key, and return how many that makes. */
export const count = (key: string): number => {
  const counted = 1 + number(key);
  write(key, counted);
  return counted;
};
