/** Links through Waystage: one for an ad, one a recipient for a mail. */

import { useId, useRef, useState } from "preact/hooks";
import { useAnswer } from "../../asking/answers";
import { inWords, send } from "../../asking/ask";
import { Figure } from "../../charts/figure";
import { Card } from "../../parts/card";
import { Choice, Field, Select } from "../../parts/fields";
import type { Column } from "../../parts/sorting";
import { count } from "../../words/format";
import { said } from "../../words/language";
import type { Marked } from "./lint";
import { LINKS } from "./links-words";
import { useSending } from "../../asking/sending";
import type { Made, SourceHeard } from "./wire";

const RECIPIENTS_MAX = 1_000;
const KINDS = ["email", "ad"] as const;
type Kind = (typeof KINDS)[number];

interface MadeFor extends Made {
  recipient: string;
}

export function Tracked({ link }: { link: Marked }) {
  const words = said(LINKS);
  const listed = useAnswer<{ sources: SourceHeard[] }>("/v1/sources").answer?.sources;
  const sources = (listed ?? []).filter(({ kind }) => kind === "trusted").map(({ name }) => name);
  const [made, tell] = useState<MadeFor[]>([]);
  return (
    <>
      <Card title={words.tracked} note={words.trackedNote}>
        {listed && sources.length === 0 ? <p class="note">{words.needsTrusted}</p> : <Making link={link} sources={sources} onMade={tell} />}
      </Card>
      {made.length > 0 && (
        <Figure name="links" title={words.madeLinks} note={words.madeNote} columns={columns()} rows={made} keyOf={({ recipient, click }) => `${recipient} ${click}`} order={{ column: "recipient", descending: false }} />
      )}
    </>
  );
}

function columns(): Column<MadeFor>[] {
  const words = said(LINKS);
  const address = (name: "click" | "open", title: string): Column<MadeFor> => ({
    name, title, value: (row) => row[name], show: (row) => <code class="su-address">{row[name]}</code>,
  });
  return [{ name: "recipient", title: words.recipient, value: ({ recipient }) => recipient || words.anybody }, address("click", words.click), address("open", words.open)];
}

function Making({ link, sources, onMade }: { link: Marked; sources: string[]; onMade: (made: MadeFor[]) => void }) {
  const words = said(LINKS);
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const sending = useSending();
  const [kind, choose] = useState<Kind>("email");
  const [chosen, setSource] = useState("");
  const [tooMany, refuse] = useState(false);
  const source = chosen || (sources[0] ?? "");
  const make = (event: Event) => {
    event.preventDefault();
    const typed = new FormData(form.current ?? undefined);
    const recipients = kind === "ad" ? [""] : linesOf(String(typed.get("recipients") ?? ""));
    refuse(recipients.length > RECIPIENTS_MAX);
    if (recipients.length > RECIPIENTS_MAX) return;
    const wanted = recipients.map((recipient) => wish(link, kind, String(typed.get("message") ?? "").trim(), recipient));
    sending.run(() => send<Made[]>("POST", "/v1/links", { source }, wanted), (made) => onMade(made.map((one, at) => ({ ...one, recipient: recipients[at] ?? "" }))));
  };
  return (
    <form class="su-form" ref={form} autocomplete="off" onSubmit={make}>
      <div class="su-row">
        <Choice label={words.linkKind} name="kind" value={kind} options={KINDS.map((each) => [each, words.linkKinds[each]])} onChange={(next) => choose(next as Kind)} />
        <Select label={words.sender} name="sender" value={source} options={sources.map((name) => [name, name])} onChange={setSource} />
        <Field label={words.message} name="message" value="" placeholder={words.messageHint} />
      </div>
      {kind === "email" && <div class="field"><label for={id}>{words.recipients}</label><textarea id={id} name="recipients" rows={4} spellcheck={false} placeholder="ada@example.com" /></div>}
      <div class="su-row"><button class="button" disabled={sending.sending || !link.target}>{words.make}</button></div>
      {tooMany && <p class="trouble" role="alert">{words.tooMany(count(RECIPIENTS_MAX))}</p>}
      {sending.failure && <p class="trouble" role="alert">{inWords(sending.failure)}</p>}
    </form>
  );
}

/** Lines that are not empty; none means one link for anybody. */
function linesOf(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  return lines.length ? [...new Set(lines)] : [""];
}

function wish(link: Marked, kind: Kind, message: string, recipient: string): unknown {
  const { target, source, medium, campaign: name, term, content } = link;
  const campaign = Object.fromEntries(Object.entries({ source, medium, name, term, content }).filter(([, value]) => value));
  const whom = recipient && { recipient: recipient.includes("@") ? { email: recipient } : { userId: recipient } };
  return { kind, target, campaign, ...(message && { message }), ...whom };
}
