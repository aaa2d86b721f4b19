/** Why a customer's identifiers are one person, and corrections of it. */

import { useState } from "preact/hooks";
import { useAnswer } from "../../asking/answers";
import { customerPath } from "../../asking/identifiers";
import { useView } from "../../frame/view";
import { Card } from "../../parts/card";
import { Answered } from "../../parts/states";
import { count, counted, date, instant } from "../../words/format";
import { FRAME } from "../../words/frame";
import { said } from "../../words/language";
import { useAgainWhen } from "./again";
import { Correct, type Pair } from "./correction";
import { Handle } from "./handles";
import { IDENTITY } from "./identity-words";
import { type Branch, nameOf, treeOf } from "./tree";
import type { Alias, Identity, Link, Member } from "./wire";

export function WhoIsWho({ customer, since }: { customer: string; since: number }) {
  const view = useView();
  const words = said(IDENTITY);
  const asked = useAnswer<Identity>(customerPath(customer, "identity"));
  useAgainWhen(since, asked.again);
  return (
    <Card name="customer-identity" title={words.identity} note={words.identityNote}>
      <Answered asked={asked}>
        {(identity) => (
          <>
            <ul class="customer-tree" id="identity">{treeOf(identity).map((branch) => <BranchItem key={nameOf(branch.member)} branch={branch} done={asked.again} />)}</ul>
            {!identity.complete && <p class="note">{words.identityCut}</p>}
            {identity.aliases.length > 0 && <Aliases aliases={identity.aliases} />}
            {!view.admin && <p class="note customer-read-only">{said(FRAME).readOnly}</p>}
          </>
        )}
      </Answered>
    </Card>
  );
}

function BranchItem({ branch: { member, branches }, done }: { branch: Branch; done: () => void }) {
  const words = said(IDENTITY);
  const { zone } = useView();
  const [open, set] = useState(false);
  return (
    <li>
      <div class="customer-member">
        <Handle kind={member.kind} value={member.value} />
        <span class="note">{ruleOf(member, zone)}</span>
        {member.links.length > 0 && <button type="button" class="plain" aria-expanded={open} onClick={() => set(!open)}>{counted(member.links.length, words.evidence)}</button>}
      </div>
      {open && <ul class="customer-links">{member.links.map((link) => <LinkItem key={`${link.target} ${link.by} ${link.linked_at}`} member={member} link={link} done={done} />)}</ul>}
      {branches.length > 0 && <ul>{branches.map((each) => <BranchItem key={nameOf(each.member)} branch={each} done={done} />)}</ul>}
    </li>
  );
}

function ruleOf(member: Member, zone: string): string {
  const { rules } = said(IDENTITY);
  if (member.rule === "followed") return rules.followed(member.via ?? "");
  if (member.rule !== "best_link") return rules[member.rule];
  const chosen = member.links.find(({ verdict }) => verdict === "chosen");
  return chosen ? rules.best_link(date(chosen.linked_at, zone), chosen.source) : rules.best_link_alone;
}

function LinkItem({ member, link, done }: { member: Member; link: Link; done: () => void }) {
  const words = said(IDENTITY);
  const { zone, href } = linkView();
  const pair: Pair = { weaker: nameOf(member), target: link.target, restore: link.verdict === "struck_out" };
  return (
    <li class={link.verdict === "chosen" ? "chosen" : undefined}>
      <div>
        <a class="value" href={href(link.target)}>{link.target}</a> <span class={link.verdict === "chosen" ? "good" : "note"}>{words.verdictOf[link.verdict]}</span>
      </div>
      <p class="note value">{[words.by[link.by], instant(link.linked_at, zone), `${link.source} (${link.trusted ? words.trusted : words.public})`].join(" · ")}</p>
      {link.message_id && <code class="note customer-message" title={link.message_id}>{link.message_id}</code>}
      {link.verdict !== "alias_not_applied" && <Correct pair={pair} done={done} />}
    </li>
  );
}

function linkView() {
  const view = useView();
  return { zone: view.zone, href: (name: string) => view.href("customers", name) };
}

function Aliases({ aliases }: { aliases: readonly Alias[] }) {
  const { zone } = useView();
  const words = said(IDENTITY);
  return (
    <>
      <h3>{words.aliases} {count(aliases.length)}</h3>
      <ul class="customer-links">
        {aliases.map((alias) => (
          <li key={`${alias.previous_id} ${alias.user_id} ${alias.linked_at}`}>
            <span class="value">{words.alias(alias.previous_id, alias.user_id)}</span> <span class={alias.applied ? "good" : "note"}>{alias.applied ? words.aliasApplied : words.aliasNot}</span>
            <p class="note">{instant(alias.linked_at, zone)} · {alias.source} ({alias.trusted ? words.trusted : words.public})</p>
          </li>
        ))}
      </ul>
    </>
  );
}
