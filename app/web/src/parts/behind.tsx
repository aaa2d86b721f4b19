/** The customers behind a number: a number that opens, and the drawer in which they are listed. What is open stands in the address. */

import { useEffect, useRef, useState } from "preact/hooks";
import { address, type Query } from "../asking/ask";
import { type Asked, useAnswer } from "../asking/answers";
import { besideTitle, titleOf } from "../asking/identifiers";
import type { Customer, Customers } from "../asking/wire";
import { useView } from "../frame/view";
import { count, counted } from "../words/format";
import { FRAME } from "../words/frame";
import { said } from "../words/language";
import { IdentifierName, Moment, StageName } from "./marks";
import { Answered } from "./states";

const PAGE = 50;
const ASKABLE = /^\/v1\/[\w/-]*customers\?(?!.*format=)/;

interface BehindProps {
  value: number | null;
  words?: string;
  /** What the people are asked for with, as in "/v1/funnel/customers". */
  path: string;
  query: Query;
  title: string;
}

/** A number that opens to the people behind it. */
export function Behind({ value, words = count(value), path, query, title }: BehindProps) {
  const view = useView();
  if (!value) return <span>{words}</span>;
  return <a class="behind" href={view.with({ behind: address(path, query), of: title })} aria-label={`${words}: ${said(FRAME).peopleOf(title)}`}>{words}</a>;
}

/** The drawer, where the address names whose. */
export function PeopleBehind() {
  const view = useView();
  const { behind = "", of = "" } = view.params;
  return ASKABLE.test(behind) ? <Drawer key={behind} behind={behind} title={of} /> : null;
}

function Drawer({ behind, title }: { behind: string; title: string }) {
  const view = useView();
  const words = said(FRAME);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const close = () => view.set({ behind: "", of: "" });
  return (
    <dialog class="drawer" ref={dialog} aria-labelledby="drawer-title" onClose={close} onClick={({ target }) => target === dialog.current && dialog.current?.close()}>
      <div class="inside">
        <div class="titled">
          <div><p class="note">{words.people}</p><h2 id="drawer-title">{title || words.people}</h2></div>
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>{words.close}</button>
        </div>
        <People path={behind} />
      </div>
    </dialog>
  );
}

function People({ path }: { path: string }) {
  const words = said(FRAME);
  const first = useAnswer<Customers>(path, {});
  const [cursors, set] = useState<string[]>([]);
  return (
    <Answered asked={first}>
      {(page) => (
        <>
          <p class="titled"><strong>{counted(page.total, words.customers)}</strong>{page.total > 0 && <a href={`${path}&format=csv`} download="customers.csv">{words.allAsCsv}</a>}</p>
          {page.total === 0 && <p class="note">{words.nobody}</p>}
          <CustomerList customers={page.customers} />
          <Rest path={path} next={page.next} cursors={cursors} more={(next) => set([...cursors, next])} />
        </>
      )}
    </Answered>
  );
}

function Rest({ path, next, cursors, more }: { path: string; next: string | null; cursors: string[]; more: (next: string) => void }) {
  const last = useAnswer<Customers>(cursors.length ? path + cursorOf(cursors.at(-1) ?? "") : null);
  const beyond = cursors.length ? last.answer?.next : next;
  return (
    <>
      {cursors.map((cursor) => <MorePeople key={cursor} path={path} cursor={cursor} />)}
      {beyond && <button type="button" class="quiet more" onClick={() => more(beyond)}>{said(FRAME).showMore}</button>}
    </>
  );
}

function cursorOf(cursor: string): string {
  return `&cursor=${encodeURIComponent(cursor)}&limit=${PAGE}`;
}

function MorePeople({ path, cursor }: { path: string; cursor: string }) {
  const asked: Asked<Customers> = useAnswer<Customers>(path + cursorOf(cursor));
  return <Answered asked={asked}>{({ customers }) => <CustomerList customers={customers} />}</Answered>;
}

/** Customers by name, with the stage that they are in now. */
export function CustomerList({ customers }: { customers: readonly Customer[] }) {
  return <ul class="people">{customers.map((customer) => <CustomerRow key={customer.id} customer={customer} />)}</ul>;
}

function CustomerRow({ customer }: { customer: Customer }) {
  const view = useView();
  const { others } = besideTitle(customer.identifiers);
  return (
    <li>
      <span class="who"><a href={view.href("customers", customer.id)}>{customer.name || titleOf(customer.identifiers)}</a>{others.slice(0, 2).map((each) => <IdentifierName key={`${each.kind}:${each.value}`} {...each} />)}</span>
      <span class="where">{customer.stage && <StageName stage={customer.stage} />}</span>
      <span class="note"><Moment at={customer.last_seen} /></span>
    </li>
  );
}
