/** What is wrong, or may be, with the marks of a link. Pure: the words for each finding stand elsewhere. */

export const MARKS = ["source", "medium", "campaign", "term", "content"] as const;
export type Mark = (typeof MARKS)[number];

/** A link to be marked: where it leads, where it will stand (an address, or nothing), and its marks. */
export type Marked = Readonly<Record<Mark | "target" | "place", string>>;

export type Code =
  | "no_target" | "not_web" | "no_source" | "no_medium" | "upper_case" | "space" | "personal" | "swapped" | "internal" | "marked_already" | "too_long" | "unknown_medium";

/** `wrong` spoils the numbers or the people's privacy; otherwise it is worth a look. */
export interface Finding {
  code: Code;
  wrong: boolean;
  field: Mark | "target" | "place" | null;
}

const URL_LENGTH_MAX = 2_000;
const MARK_LENGTH_MAX = 100;
const MEDIUMS = new Set(["cpc", "ppc", "cpm", "cpa", "paid", "paidsearch", "paid_search", "email", "e-mail", "newsletter", "social", "organic", "display", "banner", "affiliate", "referral", "sms", "push", "video", "print", "qr"]);
const SOURCES = new Set(["google", "bing", "yandex", "facebook", "instagram", "linkedin", "twitter", "x", "tiktok", "youtube", "vk", "telegram", "whatsapp", "duckduckgo", "pinterest", "reddit", "mailchimp", "newsletter"]);
const PERSONAL = /@|%40|\+\d[\d\s()-]{7,}/;

/** The address with its marks; null where the target is no address of the web. */
export function marked(link: Marked): string | null {
  const url = webAddress(link.target);
  if (!url) return null;
  for (const mark of MARKS) if (link[mark]) url.searchParams.set(`utm_${mark}`, link[mark]);
  return url.origin + url.pathname + url.search.replace(/\+/g, "%20") + url.hash;
}

export function lint(link: Marked): Finding[] {
  return [...ofTarget(link), ...MARKS.flatMap((mark) => ofMark(mark, link[mark])), ...together(link)];
}

function ofTarget(link: Marked): Finding[] {
  if (!link.target) return [{ code: "no_target", wrong: true, field: "target" }];
  const url = webAddress(link.target);
  if (!url) return [{ code: "not_web", wrong: true, field: "target" }];
  const found: Finding[] = [];
  if ([...url.searchParams.keys()].some((name) => name.toLowerCase().startsWith("utm_"))) found.push({ code: "marked_already", wrong: false, field: "target" });
  if ((marked(link) ?? "").length > URL_LENGTH_MAX) found.push({ code: "too_long", wrong: true, field: null });
  if (siteOf(link.place) && siteOf(link.place) === siteOf(link.target)) found.push({ code: "internal", wrong: true, field: "place" });
  return found;
}

function ofMark(mark: Mark, value: string): Finding[] {
  const found: Finding[] = [];
  if (value !== value.toLowerCase()) found.push({ code: "upper_case", wrong: false, field: mark });
  if (/\s/.test(value)) found.push({ code: "space", wrong: false, field: mark });
  if (PERSONAL.test(value)) found.push({ code: "personal", wrong: true, field: mark });
  if (value.length > MARK_LENGTH_MAX) found.push({ code: "too_long", wrong: false, field: mark });
  return found;
}

function together({ source, medium }: Marked): Finding[] {
  if (!source) return [{ code: "no_source", wrong: true, field: "source" }];
  if (!medium) return [{ code: "no_medium", wrong: false, field: "medium" }];
  const swapped = MEDIUMS.has(source.toLowerCase()) && SOURCES.has(medium.toLowerCase());
  return swapped ? [{ code: "swapped", wrong: true, field: "source" }] : [];
}

/** What would mend a mark: lower case, and no spaces. */
export function tidied(value: string): string {
  return value.trim().toLowerCase().replace(/\s+/g, "-");
}

function webAddress(text: string): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url && /^https?:$/.test(url.protocol) && !url.username ? url : null;
}

/** The site of an address: its host without www. */
function siteOf(text: string): string | null {
  return webAddress(text)?.host.replace(/^www\./, "") ?? null;
}
