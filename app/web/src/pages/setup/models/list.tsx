/** The models, each a link to its versions. */

import { useAnswer } from "../../../asking/answers";
import { useView } from "../../../frame/view";
import { Card } from "../../../parts/card";
import { Popover } from "../../../parts/popover";
import type { Column } from "../../../parts/sorting";
import { Table } from "../../../parts/table";
import { count, named } from "../../../words/format";
import { labelled, said } from "../../../words/language";
import type { Model, Presets } from "./wire";
import { WORDS } from "./words";

export function List({ models, chosen }: { models: Model[]; chosen: Model | undefined }) {
  const view = useView();
  const words = said(WORDS);
  return (
    <Card title={words.models} note={words.modelsNote} tools={view.admin && <Beginnings />}>
      <Table name="models" caption={words.models} columns={columns()} rows={models} keyOf={({ model }) => model} order={{ column: "", descending: false }} marked={chosen?.model ?? null} />
    </Card>
  );
}

export function labelOf({ model, labels }: Pick<Model, "model" | "labels">): string {
  return labelled(labels, named(model));
}

function columns(): Column<Model>[] {
  const words = said(WORDS);
  return [
    { name: "model", title: words.model, value: labelOf, csv: ({ model }) => model, show: (model) => <ModelLink model={model} /> },
    { name: "answers", title: words.answers, value: ({ active }) => active, show: ({ active }) => (active === null ? <span class="note">{words.notActive}</span> : words.version(active)) },
    { name: "state", title: words.state, value: (model) => statesOf(model), show: (model) => <span class="note">{statesOf(model)}</span> },
    { name: "versions", title: words.versions, numeric: true, value: ({ versions }) => versions.length, show: ({ versions }) => count(versions.length) },
  ];
}

function ModelLink({ model }: { model: Model }) {
  const view = useView();
  return (
    <span class="sm-name">
      <a href={view.with({ edit: model.model, number: "", against: "", preset: "" })}>{labelOf(model)}</a> <code class="note">{model.model}</code>
      {model.built_in && <span class="chip">{said(WORDS).builtIn}</span>}
    </span>
  );
}

/** What is under way beside the version in use. */
function statesOf({ versions }: Model): string {
  const words = said(WORDS);
  const under = versions.filter(({ state }) => ["waiting", "deriving", "draft"].includes(state));
  return under.map(({ version, state }) => `${words.version(version)}: ${words.states[state] ?? state}`).join(", ");
}

function Beginnings() {
  const words = said(WORDS);
  const { answer } = useAnswer<Presets>("/v1/stage-models/presets");
  const view = useView();
  return (
    <Popover label={words.newModel}>
      <div class="menu">
        {answer?.presets.map((one) => <a key={one.model} href={view.with({ preset: one.model, edit: "", number: "" })}>{words.copyOf(labelOf(one))}</a>)}
      </div>
    </Popover>
  );
}
