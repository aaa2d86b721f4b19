/** Numbers, durations and instants in words. Absent values are an en dash. */

export const ABSENT = "–";

const NUMBERS = new Intl.NumberFormat("en");
const UNITS: [string, number][] = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]];
const WEEK = 7 * 86_400;
const WORDS: Record<string, string> = { ai: "AI", sms: "SMS", tv: "TV" };

export function count(value: number): string {
  return NUMBERS.format(value);
}

/** "1 customer", "600 customers" */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A part of one as a percentage with one digit. */
export function share(value: number | null): string {
  if (value === null) return ABSENT;
  if (value > 0 && value < 0.0005) return "< 0.1 %";
  return `${(value * 100).toFixed(1)} %`;
}

/** A part of one in whole percent. */
export function percent(value: number | null): string {
  if (value === null) return ABSENT;
  return value > 0 && value < 0.005 ? "< 1 %" : `${Math.round(value * 100)} %`;
}

/** Seconds as at most two units: "45 s", "2 h 5 min", "3 d 4 h"; from 100 days on, days alone. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return ABSENT;
  if (seconds > 0 && seconds < 1) return "< 1 s";
  let rest = Math.round(seconds / precision(seconds)) * precision(seconds);
  const parts: string[] = [];
  for (const [name, size] of UNITS) {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    if (whole) parts.push(`${count(whole)} ${name}`);
  }
  return parts.join(" ") || "0 s";
}

/** Seconds in the largest unit alone: "45 s", "2 min", "3 d". */
export function span(seconds: number): string {
  const [name, size] = UNITS.find(([, unit]) => seconds >= unit) ?? ["s", 1];
  return `${count(Math.floor(seconds / size))} ${name}`;
}

function precision(seconds: number): number {
  if (seconds < 3_600) return 1;
  if (seconds < 86_400) return 60;
  return seconds < 8_640_000 ? 3_600 : 86_400;
}

/** "paid_search" as "Paid search" */
export function named(name: string): string {
  const words = name.split("_").map((word) => WORDS[word] ?? word).join(" ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** "21 Nov 2025, 14:05"; the zone is the browser's where none is given. */
export function instant(at: string, zone?: string): string {
  return written(at, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" }, zone);
}

/** "just now", "5 min ago", "3 d ago"; what is older than a week, or yet to come, as a date: "17 Oct", "17 Oct 2024". */
export function ago(at: string, now: Date, zone?: string): string {
  const seconds = (now.getTime() - Date.parse(at)) / 1_000;
  if (Math.abs(seconds) < 60) return "just now";
  if (seconds > 0 && seconds < WEEK) return `${span(seconds)} ago`;
  const year = at.slice(0, 4) === now.toISOString().slice(0, 4) ? {} : { year: "numeric" as const };
  return written(at, { day: "numeric", month: "short", ...year }, zone);
}

/** "Friday, 21 November 2025" */
export function day(at: string, zone?: string): string {
  return written(at, { weekday: "long", day: "numeric", month: "long", year: "numeric" }, zone);
}

/** "14:05:09" */
export function clock(at: string, zone?: string): string {
  return written(at, { hour: "2-digit", minute: "2-digit", second: "2-digit" }, zone);
}

function written(at: string, parts: Intl.DateTimeFormatOptions, zone?: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return ABSENT;
  return new Intl.DateTimeFormat("en-GB", { ...parts, hour12: false, ...(zone && { timeZone: zone }) }).format(date);
}
