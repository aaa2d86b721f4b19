/** What an answer is broken down by, as its reader chooses it. */

import { useState } from "preact/hooks";
import { useAnswer } from "../asking/answers";
import { useView } from "../frame/view";
import { FRAME } from "../words/frame";
import { said } from "../words/language";
import { Select } from "./fields";

const COLUMNS = ["channel", "utm_source", "utm_medium", "utm_campaign", "device", "country", "source"] as const;
const TRAIT = "trait:";

interface Keys {
  values: { value: string | null }[];
}

/** `breakdown` of the address; the keys of traits are asked for when the reader is about to choose. */
export function BreakdownChooser() {
  const view = useView();
  const words = said(FRAME);
  const chosen = view.params["breakdown"] ?? "";
  const [near, setNear] = useState(false);
  const { answer } = useAnswer<Keys>(near ? "/v1/values" : null, { of: "trait", limit: 100 });
  const keys = (answer?.values ?? []).map(({ value }) => value).filter((key): key is string => Boolean(key));
  const options = [...COLUMNS.map((column) => column as string), ...keys.map((key) => TRAIT + key)];
  const listed = chosen && !options.includes(chosen) ? [...options, chosen] : options;
  const label = words.breakdown;
  return (
    <div onFocusIn={() => setNear(true)} onPointerEnter={() => setNear(true)}>
      <Select label={label} name="breakdown" value={chosen} options={[["", words.noBreakdown], ...listed.map((by) => [by, breakdownWords(by)] as const)]} onChange={(breakdown) => view.set({ breakdown })} />
    </div>
  );
}

/** "Channel", "Trait: plan" */
export function breakdownWords(by: string): string {
  const words = said(FRAME);
  const column = COLUMNS.find((each) => each === by);
  if (column) return words.filter[column];
  return by.startsWith(TRAIT) ? `${words.filter.trait}: ${by.slice(TRAIT.length)}` : by;
}

/** The words for a group of an answer: null is none, `other` all that have no group of their own. */
export function groupWords(group: string | null, by: string, channel: (name: string) => string): string {
  const words = said(FRAME);
  if (group === null) return words.none;
  if (group === "other") return words.otherGroups;
  return by === "channel" ? channel(group) : group;
}
