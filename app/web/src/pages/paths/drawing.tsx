/** The flow as it is seen: ribbons under boxes, and above each column what stands at this step. */

import { useRef } from "preact/hooks";
import { useView } from "../../frame/view";
import { Behind } from "../../parts/behind";
import { address, type Query } from "../../asking/ask";
import { count, share } from "../../words/format";
import { type Box, type Column, type Flow, outline, ROOMY, type Stub, stubOutline } from "./flow";
import type { Lit, Pointed } from "./lit";
import { atStep } from "./question";
import type { Told } from "./told";

export const PEOPLE = "/v1/paths/customers";

export interface Drawn {
  flow: Flow;
  told: Told;
  lit: Lit | null;
  asked: Query;
  onPoint: (pointed: Pointed | null) => void;
  onChoose: (box: Box, name: HTMLElement) => void;
}

export function Drawing(drawn: Drawn) {
  const { flow, lit, onPoint } = drawn;
  const boxes = [...flow.boxes.values()];
  return (
    <div class={lit ? "paths-flow lit" : "paths-flow"} style={{ width: `${flow.width}px` }} onPointerLeave={() => onPoint(null)}>
      <div class="paths-heads">{flow.columns.map((column) => <Head key={column.step.step} column={column} {...drawn} />)}</div>
      <div class="paths-plane" style={{ height: `${flow.height}px` }}>
        <Ribbons {...drawn} />
        {boxes.map((box) => <BoxOf key={box.key} box={box} {...drawn} />)}
      </div>
    </div>
  );
}

function Head({ column: { step, x }, flow, told, asked }: Drawn & { column: Column }) {
  const everybody = flow.columns[0]?.step.customers ?? step.customers;
  const people = (value: number, words: string, outcome: string) => (
    <Behind value={value} words={words} path={PEOPLE} query={{ ...asked, ...atStep(step.step), outcome }} title={`${told.step(step.step)}: ${words}`} />
  );
  return (
    <div class="paths-head" style={{ left: `${x}px`, width: `${flow.column}px` }}>
      <h3>{told.step(step.step)}</h3>
      <p><strong>{people(step.customers, count(step.customers), "any")}</strong> <span class="note">{share(step.customers / everybody)}</span></p>
      <p class="note">{step.exits > 0 ? people(step.exits, told.exits(step.exits), "exits") : step.more > 0 ? people(step.more, told.more(step.more), "more") : " "}</p>
    </div>
  );
}

/** Ribbons and stubs; the table beside has them for those who use no pointer. */
function Ribbons({ flow, told, lit, asked, onPoint }: Drawn) {
  const view = useView();
  const open = (query: Query, title: string) => view.set({ behind: address(PEOPLE, { ...asked, ...query }), of: title });
  const stubQuery = ({ box, what }: Stub) => ({ ...atStep(box.step, box.node.name), outcome: what });
  return (
    <svg width={flow.width} height={flow.height} aria-hidden="true">
      {flow.ribbons.map((ribbon) => (
        <path key={ribbon.key} class={`ribbon ${told.names.toneClass(ribbon.earlier)}`} d={outline(ribbon, ribbon.thick)} onPointerEnter={() => onPoint({ of: "ribbon", key: ribbon.key })}
          onClick={() => open(atStep(ribbon.from.step, ribbon.edge.from, ribbon.edge.to), told.ribbonTitle(ribbon.edge))} />
      ))}
      {flow.stubs.map((stub) => (
        <path key={stub.key} class={`stub ${stub.what} ${told.names.toneClass(stub.box.node.name)}`} d={stubOutline(stub)} onClick={() => open(stubQuery(stub), told.stubTitle(stub))}>
          <title>{told.stubTitle(stub)}</title>
        </path>
      ))}
      {lit && flow.ribbons.filter(({ key }) => lit.ribbons.has(key)).map((ribbon) => (
        <path key={ribbon.key} class={`glow ${told.names.toneClass(ribbon.earlier)}`} d={outline(ribbon, Math.max(1, (lit.ribbons.get(ribbon.key) ?? 0) * flow.scale))} />
      ))}
    </svg>
  );
}

function BoxOf({ box, told, lit, asked, onPoint, onChoose }: Drawn & { box: Box }) {
  const name = useRef<HTMLButtonElement>(null);
  const label = told.names.label(box.node.name);
  const point = () => onPoint({ of: "box", key: box.key });
  const place = { left: `${box.x}px`, top: `${box.y}px`, width: `${box.width}px`, height: `${box.height}px` };
  return (
    <div class={`paths-box ${told.names.toneClass(box.node.name)} ${box.height >= ROOMY ? "roomy" : ""} ${lit?.boxes.has(box.key) ? "near" : ""}`} style={place} onPointerEnter={point}>
      <button ref={name} type="button" aria-haspopup="dialog" title={label} onFocus={point} onBlur={() => onPoint(null)} onClick={() => name.current && onChoose(box, name.current)}>{label}</button>
      <Behind value={box.node.customers} path={PEOPLE} query={{ ...asked, ...atStep(box.step, box.node.name) }} title={told.boxTitle(box)} />
    </div>
  );
}

