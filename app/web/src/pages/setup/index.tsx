/** What an operator sets up: sources, keys, links and imports, each a tab with an address of its own. */

import type { ComponentType } from "preact";
import { useView } from "../../frame/view";
import { Heading } from "../../parts/states";
import { FRAME } from "../../words/frame";
import { said } from "../../words/language";
import { Imports } from "./imports";
import { Keys } from "./keys";
import { Links } from "./links";
import StageModels from "./models";
import { Sources } from "./sources";
import { WORDS } from "./words";

const TABS = { sources: Sources, keys: Keys, links: Links, imports: Imports, models: StageModels } satisfies Record<string, ComponentType>;
type Tab = keyof typeof TABS;

export default function Setup() {
  const view = useView();
  const words = said(WORDS);
  const tab = Object.hasOwn(TABS, view.place.about) ? (view.place.about as Tab) : "sources";
  const Shown = TABS[tab];
  return (
    <>
      <Heading title={said(FRAME).pages.setup} note={words.note} />
      <nav class="su-tabs" aria-label={words.tabsName}>
        {Object.keys(TABS).map((name) => (
          <a key={name} href={view.href("setup", name)} aria-current={name === tab ? "page" : undefined}>{words.tabs[name as Tab]}</a>
        ))}
      </nav>
      {!view.admin && <p class="su-readonly note">{said(FRAME).readOnly}</p>}
      <Shown key={tab} />
    </>
  );
}
