/** The frame: it follows the address, learns what the service says of itself, and draws the page that the address names. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { readPlace } from "../address";
import { useAnswer } from "../asking/answers";
import type { Login, Named, StageModel } from "../asking/wire";
import { Boundary } from "../parts/boundary";
import { PeopleBehind } from "../parts/behind";
import { Failed, Loading } from "../parts/states";
import { askable } from "../stages";
import { FRAME } from "../words/frame";
import { language, said } from "../words/language";
import { Controls } from "./controls";
import { Navigation } from "./navigation";
import { FIRST, PAGES } from "./pages";
import { Page } from "./page";
import { type Known, View, ViewContext } from "./view";

export function App() {
  const [hash, setHash] = useState(location.hash);
  const [, setWords] = useState(language);
  useEffect(() => {
    const follow = () => setHash(location.hash);
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  const { known, failure, again } = useKnown();
  const view = useMemo(() => known && new View(placeOf(hash), known, (next, replace) => moveTo(next, replace, setHash)), [hash, known, language]);
  if (failure) return <main class="alone"><Failed failure={failure} again={again} /></main>;
  if (!view) return <main class="alone"><Loading /></main>;
  const page = PAGES.find(({ name }) => name === view.place.page);
  return (
    <ViewContext.Provider value={view}>
      <a class="skip" href={location.hash} onClick={toMain}>{said(FRAME).skip}</a>
      <Navigation onLanguage={() => setWords(language)} />
      <div class="beside">
        {page && page.controls.length > 0 && <Controls shown={page.controls} />}
        <main id="main" tabIndex={-1} key={`${view.place.page} ${language}`}>
          <Boundary key={view.place.page}>{page ? <Page load={page.load} /> : <p class="note">{said(FRAME).noPage}</p>}</Boundary>
        </main>
        <PeopleBehind />
      </div>
    </ViewContext.Provider>
  );
}

function placeOf(hash: string) {
  const place = readPlace(hash);
  return place.page ? place : { ...place, page: FIRST };
}

function moveTo(hash: string, replace: boolean, follow: (hash: string) => void): void {
  if (hash === location.hash) return;
  if (replace) history.replaceState(null, "", hash);
  else history.pushState(null, "", hash);
  follow(hash);
}

function toMain(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** Login, models and channels; models are asked for again when another version came into use. */
function useKnown() {
  const login = useAnswer<Login>("/v1/session");
  const stages = useAnswer<{ models: StageModel[] }>("/v1/stages");
  const channels = useAnswer<{ channels: Named[]; kinds: Named[] }>("/v1/channels");
  useEffect(() => {
    document.addEventListener("modelschange", stages.again);
    return () => document.removeEventListener("modelschange", stages.again);
  }, [stages.again]);
  const known = useMemo((): Known | null => {
    if (!login.answer || !stages.answer || !channels.answer) return null;
    return { login: login.answer, models: askable(stages.answer.models), channels: channels.answer.channels, kinds: channels.answer.kinds };
  }, [login.answer, stages.answer, channels.answer]);
  const failure = known ? null : (login.failure ?? stages.failure ?? channels.failure);
  return { known, failure, again: () => [login, stages, channels].forEach(({ again }) => again()) };
}
