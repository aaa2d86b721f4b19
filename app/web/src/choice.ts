/** What the reader chose to see. It lives in the address's hash, so that every view can be linked to. */

import type { Query } from "./ask";

export interface Choice {
  model: string;
  window: string;
  from: string;
  to: string;
  channel: string;
  utm_source: string;
  utm_campaign: string;
  source: string;
  mode: string;
  within: string;
  q: string;
  stage: string;
  customer: string;
}

export const UNCHOSEN: Choice = {
  model: "", window: "all", from: "", to: "", channel: "", utm_source: "", utm_campaign: "", source: "",
  mode: "every", within: "14d", q: "", stage: "", customer: "",
};

const NAMES = Object.keys(UNCHOSEN) as (keyof Choice)[];

/** The choice in a hash such as `#model=journey-5&customer=email:a+b@example.com`: percent-encoded, a plus is a plus. */
export function readChoice(hash: string): Choice {
  const choice = { ...UNCHOSEN };
  for (const pair of hash.replace(/^#/, "").split("&")) {
    const [name = "", ...rest] = pair.split("=");
    const known = NAMES.find((candidate) => candidate === name);
    if (known) choice[known] = decoded(rest.join("="));
  }
  return { ...choice, from: realDay(choice.from), to: realDay(choice.to) };
}

/** The hash of a choice: only what differs from the defaults. */
export function writeChoice(choice: Choice): string {
  const pairs = NAMES.filter((name) => choice[name] !== UNCHOSEN[name]).map((name) => `${name}=${encoded(choice[name])}`);
  return `#${pairs.join("&")}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (failure) {
    if (failure instanceof URIError) return text;
    throw failure;
  }
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(/%3A/g, ":").replace(/%40/g, "@");
}

function realDay(text: string): string {
  const shaped = /^\d{4}-\d{2}-\d{2}$/.test(text);
  return shaped && !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) ? text : "";
}

/** The day so many days later, as YYYY-MM-DD. */
export function daysLater(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** The day of an instant in the browser's zone, as YYYY-MM-DD. */
export function localDay(now: Date): string {
  const two = (part: number) => String(part).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

/** The half-open window; the last chosen day is inside it, and from today on it ends now. Last 7 days: today and the six before. */
export function windowOf(choice: Choice, today: string): { from?: string; to?: string } {
  if (choice.window === "dates") {
    const ended = choice.to !== "" && choice.to < today;
    return { ...(choice.from && { from: choice.from }), ...(ended && { to: daysLater(choice.to, 1) }) };
  }
  const days = Number(choice.window);
  return days > 0 ? { from: daysLater(today, 1 - days) } : {};
}

export function endsNow(choice: Choice, today: string): boolean {
  return windowOf(choice, today).to === undefined;
}

/** What every question about stages says beside its model. */
export function questionOf(choice: Choice, today: string, timezone: string): Query {
  const { channel, utm_source, utm_campaign, source } = choice;
  return { ...windowOf(choice, today), timezone, channel, utm_source, utm_campaign, source };
}
