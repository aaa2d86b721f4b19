/** What a dry run found. */

import { useView } from "../../frame/view";
import { ChannelName } from "../../parts/marks";
import { count } from "../../words/format";
import { labelled, said } from "../../words/language";
import { IMPORTS } from "./imports-words";
import type { Report } from "./wire";

export function Found({ report }: { report: Report }) {
  const words = said(IMPORTS);
  return (
    <>
      {report.error && <p class="trouble" role="alert">{report.error}</p>}
      {!report.complete && <p class="note">{words.partly(count(report.looked_at))}</p>}
      <div class="su-found">
        <Counted title={words.channels} of={report.channels} name={(channel) => <ChannelName channel={channel} />} />
        {Object.entries(report.stages).map(([model, stages]) => <Stages key={model} model={model} stages={stages} />)}
        <Counted title={words.customers} of={report.customers} name={(name) => words.customersWords[name] ?? name} />
        <Counted title={words.why} of={report.reasons} name={(code) => <code>{code}</code>} />
      </div>
      {report.merges.length > 0 && (
        <>
          <h3>{words.merges}</h3>
          <ul class="su-list">{report.merges.map(({ customers, into }) => <li key={into} class="value">{customers.filter((one) => one !== into).join(", ")} {words.into(into)}</li>)}</ul>
        </>
      )}
      {report.rejects.length > 0 && <Rejects rejects={report.rejects} />}
    </>
  );
}

function Stages({ model, stages }: { model: string; stages: Record<string, number> }) {
  const view = useView();
  const words = said(IMPORTS);
  const known = view.known.models.find((each) => each.model === model);
  const label = (stage: string) => labelled(known?.stages.find((each) => each.stage === stage)?.labels, stage);
  return <Counted title={`${words.stages}: ${labelled(known?.labels, model)}`} of={stages} name={label} />;
}

function Counted({ title, of, name }: { title: string; of: Record<string, number>; name: (key: string) => preact.ComponentChildren }) {
  const rows = Object.entries(of).filter(([, number]) => number > 0);
  if (rows.length === 0) return null;
  return (
    <div>
      <h3>{title}</h3>
      <dl class="su-counted">{rows.map(([key, number]) => <div key={key}><dt>{name(key)}</dt><dd>{count(number)}</dd></div>)}</dl>
    </div>
  );
}

function Rejects({ rejects }: { rejects: Report["rejects"] }) {
  const words = said(IMPORTS);
  return (
    <>
      <h3>{words.examples}</h3>
      <div class="scroll" tabIndex={0} role="region" aria-label={words.examples}>
        <table>
          <thead><tr><th scope="col">{words.line}</th><th scope="col">{words.field}</th><th scope="col">{words.reason}</th></tr></thead>
          <tbody>{rejects.map(({ line, field, reason }, at) => <tr key={at}><td>{line === null ? "" : count(line)}</td><td>{field && <code>{field}</code>}</td><td class="su-reason">{reason}</td></tr>)}</tbody>
        </table>
      </div>
    </>
  );
}
