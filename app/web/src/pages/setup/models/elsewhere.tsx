/** Who is in another stage now by the other version: from which, to which, and some of them by name. */

import { useView } from "../../../frame/view";
import { Behind } from "../../../parts/behind";
import type { Stages } from "../../../stages";
import { said } from "../../../words/language";
import type { Compared } from "./wire";
import { WORDS } from "./words";

/** How the API calls being in no stage. */
const NOWHERE = "none";

interface ElsewhereProps {
  compared: Compared;
  stages: Stages;
  path: string;
  before: number;
  after: number;
}

export function Elsewhere(props: ElsewhereProps) {
  const { compared, stages, before, after } = props;
  const words = said(WORDS);
  return (
    <>
      <h3 class="sm-moved">{words.moved}</h3>
      {compared.moved.length ? <p class="note">{words.movedNote(before, after)}</p> : <p class="note">{words.nobodyMoved}</p>}
      {compared.moved.length > 0 && <Matrix {...props} />}
      {compared.examples.length > 0 && <Examples compared={compared} stages={stages} />}
    </>
  );
}

function labelOf(stages: Stages, stage: string | null): string {
  return stage === null ? said(WORDS).noStage : stages.label(stage);
}

function Matrix({ compared, stages, path, before, after }: ElsewhereProps) {
  const words = said(WORDS);
  const inOrder = [null, ...compared.stages.map(({ stage }) => stage)];
  const rows = inOrder.filter((stage) => compared.moved.some(({ from }) => from === stage));
  const columns = inOrder.filter((stage) => compared.moved.some(({ to }) => to === stage));
  const most = Math.max(...compared.moved.map(({ customers }) => customers));
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={words.moved}>
      <table class="sm-matrix">
        <thead><tr><td /> {columns.map((to) => <th key={to} scope="col" class="number">{labelOf(stages, to)}</th>)}</tr></thead>
        <tbody>
          {rows.map((from) => (
            <tr key={from}>
              <th scope="row">{labelOf(stages, from)}</th>
              {columns.map((to) => {
                const customers = compared.moved.find((one) => one.from === from && one.to === to)?.customers ?? 0;
                const query = { from: before, to: after, before: from ?? NOWHERE, after: to ?? NOWHERE };
                const title = `${labelOf(stages, from)} → ${labelOf(stages, to)}`;
                return <td key={to} class="number" style={{ "--heat": `${Math.round((customers / most) * 30)}%` }}>{customers > 0 && <Behind value={customers} path={path} query={query} title={title} />}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Examples({ compared, stages }: Pick<ElsewhereProps, "compared" | "stages">) {
  const view = useView();
  return (
    <p class="note sm-examples">{said(WORDS).examples}: {compared.examples.map(({ id, from, to }, at) => (
      <span key={id}>{at > 0 && ", "}<a href={view.href("customers", id)}>{id}</a>{from !== to && ` (${labelOf(stages, from)} → ${labelOf(stages, to)})`}</span>
    ))}</p>
  );
}
