/** Imports: sending a file, a look before it, how far each is, and taking one back. */

import { useState } from "preact/hooks";
import { useAnswer } from "../../asking/answers";
import { useView } from "../../frame/view";
import { Card } from "../../parts/card";
import { Moment } from "../../parts/marks";
import type { Column } from "../../parts/sorting";
import { Answered } from "../../parts/states";
import { Table } from "../../parts/table";
import { count } from "../../words/format";
import { said } from "../../words/language";
import { IMPORTS } from "./imports-words";
import { JobCard } from "./job";
import { StateOf } from "./progress";
import { type Chosen, Upload } from "./upload";
import type { Job } from "./wire";

export function Imports() {
  const view = useView();
  const words = said(IMPORTS);
  const asked = useAnswer<{ imports: Job[] }>(view.admin ? "/v1/imports" : null, {}, true);
  const columns = useColumns();
  const [looked, keep] = useState<{ job: number; chosen: Chosen } | null>(null);
  const shown = view.params["job"] ?? "";
  if (!view.admin) return null;
  const sent = (job: Job, chosen: Chosen) => {
    keep(job.dry_run ? { job: job.id, chosen } : null);
    view.set({ job: String(job.id) });
    asked.again();
  };
  return (
    <>
      <Upload onSent={sent} />
      {/^\d+$/.test(shown) && <JobCard key={shown} job={shown} chosen={looked?.job === Number(shown) ? looked.chosen : null} onSent={sent} onChanged={asked.again} />}
      <Card title={words.imports} note={words.importsNote}>
        <Answered asked={asked}>
          {({ imports }) => imports.length === 0 ? <p class="note">{words.none}</p>
            : <Table name="imports" caption={words.imports} columns={columns} rows={imports} keyOf={({ id }) => String(id)} order={{ column: "begun", descending: true }} marked={shown} />}
        </Answered>
      </Card>
    </>
  );
}

function useColumns(): Column<Job>[] {
  const view = useView();
  const words = said(IMPORTS);
  const number = (name: "rows" | "accepted" | "duplicates" | "rejected"): Column<Job> => ({
    name, title: words[name], numeric: true, value: (job) => (job.dry_run ? null : job[name]), show: (job) => count(job.dry_run ? null : job[name]),
  });
  return [
    { name: "file", title: words.file_, value: ({ name }) => name, show: ({ id, name }) => <a class="value su-name" href={view.with({ job: String(id) })}>{name}</a> },
    { name: "state", title: words.state, value: ({ state }) => state, show: (job) => <StateOf job={job} /> },
    number("rows"), number("accepted"), number("duplicates"), number("rejected"),
    { name: "begun", title: words.begun, value: ({ created_at }) => created_at, show: ({ created_at }) => <Moment at={created_at} /> },
  ];
}
