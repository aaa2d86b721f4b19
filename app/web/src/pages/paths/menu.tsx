/** What a name of the flow offers: the people there, and paths that begin or end at it. */

import { useLayoutEffect, useRef } from "preact/hooks";
import type { Query } from "../../asking/ask";
import { useView } from "../../frame/view";
import { Behind } from "../../parts/behind";
import { share } from "../../words/format";
import { said } from "../../words/language";
import { PEOPLE } from "./drawing";
import type { Box } from "./flow";
import { atStep } from "./question";
import type { Told } from "./told";
import { WORDS } from "./words";

export interface Chosen {
  box: Box;
  place: DOMRect;
}

const WIDE = 292;
const MARGIN = 8;

interface MenuProps {
  chosen: Chosen;
  told: Told;
  asked: Query;
  everybody: number;
  onClose: () => void;
}

export function Menu({ chosen: { box, place }, told, asked, everybody, onClose }: MenuProps) {
  const panel = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    panel.current?.showPopover();
    panel.current?.querySelector("a")?.focus();
  }, []);
  const left = Math.max(MARGIN, Math.min(place.left, innerWidth - WIDE - MARGIN));
  const { node, step } = box;
  const people = (value: number, words: string, outcome: string) => (
    <Behind value={value} words={words} path={PEOPLE} query={{ ...asked, ...atStep(step, node.name), outcome }} title={`${told.boxTitle(box)}: ${words}`} />
  );
  return (
    <div ref={panel} popover="auto" role="dialog" aria-label={told.boxTitle(box)} class="paths-menu" style={{ left: `${left}px`, top: `${place.bottom + 4}px`, width: `${WIDE}px` }}
      onToggle={({ newState }) => newState === "closed" && onClose()}>
      <p class="note">{told.step(step)}</p>
      <p class="value"><strong>{told.names.label(node.name)}</strong></p>
      <ul>
        <li>{people(node.customers, said(WORDS).customers(node.customers), "any")} <span class="note">{share(node.customers / everybody)}</span></li>
        {node.exits > 0 && <li>{people(node.exits, told.exits(node.exits), "exits")}</li>}
        {node.more > 0 && <li>{people(node.more, told.more(node.more), "more")}</li>}
      </ul>
      <Anchors box={box} told={told} onClose={onClose} />
    </div>
  );
}

function Anchors({ box: { node }, told, onClose }: { box: Box; told: Told; onClose: () => void }) {
  const view = useView();
  const words = said(WORDS);
  if (!told.names.anchors(node.name)) return <p class="note">{words.noAnchor}</p>;
  const { name } = node;
  const anchor = (start: string, end: string) => {
    onClose();
    view.set({ start, end });
  };
  return (
    <div class="tools">
      <button type="button" class="quiet" onClick={() => anchor(name, "")}>{words.beginHere}</button>
      <button type="button" class="quiet" onClick={() => anchor("", name)}>{words.endHere}</button>
    </div>
  );
}
