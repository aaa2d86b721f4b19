/** The parameter of a link to another domain of the operator's: anonymous id, time and check, joined by dots. */
const PARAMETER = /([?&])waystage=([^&#]*)(&?)/;
const LIFE_MS = 120_000;

/** A number that another browser, or an edited link, does not arrive at. */
const check = (text: string): string => {
  let sum = 0;
  for (const letter of text + navigator.userAgent + navigator.language) sum = (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0;
  return (sum >>> 0).toString(36);
};

const sealed = (anonymousId: string, time: string) => `${anonymousId}.${time}.${check(anonymousId + time)}`;

const without = (url: string) => url.replace(PARAMETER, (_, before: string, _value, after: string) => after && before);

const decorated = (url: string, value: string) =>
  without(url).replace(/(\?[^#]*)?(?=#|$)/, (query) => `${query ? `${query}&` : "?"}waystage=${value}`);

/** The id that a link brought here within two minutes and this very browser; the parameter goes from the address bar in any case. */
export const arrived = (): string | undefined => {
  const value = PARAMETER.exec(location.search)?.[2];
  if (value === undefined) return undefined;
  history.replaceState(history.state, "", without(location.href));
  const [id = "", time = ""] = value.split(".");
  const age = Date.now() - parseInt(time, 36);
  return age >= 0 && age < LIFE_MS && value === sealed(id, time) ? id : undefined;
};

/** Links to these domains and what is below them carry the anonymous id, where there is one to give, from the moment they are used. */
export const carry = (domains: string, anonymousId: () => string | undefined): void => {
  const ends = domains.split(/[\s,]+/).filter(Boolean).map((domain) => `.${domain}`);
  const use = ({ target }: Event) => {
    const link = target instanceof Element && target.closest<HTMLAnchorElement>("a[href]");
    if (!link || link.hostname === location.hostname || !ends.some((end) => `.${link.hostname}`.endsWith(end))) return;
    const id = anonymousId();
    if (id) link.href = decorated(link.href, sealed(id, Date.now().toString(36)));
  };
  addEventListener("mousedown", use, true);
  addEventListener("click", use, true);
};
