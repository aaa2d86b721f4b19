/** What the reader chooses at the top of a page: stage model, window, time zone and filters. */

import { useState } from "preact/hooks";
import type { Params } from "../address";
import { useAnswer } from "../asking/answers";
import { Popover } from "../parts/popover";
import { Field, Select } from "../parts/fields";
import { BROWSER_ZONE, FILTERS, traitsOf, WINDOWS, withTraits } from "../view";
import { named } from "../words/format";
import { FRAME } from "../words/frame";
import { labelled, said } from "../words/language";
import type { Control } from "./pages";
import { useView } from "./view";

export function Controls({ shown }: { shown: Control[] }) {
  const words = said(FRAME);
  return (
    <form class="controls" autocomplete="off" aria-label={words.filters} onSubmit={(event) => event.preventDefault()}>
      {shown.includes("model") && <ModelChooser />}
      {shown.includes("window") && <WindowChooser />}
      {shown.includes("filters") && <Filters />}
    </form>
  );
}

function ModelChooser() {
  const view = useView();
  const options = view.known.models.map(({ model, labels }): [string, string] => [model, labelled(labels, named(model))]);
  return (
    <>
      <Select label={said(FRAME).model} name="model" value={view.params["model"] || (view.model?.model ?? "")} options={options} onChange={(model) => view.set({ model, version: "" })} />
      {view.params["version"] && <Chip name={said(FRAME).version(view.params["version"])} off={() => view.set({ version: "" })} />}
    </>
  );
}

function WindowChooser() {
  const view = useView();
  const words = said(FRAME);
  const window = view.params["window"] || "all";
  const known = WINDOWS.find((each) => each === window);
  const options = WINDOWS.map((each): [string, string] => [each, words.windows[each]]);
  return (
    <>
      <Select label={words.time} name="window" value={known ?? window} options={options} onChange={(next) => view.set({ window: next === "all" ? "" : next })} />
      {window === "dates" && (
        <>
          <Field label={words.firstDay} name="from" type="date" value={view.params["from"] ?? ""} onChange={(from) => view.set({ from })} />
          <Field label={words.lastDay} name="to" type="date" value={view.params["to"] ?? ""} onChange={(to) => view.set({ to })} />
        </>
      )}
      <ZoneChooser />
    </>
  );
}

function ZoneChooser() {
  const view = useView();
  const zones = [...new Set([BROWSER_ZONE, "UTC", view.zone, ...Intl.supportedValuesOf("timeZone")])];
  const options = zones.map((zone): [string, string] => [zone, zone.replaceAll("_", " ")]);
  return <Select label={said(FRAME).zone} name="zone" value={view.zone} options={options} onChange={(zone) => view.set({ zone: zone === BROWSER_ZONE ? "" : zone })} />;
}

/** `prefix` tells the filters of others, as in "b.channel", from the view's own. */
export function Filters({ prefix = "", label }: { prefix?: string; label?: string }) {
  const view = useView();
  const words = said(FRAME);
  const chosenOf = (name: string) => view.params[prefix + name] ?? "";
  const chosen = FILTERS.filter(chosenOf);
  const traits = traitsOf({ trait: chosenOf("trait") });
  const set = (changes: Params) => view.set(Object.fromEntries(Object.entries(changes).map(([name, value]) => [prefix + name, value])));
  const none = Object.fromEntries([...FILTERS, "trait"].map((name) => [name, ""]));
  return (
    <div class="filters">
      <Popover label={label ?? words.filters} count={chosen.length + traits.length}>
        <div class="fields">
          {FILTERS.map((name) => <FilterField key={name} name={name} prefix={prefix} />)}
          <TraitField prefix={prefix} />
        </div>
      </Popover>
      {chosen.map((name) => (
        <Chip key={name} name={`${words.filter[name]}: ${name === "channel" ? view.channel(chosenOf(name)) : chosenOf(name)}`} off={() => set({ [name]: "" })} />
      ))}
      {traits.map((trait) => <Chip key={trait} name={trait} off={() => set({ trait: withTraits(traits.filter((other) => other !== trait)) })} />)}
      {chosen.length + traits.length > 1 && <button type="button" class="plain" onClick={() => set(none)}>{words.clear}</button>}
    </div>
  );
}

function Chip({ name, off }: { name: string; off: () => void }) {
  return <button type="button" class="chip removable" aria-label={said(FRAME).removeFilter(name)} onClick={off}>{name}<span aria-hidden="true"> ×</span></button>;
}

interface Values {
  values: { value: string | null; count: number }[];
}

/** A field that offers the values that occur. */
function FilterField({ name, prefix }: { name: (typeof FILTERS)[number]; prefix: string }) {
  const view = useView();
  const key = prefix + name;
  const words = said(FRAME);
  const [open, setOpen] = useState(false);
  const { model, from, to, timezone } = view.query;
  const { answer } = useAnswer<Values>(open ? "/v1/values" : null, { of: name, model, from, to, timezone, limit: 200 });
  const values = (answer?.values ?? []).map(({ value }) => value).filter((value): value is string => Boolean(value));
  if (name === "channel") {
    const channels = view.known.channels.map(({ name: channel }): [string, string] => [channel, view.channel(channel)]);
    return <Select label={words.filter.channel} name={key} value={view.params[key] ?? ""} options={[["", words.any], ...channels]} onChange={(channel) => view.set({ [key]: channel })} />;
  }
  return (
    <Field label={words.filter[name]} name={key} value={view.params[key] ?? ""} placeholder={words.any} offered={name === "source" ? [] : values}
      onFocus={() => setOpen(name !== "source")} onChange={(value) => view.set({ [key]: value }, true)} />
  );
}

function TraitField({ prefix }: { prefix: string }) {
  const view = useView();
  const words = said(FRAME);
  const traits = traitsOf({ trait: view.params[`${prefix}trait`] ?? "" });
  const add = (trait: string) => trait.includes(":") && view.set({ [`${prefix}trait`]: withTraits([...new Set([...traits, trait])]) });
  return <Field label={words.filter.trait} name={`${prefix}trait`} value="" placeholder={words.traitHint} onCommit={add} />;
}
