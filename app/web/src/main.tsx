/** The pages: learn what the service says of itself, then draw what the address names. */

import { render } from "preact";
import { App } from "./frame/app";

const root = document.getElementById("root");
if (root) render(<App />, root);
