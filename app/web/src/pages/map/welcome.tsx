/** Before anybody has come: ways to send the first event. The page notices by itself when it arrives. */

import { useAnswer } from "../../asking/answers";
import { useView } from "../../frame/view";
import { Card } from "../../parts/card";
import { Code } from "../../parts/code";
import { Answered } from "../../parts/states";
import { FRAME } from "../../words/frame";
import { said } from "../../words/language";
import { WORDS } from "./words";

const DEMO = "/demo?utm_source=newsletter&utm_medium=email&utm_campaign=welcome";

export function Welcome() {
  const view = useView();
  const words = said(WORDS).welcome;
  const asked = useAnswer<{ snippet: string }>("/v1/snippet");
  return (
    <div class="map-welcome">
      <h1>{words.title}</h1>
      <p class="map-lead">{words.lead}</p>
      <Card title={words.demo} note={words.demoWhy}>
        <p><a class="button" href={DEMO} target="_blank" rel="noopener">{words.openDemo}</a></p>
      </Card>
      <Answered asked={asked} lines={2}>
        {({ snippet }) => (
          <>
            <Card title={words.paste} note={words.pasteWhy}><Code text={snippet} label={words.paste} /></Card>
            <Card title={words.terminal} note={words.terminalWhy}><Code text={commandLine(location.origin, writeKeyOf(snippet))} label={words.terminal} /></Card>
          </>
        )}
      </Answered>
      <p class="note">{words.history} <a href={view.href("setup")}>{said(FRAME).pages.setup}</a>.</p>
      <p class="map-waiting" role="status"><span aria-hidden="true" />{words.waiting} …</p>
    </div>
  );
}

export function writeKeyOf(snippet: string): string {
  return /data-write-key="([\w.-]+)"/.exec(snippet)?.[1] ?? "WRITE_KEY";
}

export function commandLine(origin: string, key: string): string {
  const event = JSON.stringify({ userId: "u-1", event: "Product Viewed", properties: { name: "Enamel kettle" } });
  return `curl ${origin}/v1/track -u ${key}: -H 'Content-Type: application/json' -d '${event}'`;
}
