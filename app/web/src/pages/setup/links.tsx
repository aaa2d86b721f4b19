/** Links: one that is marked well, with the channel that its visits will get, and ones that say who clicked. What is typed stands in the address. */

import { useAnswer } from "../../asking/answers";
import { useView, type View } from "../../frame/view";
import { Card } from "../../parts/card";
import { Code } from "../../parts/code";
import { Field } from "../../parts/fields";
import { ChannelName } from "../../parts/marks";
import { said } from "../../words/language";
import { type Finding, lint, type Mark, marked, type Marked, MARKS, tidied } from "./lint";
import { LINKS } from "./links-words";
import { Tracked } from "./tracked";
import type { Explained } from "./wire";

const UNKNOWN = "unassigned";
const CHANNEL_URL_MAX = 4_000;

export function Links() {
  const view = useView();
  const link = linkOf(view);
  return (
    <>
      <Builder link={link} />
      {view.admin && <Tracked link={link} />}
    </>
  );
}

/** The link as the address of the page has it: `link` is its target, `link.source` its source, and so on. */
function linkOf({ params }: View): Marked {
  const marks = Object.fromEntries(MARKS.map((mark) => [mark, params[`link.${mark}`] ?? ""])) as Record<Mark, string>;
  return { target: params["link"] ?? "", place: params["link.place"] ?? "", ...marks };
}

function Builder({ link }: { link: Marked }) {
  const view = useView();
  const words = said(LINKS);
  return (
    <Card title={words.builder} note={words.builderNote}>
      <div class="su-builder">
        <form autocomplete="off" onSubmit={(event) => event.preventDefault()}>
          <Field label={words.target} name="link" type="url" value={link.target} placeholder={words.targetHint} onChange={(target) => view.set({ link: target }, true)} />
          <div class="su-marks">
            {MARKS.map((mark) => (
              <Field key={mark} label={words.marks[mark]} name={mark} value={link[mark]} placeholder={words.hints[mark]} onChange={(value) => view.set({ [`link.${mark}`]: value }, true)} />
            ))}
            <Field label={words.place} name="place" type="url" value={link.place} placeholder={words.placeHint} onChange={(place) => view.set({ "link.place": place }, true)} />
          </div>
        </form>
        <Result link={link} />
      </div>
    </Card>
  );
}

function Result({ link }: { link: Marked }) {
  const words = said(LINKS);
  const url = marked(link);
  const asked = useAnswer<Explained>(url && url.length <= CHANNEL_URL_MAX ? "/v1/explain/channel" : null, { url: url ?? "" });
  const explained = asked.answer;
  const unknown: Finding[] = explained?.channel === UNKNOWN && link.source && link.medium ? [{ code: "unknown_medium", wrong: true, field: "medium" }] : [];
  const findings = [...lint(link), ...unknown];
  return (
    <div class="su-result">
      <h3>{words.result}</h3>
      {url ? <Code text={url} label={words.result} /> : <p class="note">{words.nothingYet}</p>}
      {url && explained && <p class="su-channel" role="status">{words.channel} <ChannelName channel={explained.channel} /> <span class="note" lang="en">{words.because(explained.why)}</span></p>}
      {link.target && <Findings link={link} findings={findings} />}
    </div>
  );
}

function Findings({ link, findings }: { link: Marked; findings: readonly Finding[] }) {
  const view = useView();
  const words = said(LINKS);
  if (findings.length === 0) return <p class="good" role="status">{words.fine}</p>;
  const untidy = MARKS.filter((mark) => link[mark] !== tidied(link[mark]));
  const tidy = () => view.set(Object.fromEntries(untidy.map((mark) => [`link.${mark}`, tidied(link[mark])])));
  return (
    <div role="status">
      <h3>{words.findings}</h3>
      <ul class="su-findings">
        {findings.map(({ code, wrong, field }) => (
          <li key={`${code} ${field}`} class={wrong ? "wrong" : "look"}>
            {field && MARKS.some((mark) => mark === field) && <strong>{words.marks[field as Mark]}: </strong>}{words.said[code]}
          </li>
        ))}
      </ul>
      <div class="su-row">
        {untidy.length > 0 && <button type="button" class="quiet" onClick={tidy}>{words.tidy}</button>}
        {findings.some(({ code }) => code === "swapped") && (
          <button type="button" class="quiet" onClick={() => view.set({ "link.source": link.medium, "link.medium": link.source })}>{words.swap}</button>
        )}
      </div>
    </div>
  );
}
