/** What a version changes: entries and customers by stage, and who would be elsewhere now. */

import { useAnswer } from "../../../asking/answers";
import { Saving } from "../../../charts/figure";
import { useView } from "../../../frame/view";
import { Behind } from "../../../parts/behind";
import { Card } from "../../../parts/card";
import { csvOf, saveText } from "../../../parts/csv";
import { Select } from "../../../parts/fields";
import { StageName } from "../../../parts/marks";
import type { Column } from "../../../parts/sorting";
import { Answered } from "../../../parts/states";
import { Table } from "../../../parts/table";
import { Stages } from "../../../stages";
import { count, counted, signed } from "../../../words/format";
import { said } from "../../../words/language";
import { Elsewhere } from "./elsewhere";
import type { Both, Compared, Document, Model, StageCompared, Version } from "./wire";
import { WORDS } from "./words";

const DERIVED = ["draft", "active", "retired"];

/** Nothing where the model has no other version that is derived. */
export function Changes({ model, version }: { model: Model; version: Version }) {
  const view = useView();
  const words = said(WORDS);
  const others = model.versions.filter((one) => one.version !== version.version && DERIVED.includes(one.state)).map((one) => one.version);
  const wanted = Number(view.params["against"]) || (model.active ?? 0);
  const before = others.includes(wanted) ? wanted : others[0];
  if (before === undefined) return null;
  const choose = (against: string) => view.set({ against });
  const tools = others.length > 1 && <Select label={words.against} name="against" value={String(before)} options={others.map((one) => [String(one), words.versionTitle(one)] as const)} onChange={choose} />;
  return (
    <Card name="sm-changes" title={words.changes(before, version.version)} note={words.changesNote} tools={tools}>
      {DERIVED.includes(version.state) ? <Differences model={model.model} before={before} after={version.version} /> : <Waiting version={version} />}
    </Card>
  );
}

function Waiting({ version }: { version: Version }) {
  const words = said(WORDS);
  return <p class="note" role="status">{version.state === "archived" ? words.notDerived : words.underWay(counted(version.customers_left, words.customers))}</p>;
}

function Differences({ model, before, after }: { model: string; before: number; after: number }) {
  const words = said(WORDS);
  const path = `/v1/stage-models/${encodeURIComponent(model)}/compare`;
  const asked = useAnswer<Compared>(path, { from: before, to: after, examples: 6 });
  const { answer } = useAnswer<Document>(`/v1/stage-models/${encodeURIComponent(model)}/versions/${after}`);
  const stages = new Stages(answer, asked.answer?.stages);
  const columns = columnsOf(stages, before, after);
  return (
    <Answered asked={asked}>
      {(compared) => (
        <>
          <p class="sm-differ">
            {compared.customers ? <Behind value={compared.customers} words={words.differ(counted(compared.customers, words.customers))} path={`${path}/customers`} query={{ from: before, to: after }} title={words.changes(before, after)} /> : words.same}
            <Saving csv={() => saveText("waystage-model-changes.csv", csvOf(columns, compared.stages))} />
          </p>
          <Table name="changes" caption={words.changes(before, after)} columns={columns} rows={compared.stages} keyOf={({ stage }) => stage} order={{ column: "", descending: false }} />
          <Elsewhere compared={compared} stages={stages} path={`${path}/customers`} before={before} after={after} />
        </>
      )}
    </Answered>
  );
}

function columnsOf(stages: Stages, before: number, after: number): Column<StageCompared>[] {
  const words = said(WORDS);
  const measures = [["entries", words.entries], ["customers", words.people], ["current", words.now]] as const;
  const numbers = measures.flatMap(([name, title]): Column<StageCompared>[] => [
    { name: `${name}-before`, title: `${title}, ${before}`, numeric: true, value: (row) => row[name].before, show: (row) => count(row[name].before) },
    { name: `${name}-after`, title: `${title}, ${after}`, numeric: true, value: (row) => row[name].after, show: (row) => count(row[name].after) },
    { name: `${name}-change`, title: words.change, numeric: true, value: (row) => difference(row[name]), show: (row) => <Difference both={row[name]} /> },
  ]);
  return [{ name: "stage", title: words.stage, value: ({ stage }) => stages.label(stage), show: ({ stage }) => <StageName stage={stage} stages={stages} /> }, ...numbers];
}

function difference({ before, after }: Both): number {
  return after - before;
}

function Difference({ both }: { both: Both }) {
  const by = difference(both);
  return by ? <strong>{signed(by)}</strong> : <span class="note">0</span>;
}
