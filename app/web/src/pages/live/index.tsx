/** What happens now: events as they arrive, those that failed, and how sources are heard. */

import type { ComponentType } from "preact";
import { useView } from "../../frame/view";
import { Heading } from "../../parts/states";
import { FRAME } from "../../words/frame";
import { said } from "../../words/language";
import { Events } from "./events";
import { Failed } from "./failed";
import { Heard } from "./heard";
import { WORDS } from "./words";

const TABS = { events: Events, failed: Failed, sources: Heard } satisfies Record<string, ComponentType>;
type Tab = keyof typeof TABS;

export default function Live() {
  const view = useView();
  const words = said(WORDS);
  const tab = Object.hasOwn(TABS, view.place.about) ? (view.place.about as Tab) : "events";
  const Shown = TABS[tab];
  return (
    <>
      <Heading title={said(FRAME).pages.live} note={words.note} />
      <nav class="live-tabs" aria-label={words.tabsName}>
        {Object.keys(TABS).map((name) => (
          <a key={name} href={view.href("live", name === "events" ? "" : name)} aria-current={name === tab ? "page" : undefined}>{words.tabs[name as Tab]}</a>
        ))}
      </nav>
      <Shown key={tab} />
    </>
  );
}
