/** How a question is looked at, whatever the page: model, window, time zone and filters. These parameters go along from page to page. */

import type { Params } from "./address";
import type { Query } from "./asking/ask";

export const FILTERS = [
  "channel", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "device", "country", "source",
] as const;
const SHARED = ["model", "version", "window", "from", "to", "zone", "trait", ...FILTERS];
export const WINDOWS = ["7", "30", "90", "365", "all", "dates"] as const;

/** What of a view goes along to another page. */
export function shared(params: Params): Params {
  return Object.fromEntries(SHARED.filter((name) => params[name]).map((name) => [name, params[name] ?? ""]));
}

/** What every question about stages says. */
export function questionOf(params: Params, today: string, zone: string): Query {
  const filters = Object.fromEntries(FILTERS.map((name) => [name, params[name]]));
  const { model, version } = params;
  return { model, version, ...windowOf(params, today), timezone: params["zone"] || zone, ...filters, trait: traitsOf(params) };
}

/** The half-open window; the last chosen day is inside it, and from today on it ends now. Last 7 days: today and the six before. */
export function windowOf(params: Params, today: string): { from?: string; to?: string } {
  if (params["window"] === "dates") {
    const [from, to] = [realDay(params["from"]), realDay(params["to"])];
    return { ...(from && { from }), ...(to && to < today && { to: daysLater(to, 1) }) };
  }
  const days = Number(params["window"]);
  return days > 0 && days < 10_000 ? { from: daysLater(today, 1 - days) } : {};
}

export function endsNow(params: Params, today: string): boolean {
  return windowOf(params, today).to === undefined;
}

/** Traits, key:value, as one parameter holds them. */
export function traitsOf(params: Params): string[] {
  return (params["trait"] ?? "").split("|").filter(Boolean).map(unbarred);
}

export function withTraits(traits: string[]): string {
  return traits.map((trait) => trait.replace(/%/g, "%25").replace(/\|/g, "%7C")).join("|");
}

function unbarred(trait: string): string {
  return trait.replace(/%7C/g, "|").replace(/%25/g, "%");
}

function realDay(text: string | undefined): string {
  const shaped = text !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(text);
  return shaped && !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) ? text : "";
}

/** The day so many days later, as YYYY-MM-DD. */
export function daysLater(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** The day of an instant in a zone, as YYYY-MM-DD. */
export function dayIn(now: Date, zone: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(now);
}

export const BROWSER_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** The zone, if the browser knows it; else that of the browser. */
export function realZone(zone: string | undefined): string {
  try {
    return zone ? new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone && zone : BROWSER_ZONE;
  } catch (failure) {
    if (failure instanceof RangeError) return BROWSER_ZONE;
    throw failure;
  }
}
