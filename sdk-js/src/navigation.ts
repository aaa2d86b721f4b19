/**
 * Calls `page` now, and wherever scripts change what is looked at: another path or query that is pushed or gone back to, or another path
 * that replaces the one before.
 */
export const followPages = (page: () => void): void => {
  let path: string;
  let search: string;
  const look = (replaced?: unknown) => {
    const { pathname } = location;
    const moved = path !== pathname || (replaced !== true && search !== location.search);
    search = location.search;
    path = pathname;
    if (moved) page();
  };
  for (const method of ["pushState", "replaceState"] as const) {
    const change = history[method];
    history[method] = (...args) => {
      change.apply(history, args);
      look(method > "q");
    };
  }
  addEventListener("popstate", look);
  look();
};
