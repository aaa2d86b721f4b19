/** The versions of a model: which is in use, which are drafts, and what can be done with each. */

import { useState } from "preact/hooks";
import { send } from "../../../asking/ask";
import { useView } from "../../../frame/view";
import { Card } from "../../../parts/card";
import { Moment } from "../../../parts/marks";
import type { Column } from "../../../parts/sorting";
import { Table } from "../../../parts/table";
import { counted } from "../../../words/format";
import { said } from "../../../words/language";
import { Confirm } from "../confirm";
import { useSending } from "../../../asking/sending";
import { labelOf } from "./list";
import type { Model, Version } from "./wire";
import { WORDS } from "./words";

type Act = "use" | "remove";

interface VersionsProps {
  model: Model;
  shown: number;
  again: () => void;
}

export function Versions({ model, shown, again }: VersionsProps) {
  const words = said(WORDS);
  const [doing, set] = useState<{ act: Act; version: Version } | null>(null);
  const columns = columnsOf(model, (act, version) => set({ act, version }));
  return (
    <Card title={words.versionsOf(labelOf(model))} note={model.built_in && words.builtInNote}>
      <Table name="versions" caption={words.versions} columns={columns} rows={model.versions} keyOf={({ version }) => String(version)} order={{ column: "version", descending: true }} marked={String(shown)} />
      {doing && <Sure {...doing} again={again} onDone={() => set(null)} />}
    </Card>
  );
}

function columnsOf(model: Model, act: (act: Act, version: Version) => void): Column<Version>[] {
  const words = said(WORDS);
  return [
    { name: "version", title: words.one, value: ({ version }) => version, show: (version) => <VersionLink version={version} /> },
    { name: "state", title: words.state, value: ({ state }) => state, show: (version) => <State version={version} /> },
    { name: "made", title: words.made, value: ({ created_at }) => created_at, show: ({ created_at }) => <Moment at={created_at} /> },
    { name: "acts", title: "", numeric: true, value: () => null, show: (version) => <Acts model={model} version={version} act={act} /> },
  ];
}

function State({ version: { state, customers_left } }: { version: Version }) {
  const words = said(WORDS);
  return <><span class={`chip sm-${state}`}>{words.states[state] ?? state}</span> {customers_left > 0 && <span class="note">{words.left(counted(customers_left, words.customers))}</span>}</>;
}

function VersionLink({ version: { version } }: { version: Version }) {
  return <a href={useView().with({ number: String(version), against: "" })}>{said(WORDS).versionTitle(version)}</a>;
}

function Acts({ model, version, act }: { model: Model; version: Version; act: (act: Act, version: Version) => void }) {
  const words = said(WORDS);
  if (!useView().admin || model.built_in) return null;
  return (
    <span class="sm-acts">
      {version.state !== "active" && (version.draft || ["retired", "archived"].includes(version.state)) && <button type="button" class="plain" onClick={() => act("use", version)}>{words.use}</button>}
      {version.draft && <button type="button" class="plain" onClick={() => act("remove", version)}>{words.remove}</button>}
    </span>
  );
}

function Sure({ act, version, again, onDone }: { act: Act; version: Version; again: () => void; onDone: () => void }) {
  const view = useView();
  const words = said(WORDS);
  const sending = useSending();
  const path = `/v1/stage-models/${encodeURIComponent(version.model)}/versions/${version.version}`;
  const done = () => {
    onDone();
    again();
    if (act === "remove" && view.params["number"] === String(version.version)) view.set({ number: "", against: "" });
  };
  const [title, why, action] = act === "use" ? [words.useTitle(version.version), words.useWhy, words.use] : [words.removeTitle(version.version), words.removeWhy, words.remove];
  const run = () => sending.run(() => (act === "use" ? send("POST", `${path}/activate`) : send("DELETE", path)), done);
  return <Confirm title={title} action={action} sending={sending} onYes={run} onNo={onDone}><p class="note">{why}</p></Confirm>;
}
