/** The pages, in the order of the navigation; each is loaded when it is first opened. */

import type { ComponentType } from "preact";

/** What of a view the reader chooses at the top of a page. */
export type Control = "model" | "window" | "filters";

interface PageOf {
  name: "map" | "transitions" | "funnel" | "paths" | "touchpoints" | "customers" | "live" | "setup";
  load: () => Promise<{ default: ComponentType }>;
  controls: Control[];
}

const ALL: Control[] = ["model", "window", "filters"];

export const FIRST = "map";

export const PAGES: PageOf[] = [
  { name: "map", load: () => import("../pages/map"), controls: ALL },
  { name: "transitions", load: () => import("../pages/transitions"), controls: ALL },
  { name: "funnel", load: () => import("../pages/funnel"), controls: ALL },
  { name: "paths", load: () => import("../pages/paths"), controls: ALL },
  { name: "touchpoints", load: () => import("../pages/touchpoints"), controls: ALL },
  { name: "customers", load: () => import("../pages/customers"), controls: ["model"] },
  { name: "live", load: () => import("../pages/live"), controls: [] },
  { name: "setup", load: () => import("../pages/setup"), controls: [] },
];
