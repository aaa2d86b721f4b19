/** How far an import is. */

import { Bar } from "../../parts/marks";
import { said } from "../../words/language";
import { IMPORTS } from "./imports-words";
import type { Job } from "./wire";

/** The state in words, and while it changes how far it is. */
export function StateOf({ job }: { job: Job }) {
  const words = said(IMPORTS);
  const tone = job.state === "failed" ? "bad" : job.state === "finished" ? "good" : "";
  const of = job.state === "undoing" ? job.undone / Math.max(job.accepted, 1) : job.bytes_read / Math.max(job.bytes_total, 1);
  const moving = job.state === "running" || job.state === "undoing" || job.state === "waiting";
  return (
    <span class="su-progress">
      <span class={tone}>{job.dry_run && job.state === "finished" ? words.looked : words.states[job.state]}</span>
      {job.dry_run && <span class="chip">{words.dryRun}</span>}
      {moving && <Bar of={of} />}
    </span>
  );
}
