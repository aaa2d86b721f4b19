/** What the reader chooses about paths: what steps are, where paths begin and end, and how much of them is told. */

import { useState } from "preact/hooks";
import { useAnswer } from "../../asking/answers";
import { useView, type View } from "../../frame/view";
import { Choice, Field, Select } from "../../parts/fields";
import { said } from "../../words/language";
import { BY, DEPTHS, OF, otherSteps, type Reading, TOP_NODES, unless, usual } from "./question";
import { WORDS } from "./words";

const OFFERED = 300;

export function Choices({ reading }: { reading: Reading }) {
  const view = useView();
  const words = said(WORDS);
  const numbers = (from: readonly string[]) => from.map((each): [string, string] => [each, each]);
  return (
    <form class="paths-choices" autocomplete="off" aria-label={words.of} onSubmit={(event) => event.preventDefault()}>
      <div class="paths-of"><span>{words.of}</span>
        <Choice label={words.of} name="steps" value={reading.of} options={OF.map((of): [string, string] => [of, words.ofs[of]])} onChange={(of) => view.set(otherSteps(of))} />
      </div>
      {reading.of === "touches" && <Select label={words.by} name="by" value={reading.by} options={BY.map((by): [string, string] => [by, words.bys[by]])} onChange={(by) => view.set(otherSteps("touches", by))} />}
      <Anchor reading={reading} which="start" />
      <Anchor reading={reading} which="end" />
      <Select label={words.depth} name="depth" value={reading.depth} options={numbers(DEPTHS)} onChange={(depth) => view.set({ depth: unless(usual.depth, depth) })} />
      <Select label={words.nodes} name="top_nodes" value={reading.nodes} options={numbers(TOP_NODES)} onChange={(nodes) => view.set({ top_nodes: unless(usual.nodes, nodes) })} />
      <Select label={words.collapse} name="collapse" value={reading.collapse ? "1" : "0"} options={[["1", words.collapses[1]], ["0", words.collapses[0]]]}
        onChange={(collapse) => view.set({ collapse: unless(reading.of === "touches" ? "1" : "0", collapse) })} />
    </form>
  );
}

/** A name where paths begin or end: one of few from a list, one of many by its beginning. */
function Anchor({ reading, which }: { reading: Reading; which: "start" | "end" }) {
  const view = useView();
  const words = said(WORDS);
  const few = fewNames(reading, view);
  const choose = (name: string) => view.set({ [which]: name });
  if (!few) return <AnyName reading={reading} label={words[which]} name={which} value={reading[which]} onCommit={choose} />;
  return <Select label={words[which]} name={which} value={reading[which]} options={[["", words.anywhere], ...few]} onChange={choose} />;
}

function fewNames({ of, by }: Reading, view: View): [string, string][] | null {
  const { names } = view.stages;
  if (of === "stages") return names.length ? names.map((name) => [name, view.stages.label(name)]) : null;
  if (of === "events" || by === "utm_campaign") return null;
  return by === "channel" ? view.known.channels.map(({ name }) => [name, view.channel(name)]) : view.known.kinds.map(({ name }) => [name, view.kind(name)]);
}

interface Values {
  values: { value: string | null }[];
}

function AnyName({ reading, label, name, value, onCommit }: { reading: Reading; label: string; name: string; value: string; onCommit: (name: string) => void }) {
  const view = useView();
  const [open, setOpen] = useState(false);
  const of = reading.of === "touches" ? reading.by : "event";
  const { answer } = useAnswer<Values>(open ? "/v1/values" : null, { ...view.query, of, limit: OFFERED });
  const offered = (answer?.values ?? []).map((each) => each.value).filter((each): each is string => Boolean(each));
  return <Field label={label} name={name} value={value} placeholder={said(WORDS).anywhere} offered={offered} onFocus={() => setOpen(true)} onCommit={onCommit} />;
}
