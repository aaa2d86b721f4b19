/** Numbers, spans and instants in the reader's language. Absent values are an en dash. */

import { language, plural, said } from "./language";

export const ABSENT = "–";
const DAY = 86_400;
const WEEK = 7 * DAY;
const UNITS = {
  en: [["d", DAY], ["h", 3_600], ["min", 60], ["s", 1]],
  ru: [["д", DAY], ["ч", 3_600], ["мин", 60], ["с", 1]],
} as const;
const RELATIVE = { en: { now: "just now", ago: (span: string) => `${span} ago` }, ru: { now: "только что", ago: (span: string) => `${span} назад` } };

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? ABSENT : new Intl.NumberFormat(language).format(value);
}

/** Short, for axes and narrow places: "1.2K", "12 тыс." */
export function short(value: number): string {
  return new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

/** A number with at most so many digits after the point, and at least so many. */
export function decimal(value: number | null | undefined, digits = 1, least = 0): string {
  return value === null || value === undefined ? ABSENT : new Intl.NumberFormat(language, { minimumFractionDigits: least, maximumFractionDigits: digits }).format(value);
}

/** "1 customer", "600 customers": the number with the form of the word that it takes. */
export function counted(value: number, forms: Parameters<typeof plural>[1]): string {
  return `${count(value)} ${plural(value, forms)}`;
}

/** A part of one as a percentage with one digit. */
export function share(value: number | null | undefined): string {
  if (value === null || value === undefined) return ABSENT;
  const percent = new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  return value > 0 && value < 0.0005 ? `< ${percent.format(0.001)}` : percent.format(value);
}

/** A part of one in whole percent. */
export function percent(value: number | null | undefined): string {
  if (value === null || value === undefined) return ABSENT;
  const whole = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
  return value > 0 && value < 0.005 ? `< ${whole.format(0.01)}` : whole.format(value);
}

/** A sum in its currency; of none, the bare number. */
export function money(value: number | null | undefined, currency: string | null): string {
  if (value === null || value === undefined) return ABSENT;
  if (!currency || !/^[A-Z]{3}$/.test(currency)) return decimal(value, 2);
  return new Intl.NumberFormat(language, { style: "currency", currency }).format(value);
}

/** A difference with its sign. */
export function signed(value: number | null | undefined, write: (value: number) => string = count): string {
  if (value === null || value === undefined) return ABSENT;
  return `${value > 0 ? "+" : value < 0 ? "−" : "±"}${write(Math.abs(value))}`;
}

/** Seconds as at most two units: "45 s", "2 h 5 min", "3 d 4 h"; from 100 days on, days alone. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return ABSENT;
  if (seconds > 0 && seconds < 1) return `< 1 ${UNITS[language][3][0]}`;
  let rest = Math.round(seconds / precision(seconds)) * precision(seconds);
  const parts: string[] = [];
  for (const [name, size] of UNITS[language]) {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    if (whole) parts.push(`${count(whole)} ${name}`);
  }
  return parts.join(" ") || `0 ${UNITS[language][3][0]}`;
}

/** Seconds in the largest unit alone: "45 s", "2 min", "3 d". */
export function span(seconds: number): string {
  const [name, size] = UNITS[language].find(([, unit]) => seconds >= unit) ?? UNITS[language][3];
  return `${count(Math.floor(seconds / size))} ${name}`;
}

function precision(seconds: number): number {
  if (seconds < 3_600) return 1;
  if (seconds < DAY) return 60;
  return seconds < 100 * DAY ? 3_600 : DAY;
}

/** "paid_search" as "Paid search": a name that nobody labelled. */
export function named(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** "21 Nov 2025, 14:05" */
export function instant(at: string | null | undefined, zone: string): string {
  return written(at, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" }, zone);
}

/** "just now", "5 min ago", "3 d ago"; what is older than a week, or yet to come, as a date: "17 Oct", "17 Oct 2024". */
export function ago(at: string, now: Date, zone: string): string {
  const seconds = (now.getTime() - Date.parse(at)) / 1_000;
  if (Math.abs(seconds) < 60) return said(RELATIVE).now;
  if (seconds > 0 && seconds < WEEK) return said(RELATIVE).ago(span(seconds));
  const year = at.slice(0, 4) === now.toISOString().slice(0, 4) ? {} : { year: "numeric" as const };
  return written(at, { day: "numeric", month: "short", ...year }, zone);
}

/** "Friday, 21 November 2025" */
export function day(at: string, zone: string): string {
  return written(at, { weekday: "long", day: "numeric", month: "long", year: "numeric" }, zone);
}

/** "21 Nov 2025" */
export function date(at: string | null | undefined, zone: string): string {
  return written(at, { day: "numeric", month: "short", year: "numeric" }, zone);
}

/** "14:05:09" */
export function clock(at: string, zone: string): string {
  return written(at, { hour: "2-digit", minute: "2-digit", second: "2-digit" }, zone);
}

function written(at: string | null | undefined, parts: Intl.DateTimeFormatOptions, timeZone: string): string {
  const when = new Date(at ?? "");
  if (Number.isNaN(when.getTime())) return ABSENT;
  return dates(parts, timeZone).format(when);
}

const known = new Map<string, Intl.DateTimeFormat>();

/** Making one takes longer than using it a hundred times. */
function dates(parts: Intl.DateTimeFormatOptions, timeZone: string): Intl.DateTimeFormat {
  const name = JSON.stringify([language, timeZone, parts]);
  const made = known.get(name) ?? new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { ...parts, hour12: false, timeZone });
  known.set(name, made);
  return made;
}
