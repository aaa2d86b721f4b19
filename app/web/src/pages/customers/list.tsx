/** Everybody, or those who match; and beside them what contradicts itself. */

import { useAnswer } from "../../asking/answers";
import { address, type Query } from "../../asking/ask";
import type { Customers } from "../../asking/wire";
import { useView, type View } from "../../frame/view";
import { Choice, Field, Select } from "../../parts/fields";
import { Answered, Heading } from "../../parts/states";
import { traitsOf, withTraits } from "../../view";
import { counted } from "../../words/format";
import { FRAME } from "../../words/frame";
import { said } from "../../words/language";
import { Contradictions } from "./contradictions";
import { CustomerTable } from "./table";
import { WORDS } from "./words";

const PATH = "/v1/customers";
const SHOWN = 50;

export function List() {
  const view = useView();
  const words = said(WORDS);
  const contradictions = view.params["show"] === "contradictions";
  const query = queryOf(view);
  const asked = useAnswer<Customers>(PATH, { ...query, limit: SHOWN }, !contradictions);
  const { total, sessions } = asked.answer ?? {};
  const counts = total === undefined ? "\u00a0" : [counted(total, said(FRAME).customers), !narrowed(view) && counted(sessions ?? 0, words.sessions)].filter(Boolean).join(" · ");
  const options = [["people", words.views.people], ["contradictions", words.views.contradictions]] as const;
  return (
    <>
      <Heading title={words.title} note={<span id="people-count">{counts}</span>} answer={asked.answer}>
        <Choice label={words.view} name="show" value={contradictions ? "contradictions" : "people"} options={options} onChange={(show) => view.set({ show: show === "people" ? "" : show })} />
      </Heading>
      {contradictions ? <Contradictions /> : (
        <section class="card customer-list" aria-label={words.list}>
          <Search csv={address(PATH, { ...query, format: "csv" })} />
          <Answered asked={asked} lines={12}>
            {(page) => (page.total ? <CustomerTable key={JSON.stringify(query)} path={PATH} query={{ ...query, limit: SHOWN }} first={page} /> : <Nobody />)}
          </Answered>
        </section>
      )}
    </>
  );
}

function queryOf(view: View): Query {
  const { model, version } = view.query;
  const { q, stage, stalled } = view.params;
  return { q, stage, stalled: stalled === "1", trait: traitsOf(view.params), order: "last_seen", model, version };
}

function narrowed({ params }: View): boolean {
  return ["q", "stage", "stalled", "trait"].some((name) => params[name]);
}

function Search({ csv }: { csv: string }) {
  const view = useView();
  const words = said(WORDS);
  const stages = view.stages.names.map((stage): [string, string] => [stage, view.stages.label(stage)]);
  const traits = traitsOf(view.params);
  const add = (trait: string) => trait.includes(":") && view.set({ trait: withTraits([...new Set([...traits, trait])]) });
  return (
    <form class="customer-search" role="search" autocomplete="off" onSubmit={(event) => event.preventDefault()}>
      <Field label={words.search} name="q" type="search" value={view.params["q"] ?? ""} placeholder={words.searchHint} onChange={(q) => view.set({ q }, true)} />
      <Select label={words.stage} name="stage" value={view.params["stage"] ?? ""} options={[["", words.anyStage], ...stages]} onChange={(stage) => view.set({ stage })} />
      <Field label={words.trait} name="trait" value="" placeholder={said(FRAME).traitHint} onCommit={add} />
      <label class="customer-stalled" title={words.stalledHint}><input type="checkbox" name="stalled" checked={view.params["stalled"] === "1"} onChange={(event) => view.set({ stalled: event.currentTarget.checked ? "1" : "" })} /> {words.stalled}</label>
      {traits.map((trait) => (
        <button key={trait} type="button" class="chip removable" aria-label={said(FRAME).removeFilter(trait)} onClick={() => view.set({ trait: withTraits(traits.filter((other) => other !== trait)) })}>{trait}<span aria-hidden="true"> ×</span></button>
      ))}
      <a class="quiet" href={csv} download="customers.csv">{words.csv}</a>
    </form>
  );
}

function Nobody() {
  const view = useView();
  const words = said(WORDS);
  if (!narrowed(view)) return <div class="nothing" id="nobody"><p><strong>{words.noneYet}.</strong> {words.noneYetWhy}</p><a class="button" href={view.href("setup")}>{words.toSetup}</a></div>;
  return (
    <div class="nothing" id="nobody">
      <p><strong>{words.noneFound}.</strong> {words.noneFoundWhy}</p>
      <button type="button" class="quiet" onClick={() => view.set({ q: "", stage: "", stalled: "", trait: "" })}>{words.clear}</button>
    </div>
  );
}
