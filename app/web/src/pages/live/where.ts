/** Where in an event's text its fault stands. */

/** The text before, the part that is meant, and the text after; null where no part can be told. */
export type Marked = readonly [before: string, meant: string, after: string];

/** What is said of a fault. */
interface Fault {
  code: string;
  field: string | null;
  message: string;
}

/** What no store can hold: an escaped NUL, a surrogate, a number with more digits than come back. */
const UNSTORABLE: Readonly<Record<string, RegExp>> = {
  unstorable_text: /\\u(?:0000|d[89a-f][\da-f]{2})/i,
  unstorable_number: /-?\d[\d.e+-]{14,}/i,
};

/** The member that the field names, as in `properties.revenue`, what cannot be stored, or the byte that the message names, as in "(byte 16)". */
export function marked(body: string, { code, field, message }: Fault): Marked | null {
  return (field && memberOf(body, field)) || foundBy(UNSTORABLE[code], body) || byteOf(body, message);
}

function foundBy(pattern: RegExp | undefined, body: string): Marked | null {
  const found = pattern?.exec(body);
  return found ? cut(body, found.index, found.index + found[0].length) : null;
}

function memberOf(body: string, field: string): Marked | null {
  const name = JSON.stringify(field.split(".").at(-1) ?? field);
  const found = new RegExp(`${escaped(name)}\\s*:`).exec(body);
  return found && cut(body, found.index, endOfMember(body, found.index + found[0].length));
}

function escaped(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** The end of the value that begins at a place: brackets are counted, quoted ones are not. */
function endOfMember(body: string, begin: number): number {
  let [depth, quoted] = [0, false];
  for (let at = begin; at < body.length; at += 1) {
    const letter = body[at] ?? "";
    if (quoted && letter === "\\") at += 1;
    else if (letter === '"') quoted = !quoted;
    else if (!quoted && "{[".includes(letter)) depth += 1;
    else if (!quoted && "}]".includes(letter) && depth-- === 0) return at;
    else if (!quoted && letter === "," && depth === 0) return at;
  }
  return body.length;
}

function byteOf(body: string, message: string): Marked | null {
  const byte = Number(/\(byte (\d+)\)/.exec(message)?.[1] ?? NaN);
  if (Number.isNaN(byte)) return null;
  const begin = new TextDecoder().decode(new TextEncoder().encode(body).slice(0, byte)).length;
  return begin < body.length ? cut(body, begin, begin + 1) : null;
}

function cut(body: string, begin: number, end: number): Marked {
  return [body.slice(0, begin), body.slice(begin, end), body.slice(end)];
}

/** JSON with a member a line; what is no JSON stays as it came. */
export function laidOut(body: string): string {
  const parsed = parsedOf(body);
  return parsed === undefined || exceedsNumbers(body) ? body : JSON.stringify(parsed, null, 2);
}

/** What the text says, undefined where it is no JSON. */
export function parsedOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (failure) {
    if (failure instanceof SyntaxError) return undefined;
    throw failure;
  }
}

/** Why the text is no event to send, in the browser's words; null where it may be one. */
export function faultOf(text: string): string | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? null : "{ … }";
  } catch (failure) {
    if (failure instanceof SyntaxError) return failure.message;
    throw failure;
  }
}

/** Whether the text has numbers that reading and writing would change. */
function exceedsNumbers(body: string): boolean {
  return (body.match(/-?\d[\d.eE+-]{14,}/g) ?? []).length > 0;
}
