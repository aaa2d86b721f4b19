/** One import: how far it is, what became of its rows, and taking it back; of a dry run what it found, and going on in earnest. */

import { useState } from "preact/hooks";
import { useAnswer } from "../../asking/answers";
import { inWords, send } from "../../asking/ask";
import { Card } from "../../parts/card";
import { Answered } from "../../parts/states";
import { count, span } from "../../words/format";
import { said } from "../../words/language";
import { Confirm } from "./confirm";
import { IMPORTS } from "./imports-words";
import { StateOf } from "./progress";
import { Found } from "./report";
import { useSending } from "../../asking/sending";
import { type Chosen, importFile, type OnSent } from "./upload";
import type { Job, JobTold } from "./wire";

interface JobCardProps {
  job: string;
  /** The file, where it was looked at just now. */
  chosen: Chosen | null;
  onSent: OnSent;
  onChanged: () => void;
}

export function JobCard({ job, chosen, onSent, onChanged }: JobCardProps) {
  const words = said(IMPORTS);
  const [ended, end] = useState(false);
  const asked = useAnswer<JobTold>(`/v1/imports/${job}`, {}, !ended);
  const state = asked.answer?.state;
  const over = state === "finished" || state === "failed" || state === "undone";
  if (over !== ended) end(over);
  const name = asked.answer?.name ?? job;
  return (
    <Card title={asked.answer?.dry_run ? words.detailsOfDry(name) : words.details(name)}>
      <Answered asked={asked}>
        {(told) => <Told told={told} chosen={chosen} onSent={onSent} onChanged={() => (asked.again(), onChanged())} />}
      </Answered>
    </Card>
  );
}

function Told({ told, chosen, onSent, onChanged }: { told: JobTold; chosen: Chosen | null; onSent: OnSent; onChanged: () => void }) {
  const words = said(IMPORTS);
  const speed = told.seconds_left !== null && words.left(span(told.seconds_left), count(told.rows_per_second));
  return (
    <>
      <p class="su-row" role="status"><StateOf job={told} />{speed && <span class="note">{speed}</span>}{told.dry_run && <span class="note">{words.nothingStored}</span>}</p>
      {told.error && <p class="trouble" role="alert">{told.error}</p>}
      <Counts of={told.report ?? told} />
      {told.report && <Found report={told.report} />}
      {!told.dry_run && told.reasons.length > 0 && <Rejected told={told} />}
      <div class="su-row su-ahead">
        {told.dry_run ? told.state === "finished" && <InEarnest chosen={chosen} onSent={onSent} /> : <Undo job={told} onUndone={onChanged} />}
      </div>
    </>
  );
}

function Counts({ of }: { of: Pick<Job, "rows" | "accepted" | "duplicates" | "rejected"> }) {
  const words = said(IMPORTS);
  return (
    <dl class="su-counts">
      {(["rows", "accepted", "duplicates", "rejected"] as const).map((name) => <div key={name}><dt>{words[name]}</dt><dd>{count(of[name])}</dd></div>)}
    </dl>
  );
}

function Rejected({ told }: { told: JobTold }) {
  const words = said(IMPORTS);
  const link = `/v1/imports/${told.id}/rejects?format=`;
  return (
    <>
      <h3>{words.why}</h3>
      <ul class="su-list">{told.reasons.map(({ code, field, rows }) => <li key={`${code} ${field}`}><code>{code}</code> {field && <code>{field}</code>} <span>{count(rows)}</span></li>)}</ul>
      <p>{words.rejects}: <a href={`${link}csv`} download>{words.asCsv}</a>, <a href={`${link}ndjson`} download>{words.asNdjson}</a></p>
    </>
  );
}

function InEarnest({ chosen, onSent }: { chosen: Chosen | null; onSent: OnSent }) {
  const words = said(IMPORTS);
  const sending = useSending();
  if (!chosen) return <p class="note">{words.chooseAgain}</p>;
  const go = () => sending.run(() => importFile(chosen, false), (job) => onSent(job, chosen));
  return (
    <>
      <button type="button" class="button" disabled={sending.sending} onClick={go}>{words.importNow}</button>
      {sending.failure && <p class="trouble" role="alert">{inWords(sending.failure)}</p>}
    </>
  );
}

function Undo({ job, onUndone }: { job: Job; onUndone: () => void }) {
  const words = said(IMPORTS);
  const sending = useSending();
  const [asking, ask] = useState(false);
  if (job.state === "undoing" || job.state === "undone") return null;
  const end = () => (ask(false), onUndone());
  return (
    <>
      <button type="button" class="quiet" onClick={() => ask(true)}>{words.undo}</button>
      {asking && (
        <Confirm title={words.undoOf(job.name)} action={words.undo} sending={sending} onNo={() => ask(false)} onYes={() => sending.run(() => send<Job>("DELETE", `/v1/imports/${job.id}`), end)}>
          <p>{words.undoWhy(count(job.accepted))}</p>
        </Confirm>
      )}
    </>
  );
}
