/** The way to the other pages, and what the reader sets for this browser: language and theme. */

import { useEffect, useRef, useState } from "preact/hooks";
import { FRAME } from "../words/frame";
import { language, LANGUAGES, said, speak } from "../words/language";
import { PAGES } from "./pages";
import { type Theme, themeNow, THEMES, wear } from "./theme";
import { useView } from "./view";

const NAMES = { en: "English", ru: "Русский" };

export function Navigation({ onLanguage }: { onLanguage: () => void }) {
  const view = useView();
  const words = said(FRAME);
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    const here = nav.current?.querySelector<HTMLElement>("[aria-current]");
    if (nav.current && here) nav.current.scrollLeft = here.offsetLeft - (nav.current.clientWidth - here.offsetWidth) / 2;
  }, [view.place.page]);
  return (
    <header class="rail">
      <a class="wordmark" href={view.href("map")}><img src="/assets/icon.svg" alt="" width="26" height="26" />Waystage</a>
      <nav ref={nav} aria-label={words.navigation}>
        <ul class="pages">
          {PAGES.map(({ name }) => (
            <li key={name}><a href={view.href(name)} aria-current={view.place.page === name ? "page" : undefined}>{words.pages[name]}</a></li>
          ))}
        </ul>
      </nav>
      <div class="settings">
        <label><span class="unseen">{words.language}</span>
          <select value={language} onChange={(event) => {
            const next = LANGUAGES.find((each) => each === event.currentTarget.value);
            if (next) speak(next);
            onLanguage();
          }}>
            {LANGUAGES.map((each) => <option key={each} value={each} lang={each}>{NAMES[each]}</option>)}
          </select>
        </label>
        <ThemeChooser />
        <form method="post" action="/logout"><button class="quiet">{words.logOut}</button></form>
        <a class="licences" href="/assets/licences.txt">{words.licences}</a>
      </div>
    </header>
  );
}

function ThemeChooser() {
  const words = said(FRAME);
  const [theme, set] = useState<Theme>(themeNow());
  const choose = (value: string) => {
    const next = THEMES.find((each) => each === value) ?? "auto";
    wear(next);
    set(next);
  };
  return (
    <label><span class="unseen">{words.theme}</span>
      <select value={theme} onChange={(event) => choose(event.currentTarget.value)}>
        {THEMES.map((each) => <option key={each} value={each}>{words.themes[each]}</option>)}
      </select>
    </label>
  );
}
