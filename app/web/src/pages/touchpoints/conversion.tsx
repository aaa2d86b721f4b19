/** What counts as a conversion: a stage, perhaps from another one, or an event; and how old a touch may be. */

import { useState } from "preact/hooks";
import type { Query } from "../../asking/ask";
import { useAnswer } from "../../asking/answers";
import { useView } from "../../frame/view";
import { Select } from "../../parts/fields";
import { said } from "../../words/language";
import { LOOKBACKS, lookbackOf, stepsOf } from "./asked";
import { WORDS } from "./words";

const EVENT = "event:";
const STAGE = "stage:";
const EVENTS_OFFERED = 100;

interface Values {
  values: { value: string }[];
}

export function Conversion({ query }: { query: Query }) {
  const view = useView();
  const words = said(WORDS);
  const conversion = String(query["conversion"] ?? "");
  const stages = stepsOf(view);
  return (
    <div class="tp-tools">
      <ConversionChooser conversion={conversion} stages={stages} />
      {conversion.startsWith(STAGE) && (
        <Select label={words.fromStage} name="from_stage" value={view.params["from_stage"] ?? ""} onChange={(from_stage) => view.set({ from_stage })}
          options={[["", words.anyStage], ...stages.filter((stage) => STAGE + stage !== conversion).map((stage) => [stage, view.stages.label(stage)] as const)]} />
      )}
      <Select label={words.lookback} name="lookback" value={String(lookbackOf(view))} options={LOOKBACKS.map((days) => [String(days), words.days(days)])}
        onChange={(days) => view.set({ lookback: days === "30" ? "" : days })} />
      <Select label={words.reset} name="reset" value={view.params["reset"] === "1" ? "1" : ""} options={[["", words.resets[""]], ["1", words.resets["1"]]]} onChange={(reset) => view.set({ reset })} />
    </div>
  );
}

/** Stages stand there at once; names of events are asked for when the reader comes near, or has nothing else to choose. */
function ConversionChooser({ conversion, stages }: { conversion: string; stages: string[] }) {
  const view = useView();
  const words = said(WORDS);
  const [near, setNear] = useState(!conversion);
  const { from, to, timezone, model } = view.query;
  const { answer } = useAnswer<Values>(near ? "/v1/values" : null, { of: "event", model, from, to, timezone, limit: EVENTS_OFFERED });
  const events = [...new Set([...(conversion.startsWith(EVENT) ? [conversion.slice(EVENT.length)] : []), ...(answer?.values ?? []).map(({ value }) => value)])];
  const options = [
    ...(conversion ? [] : [["", words.choose] as const]),
    ...stages.map((stage) => [STAGE + stage, words.entry(view.stages.label(stage))] as const),
    ...events.map((event) => [EVENT + event, words.event(event)] as const),
  ];
  return (
    <div onFocusIn={() => setNear(true)} onPointerEnter={() => setNear(true)}>
      <Select label={words.conversion} name="conversion" value={conversion} options={options} onChange={(next) => view.set({ conversion: next, from_stage: "" })} />
    </div>
  );
}
