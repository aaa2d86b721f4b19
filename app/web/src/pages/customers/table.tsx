/** Customers as a table that goes on by pages. */

import { useState } from "preact/hooks";
import { useAnswer } from "../../asking/answers";
import type { Query } from "../../asking/ask";
import { besideTitle, titleOf } from "../../asking/identifiers";
import type { Customer, Customers } from "../../asking/wire";
import { useView } from "../../frame/view";
import { IdentifierName, Moment, StageName } from "../../parts/marks";
import { Failed } from "../../parts/states";
import { count, counted } from "../../words/format";
import { FRAME } from "../../words/frame";
import { said } from "../../words/language";
import { WORDS } from "./words";

const OTHERS_SHOWN = 2;

interface TableProps {
  path: string;
  query: Query;
  first: Customers;
}

export function CustomerTable({ path, query, first }: TableProps) {
  const words = said(WORDS);
  const { columns } = words;
  const [pages, set] = useState<readonly Customers[]>([]);
  const [cursor, go] = useState<string | null>(null);
  const known = new Map([first, ...pages].flatMap(({ customers }) => customers).map((customer) => [customer.id, customer]));
  const next = pages.length ? pages.at(-1)?.next : first.next;
  const left = first.total - known.size;
  return (
    <>
      <table class="customer-table" id="people-list">
        <caption class="unseen">{words.list}</caption>
        <thead><tr><th scope="col">{columns.customer}</th><th scope="col">{columns.stage}</th><th scope="col" class="number">{columns.first}</th><th scope="col" class="number">{columns.last}</th></tr></thead>
        <tbody>{[...known.values()].map((customer) => <CustomerRow key={customer.id} customer={customer} />)}</tbody>
      </table>
      {cursor && <NextPage key={cursor} path={path} query={{ ...query, cursor }} read={(page) => { set([...pages, page]); go(null); }} />}
      {next && !cursor && <button type="button" class="quiet more" onClick={() => go(next)}>{said(FRAME).showMore}{left > 0 && ` · ${count(left)}`}</button>}
    </>
  );
}

/** Asks for a page and hands it over; it shows itself only when that fails. */
function NextPage({ path, query, read }: { path: string; query: Query; read: (page: Customers) => void }) {
  const { answer, failure, again } = useAnswer<Customers>(path, query);
  if (answer) queueMicrotask(() => read(answer));
  if (failure) return <Failed failure={failure} again={again} />;
  return <p class="note more" role="status">{said(FRAME).asking}</p>;
}

function CustomerRow({ customer }: { customer: Customer }) {
  const view = useView();
  const words = said(WORDS);
  const { name, identifiers, stage, since, first_seen, last_seen } = customer;
  const { others, devices } = besideTitle(identifiers);
  const chips = name ? [...identifiers.slice(0, 1).filter(({ kind }) => kind !== "anonymous_id"), ...others] : others;
  const { q = "", stage: only = "", stalled = "" } = view.params;
  return (
    <tr>
      <td>
        <div class="who">
          <a href={view.href("customers", customer.id, { q, stage: only, stalled })}>{name || titleOf(identifiers)}</a>
          {chips.slice(0, OTHERS_SHOWN).map((each) => <IdentifierName key={`${each.kind}:${each.value}`} {...each} />)}
          <span class="note">{[chips.length > OTHERS_SHOWN && words.more(chips.length - OTHERS_SHOWN), devices > 1 && counted(devices, words.devices)].filter(Boolean).join(", ")}</span>
        </div>
      </td>
      <td>{stage && <StageName stage={stage} />} {since && <span class="note"><Moment at={since} /></span>}</td>
      <td class="number"><Moment at={first_seen} /></td>
      <td class="number"><Moment at={last_seen} /></td>
    </tr>
  );
}
