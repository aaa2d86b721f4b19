/** Where the reader is: a page, what it is about, and how it is looked at. All of it stands in the address's hash, so that every view can be
 * linked to, and no name of a person reaches the log of a proxy. */

export type Params = Readonly<Record<string, string>>;

/** `#/customers/user_id:u-1?model=retail-4` is the page customers, about user_id:u-1. */
export interface Place {
  page: string;
  about: string;
  params: Params;
}

export function readPlace(hash: string): Place {
  const [path = "", ...query] = hash.replace(/^#\/?/, "").split("?");
  const [page = "", ...about] = path.split("/");
  return { page: decoded(page), about: decoded(about.join("/")), params: readParams(query.join("?")) };
}

export function writePlace({ page, about, params }: Place): string {
  const pairs = Object.entries(params).filter(([, value]) => value !== "");
  const query = pairs.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join("&");
  return `#/${encoded(page)}${about && `/${encoded(about)}`}${query && `?${query}`}`;
}

/** Percent-encoded, and a plus is a plus. */
function readParams(query: string): Params {
  const params: Record<string, string> = Object.create(null);
  for (const pair of query.split("&").filter(Boolean)) {
    const [name = "", ...value] = pair.split("=");
    params[decoded(name)] = decoded(value.join("="));
  }
  return params;
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
  return encodeURIComponent(text).replace(/%3A/g, ":").replace(/%40/g, "@").replace(/%2C/g, ",");
}
