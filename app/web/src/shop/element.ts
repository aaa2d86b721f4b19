/** Building and mending the document. Text goes in as text nodes only: nothing from an event is ever parsed as markup. */

export type Child = Node | string | null;
export interface Attributes {
  style?: never;
  [name: string]: string | number | boolean | undefined;
}

/** A new element; `true` sets a bare attribute, `false` and undefined none. Styles are set by class. */
export function h<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, attributes: Attributes, ...children: Child[]): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== undefined) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child): child is Node | string => child !== null && child !== ""));
  return element;
}

/** The element of the page with this id, of the class it must have. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`The page has no ${kind.name} #${id}.`);
  return element;
}

/** Makes the children of `parent` equal to `fresh`, matched by `data-key`: an equal child is left alone, so nothing flickers or scrolls. */
export function keep(parent: Element, fresh: HTMLElement[]): void {
  const focused = focusedKey(parent);
  const old = new Map([...parent.children].map((child) => [keyOf(child), child]));
  const wanted = fresh.map((child) => {
    const before = old.get(keyOf(child));
    return before?.isEqualNode(child) ? before : child;
  });
  const staying = new Set<Element>(wanted);
  for (const child of [...parent.children]) if (!staying.has(child)) child.remove();
  place(parent, wanted);
  if (focused !== null) refocus(wanted, focused);
}

function place(parent: Element, wanted: Element[]): void {
  let next = parent.firstElementChild;
  for (const child of wanted) {
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
}

function keyOf(element: Element): string {
  return element.getAttribute("data-key") ?? "";
}

function focusedKey(parent: Element): string | null {
  const active = document.activeElement;
  return active && active !== parent && parent.contains(active) ? (active.closest("[data-key]")?.getAttribute("data-key") ?? null) : null;
}

function refocus(children: Element[], key: string): void {
  const child = children.find((candidate) => keyOf(candidate) === key);
  if (!child || child.contains(document.activeElement)) return;
  child.querySelector<HTMLElement>("a, button")?.focus({ preventScroll: true });
}

/** Sets text only where it differs. */
export function say(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** The nearest element with this data attribute at or above an event's target, and its value. */
export function dataAt(event: Event, name: string): string | null {
  const target = event.target instanceof Element ? event.target.closest(`[data-${name}]`) : null;
  return target?.getAttribute(`data-${name}`) ?? null;
}
