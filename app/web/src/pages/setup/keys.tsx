/** Keys: which there are, making one, revoking one. */

import { useState } from "preact/hooks";
import { useAnswer } from "../../asking/answers";
import { inWords, send } from "../../asking/ask";
import { useView } from "../../frame/view";
import { Card } from "../../parts/card";
import { Choice, Select } from "../../parts/fields";
import { Moment } from "../../parts/marks";
import type { Column } from "../../parts/sorting";
import { Answered } from "../../parts/states";
import { Table } from "../../parts/table";
import { ago } from "../../words/format";
import { said } from "../../words/language";
import { Confirm } from "./confirm";
import { useSending } from "../../asking/sending";
import { Told } from "./told";
import type { Key, MadeKey, Session, SourceHeard } from "./wire";
import { WORDS } from "./words";

const SCOPES = ["write", "read", "admin"] as const;

export function Keys() {
  const view = useView();
  const asked = useAnswer<{ keys: Key[] }>(view.admin ? "/v1/keys" : null);
  const session = useAnswer<Session>("/v1/session");
  const [revoking, revoke] = useState<Key | null>(null);
  const words = said(WORDS);
  if (!view.admin) return null;
  const own = session.answer?.key ?? null;
  return (
    <>
      <NewKey onMade={asked.again} />
      <Card title={words.keys} note={words.keysNote}>
        <Answered asked={asked}>
          {({ keys }) => <Table name="keys" caption={words.keys} columns={columns(own, revoke)} rows={keys} keyOf={({ id }) => String(id)} order={{ column: "made", descending: true }} />}
        </Answered>
      </Card>
      {revoking && <Revoking key={revoking.id} of={revoking} own={revoking.id === own} onEnd={() => (revoke(null), asked.again())} />}
    </>
  );
}

function columns(own: number | null, revoke: (key: Key) => void): Column<Key>[] {
  const words = said(WORDS);
  return [
    { name: "hint", title: words.key, value: ({ hint }) => hint, show: ({ id, hint }) => <><code>{hint}</code> {id === own && <span class="chip">{words.yours}</span>}</> },
    { name: "scope", title: words.scope, value: ({ scope }) => scope, show: ({ scope }) => words.scopes[scope] },
    { name: "source", title: words.source, value: ({ source }) => source },
    { name: "made", title: words.made, value: ({ created_at }) => created_at, show: ({ created_at }) => <Moment at={created_at} /> },
    { name: "state", title: words.state, value: ({ revoked_at }) => revoked_at ?? "", show: (key) => <State of={key} onRevoke={() => revoke(key)} /> },
  ];
}

function State({ of: { hint, revoked_at }, onRevoke }: { of: Key; onRevoke: () => void }) {
  const { zone } = useView();
  const words = said(WORDS);
  if (revoked_at) return <span class="note">{words.revoked(ago(revoked_at, new Date(), zone))}</span>;
  return <span class="su-inforce"><span class="good">{words.inForce}</span><button type="button" class="quiet" aria-label={words.revokeKey(hint)} onClick={onRevoke}>{words.revoke}</button></span>;
}

function Revoking({ of, own, onEnd }: { of: Key; own: boolean; onEnd: () => void }) {
  const words = said(WORDS);
  const sending = useSending();
  const yes = () => sending.run(() => send<Key>("DELETE", `/v1/keys/${of.id}`), onEnd);
  return (
    <Confirm title={words.revokeKey(of.hint)} action={words.revoke} sending={sending} onYes={yes} onNo={onEnd}>
      <p>{words.revokeWhy}</p>
      {own && <p class="bad">{words.revokeOwn}</p>}
    </Confirm>
  );
}

function NewKey({ onMade }: { onMade: () => void }) {
  const words = said(WORDS);
  const sending = useSending();
  const sources = useAnswer<{ sources: SourceHeard[] }>("/v1/sources").answer?.sources ?? [];
  const [scope, choose] = useState<Key["scope"]>("read");
  const [source, setSource] = useState("");
  const [made, tell] = useState<MadeKey | null>(null);
  const named = source || (sources[0]?.name ?? "");
  const make = (event: Event) => {
    event.preventDefault();
    const said_ = scope === "write" ? { scope, source: named } : { scope };
    sending.run(() => send<MadeKey>("POST", "/v1/keys", {}, said_), (key) => (tell(key), onMade()));
  };
  return (
    <Card title={words.newKey} note={words.scopesWhy[scope]}>
      <form class="su-row" onSubmit={make}>
        <Choice label={words.scope} name="scope" value={scope} options={SCOPES.map((each) => [each, words.scopes[each] ?? each])} onChange={(next) => choose(next as Key["scope"])} />
        {scope === "write" && <Select label={words.source} name="source" value={named} options={sources.map(({ name }) => [name, name])} onChange={setSource} />}
        <button class="button" disabled={sending.sending}>{words.makeKey}</button>
      </form>
      {sending.failure && <p class="trouble" role="alert">{inWords(sending.failure)}</p>}
      {made && <Told made={made} onDone={() => tell(null)} />}
    </Card>
  );
}
