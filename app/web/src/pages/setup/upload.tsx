/** A file to be imported: chosen, described, and sent, first to be looked at. */

import { useId, useState } from "preact/hooks";
import { useAnswer } from "../../asking/answers";
import { inWords, send } from "../../asking/ask";
import { Card } from "../../parts/card";
import { Select } from "../../parts/fields";
import { short } from "../../words/format";
import { said } from "../../words/language";
import { IMPORTS } from "./imports-words";
import { useSending } from "../../asking/sending";
import type { Job, SourceHeard } from "./wire";

const OWN = "own";
const PRESETS = ["", "crm", "segment", "posthog", "umami", OWN];

/** A file and how it is read. */
export interface Chosen {
  file: File;
  source: string;
  preset: string;
  mapping: string;
}

export type OnSent = (job: Job, chosen: Chosen) => void;

/** Send the file; `dry` only looks. */
export function importFile({ file, source, preset, mapping }: Chosen, dry: boolean): Promise<Job> {
  const how = preset === OWN ? { mapping } : { preset };
  return send<Job>("POST", "/v1/imports", { source, name: file.name.slice(0, 500), dry_run: dry, ...how }, file);
}

export function Upload({ onSent }: { onSent: OnSent }) {
  const words = said(IMPORTS);
  const listed = useAnswer<{ sources: SourceHeard[] }>("/v1/sources").answer?.sources;
  const sources = (listed ?? []).filter(({ kind }) => kind === "trusted").map(({ name }) => name);
  return (
    <Card title={words.upload} note={words.uploadNote}>
      {listed && sources.length === 0 ? <p class="note">{words.needsTrusted}</p> : <Choosing sources={sources} onSent={onSent} />}
    </Card>
  );
}

function Choosing({ sources, onSent }: { sources: string[]; onSent: OnSent }) {
  const words = said(IMPORTS);
  const ids = [useId(), useId()] as const;
  const sending = useSending();
  const [file, setFile] = useState<File | null>(null);
  const [chosen, setSource] = useState("");
  const [preset, setPreset] = useState("");
  const [mapping, setMapping] = useState("");
  const look = (event: Event) => {
    event.preventDefault();
    if (!file) return;
    const whole = { file, source: chosen || (sources[0] ?? ""), preset, mapping };
    sending.run(() => importFile(whole, true), (job) => onSent(job, whole));
  };
  return (
    <form class="su-form" onSubmit={look}>
      <div class="su-row">
        <div class="field"><label for={ids[0]}>{words.file}</label><input id={ids[0]} type="file" onChange={(event) => setFile(event.currentTarget.files?.[0] ?? null)} /></div>
        <Select label={words.preset} name="preset" value={preset} options={PRESETS.map((each) => [each, words.presets[each] ?? each])} onChange={setPreset} />
        <Select label={words.source} name="source" value={chosen || (sources[0] ?? "")} options={sources.map((name) => [name, name])} onChange={setSource} />
      </div>
      {preset === OWN && <div class="field"><label for={ids[1]}>{words.mapping}</label><textarea class="mono" id={ids[1]} rows={10} spellcheck={false} value={mapping} onInput={(event) => setMapping(event.currentTarget.value)} /></div>}
      <div class="su-row">
        <button class="button" disabled={!file || sending.sending}>{words.look}</button>
        {sending.sending && file && <span class="note" role="status">{words.sending(`${short(file.size / 1024)} KiB`)}</span>}
      </div>
      {sending.failure && <p class="trouble" role="alert">{inWords(sending.failure)}</p>}
    </form>
  );
}
