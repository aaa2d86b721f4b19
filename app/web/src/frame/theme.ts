/** Light or dark: as the system says, or as the reader chose for this browser. It runs before anything is drawn. */

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEPT = "waystage.theme";

export function themeNow(): Theme {
  const kept = localStorage.getItem(KEPT);
  return THEMES.find((theme) => theme === kept) ?? "auto";
}

export function wear(theme: Theme): void {
  localStorage.setItem(KEPT, theme);
  dress(theme);
}

export function dress(theme: Theme): void {
  if (theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  document.dispatchEvent(new Event("themechange"));
}
