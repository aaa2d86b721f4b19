/** What the demo shop has on its shelf, and what lies in the cart. */

export interface Product {
  product_id: string;
  name: string;
  price: number;
  words: string;
  glyph: string;
}

export const CURRENCY = "EUR";

export const PRODUCTS: Product[] = [
  { product_id: "kettle", name: "Enamel kettle", price: 49, words: "Two litres, and a whistle in C.", glyph: "M14 26h26v16a6 6 0 0 1-6 6H20a6 6 0 0 1-6-6zM40 30h6l6-8M20 26c0-10 14-10 14 0M27 14v4" },
  { product_id: "pan", name: "Iron pan", price: 64.5, words: "Heavy, black, older than you one day.", glyph: "M10 32a15 15 0 1 0 30 0a15 15 0 1 0-30 0M40 32h16M18 32a7 7 0 1 0 14 0a7 7 0 1 0-14 0" },
  { product_id: "board", name: "Walnut board", price: 38, words: "End grain, oiled, with a hole to hang it by.", glyph: "M14 14h36v36H14zM42 20a2 2 0 1 0 4 0a2 2 0 1 0-4 0M20 26h16M20 34h24M20 42h20" },
  { product_id: "apron", name: "Linen apron", price: 29.9, words: "One pocket, two ties, no slogan.", glyph: "M24 12v8l-8 6v26h32V26l-8-6v-8M24 20h16M26 36h12v8H26z" },
];

export function productOf(id: string | undefined): Product | undefined {
  return PRODUCTS.find(({ product_id }) => product_id === id);
}

/** The sum in whole cents' precision. */
export function total(cart: Product[]): number {
  return Math.round(cart.reduce((sum, { price }) => sum + price * 100, 0)) / 100;
}

export function money(amount: number): string {
  return `€ ${amount.toFixed(2)}`;
}

/** The cart as lines: each product once, with its number. */
export function lines(cart: Product[]): { product: Product; pieces: number }[] {
  return [...new Set(cart)].map((product) => ({ product, pieces: cart.filter((other) => other === product).length }));
}
