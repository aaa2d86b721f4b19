/** The demo shop: one page, and an event for each thing that a visitor does. */

import { writePlace } from "../address";
import { byId, dataAt, h, say } from "./element";
import { BROWSER_ZONE } from "../view";
import { clock } from "../words/format";
import { CURRENCY, lines, money, type Product, PRODUCTS, productOf, total } from "./goods";
import { type Call, openQueue } from "./queue";

openQueue();

const ROOMS = ["shelf", "product", "cart", "till", "thanks", "door"];
const SVG = "http://www.w3.org/2000/svg";

let cart: Product[] = [];
let viewed: Product | undefined;

function journeyOf(customer: string): string {
  return `/${writePlace({ page: "customers", about: customer, params: {} })}`;
}

function send(...call: Call): void {
  window.waystage?.(...call);
  log(call[0] === "track" ? call[1] : "identify", JSON.stringify(call[0] === "track" ? call[2] : [call[1], call[2]]));
}

function log(name: string, details: string): void {
  const item = h("li", {}, h("time", {}, clock(new Date().toISOString(), BROWSER_ZONE)), " ", h("strong", {}, name), h("div", { class: "note value" }, details));
  byId("sent", HTMLElement).prepend(item);
}

function enter(room: string): void {
  for (const name of ROOMS) byId(name, HTMLElement).hidden = name !== room;
  if (room === "cart") showCart();
  byId(room, HTMLElement).querySelector<HTMLElement>("h1")?.focus();
}

function facts({ product_id, name, price }: Product) {
  return { product_id, name, price };
}

function view(product: Product): void {
  viewed = product;
  say(byId("product-name", HTMLElement), product.name);
  say(byId("product-words", HTMLElement), product.words);
  say(byId("product-price", HTMLElement), money(product.price));
  byId("product-picture", HTMLElement).replaceChildren(drawing(product));
  enter("product");
  send("track", "Product Viewed", facts(product));
}

function add(): void {
  if (!viewed) return;
  cart = [...cart, viewed];
  say(byId("cart-size", HTMLElement), String(cart.length));
  send("track", "Product Added", { ...facts(viewed), quantity: 1 });
  enter("cart");
}

function showCart(): void {
  const items = lines(cart).map(({ product, pieces }) => h("li", {}, `${pieces} × ${product.name}`, h("span", {}, money(pieces * product.price))));
  byId("cart-list", HTMLElement).replaceChildren(...(items.length ? items : [h("li", { class: "note" }, "Nothing yet.")]));
  say(byId("cart-total", HTMLElement), money(total(cart)));
  byId("checkout", HTMLButtonElement).disabled = cart.length === 0;
}

function checkOut(): void {
  say(byId("till-total", HTMLElement), money(total(cart)));
  send("track", "Checkout Started", { revenue: total(cart), currency: CURRENCY, products: cart.map(facts) });
  enter("till");
}

function order(): void {
  if (cart.length === 0) return;
  const order_id = `demo-${Date.now().toString(36)}`;
  send("track", "Order Completed", { order_id, revenue: total(cart), currency: CURRENCY, products: cart.map(facts) });
  say(byId("thanks-words", HTMLElement), `Order ${order_id} over ${money(total(cart))}.`);
  cart = [];
  say(byId("cart-size", HTMLElement), "0");
  enter("thanks");
}

function logIn(event: SubmitEvent): void {
  event.preventDefault();
  const form = new FormData(event.currentTarget as HTMLFormElement);
  const [user, email] = [String(form.get("user")).trim(), String(form.get("email")).trim()];
  send("identify", user, { email });
  byId("to-journey", HTMLAnchorElement).href = journeyOf(`user_id:${user}`);
  say(byId("logged-in", HTMLElement), `You are ${user}. “See your journey” now leads to yours.`);
}

/** Until somebody logs in, the journey is that of this browser. */
function leadToJourney(): void {
  const device = /waystage\.anonymous_id=([\w-]+)/.exec(document.cookie)?.[1];
  const link = byId("to-journey", HTMLAnchorElement);
  if (device && !link.hash) link.href = journeyOf(`anonymous_id:${device}`);
}

function drawing({ glyph, name }: Product): SVGSVGElement {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", "0 0 64 64");
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", name);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", glyph);
  picture.append(path);
  return picture;
}

function tile(product: Product): HTMLElement {
  const button = h("button", { type: "button", class: "card tile", "data-product": product.product_id });
  button.append(drawing(product), h("span", {}, product.name), h("span", { class: "price" }, money(product.price)));
  return h("li", {}, button);
}

function walk(event: Event): void {
  const product = productOf(dataAt(event, "product") ?? undefined);
  const room = dataAt(event, "go");
  if (room) event.preventDefault();
  if (product) view(product);
  else if (room) enter(room);
}

function open(): void {
  byId("products", HTMLElement).append(...PRODUCTS.map(tile));
  document.addEventListener("click", walk);
  byId("add", HTMLButtonElement).addEventListener("click", add);
  byId("checkout", HTMLButtonElement).addEventListener("click", checkOut);
  byId("order", HTMLButtonElement).addEventListener("click", order);
  byId("login", HTMLFormElement).addEventListener("submit", logIn);
  byId("to-journey", HTMLAnchorElement).addEventListener("click", leadToJourney);
  log("page", "by the script, when the page opens");
}

document.addEventListener("DOMContentLoaded", open);
