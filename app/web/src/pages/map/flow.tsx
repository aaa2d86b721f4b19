/** The flow above the columns: bars that stand exactly over their stages, and ribbons that open to the people in them. */

import type { ComponentChildren } from "preact";
import { useId, useMemo, useRef, useState } from "preact/hooks";
import { useView } from "../../frame/view";
import { short } from "../../words/format";
import { said } from "../../words/language";
import { type Bar, type Flow, flowOf, HALF_BAR, type Ribbon } from "./flow_layout";
import { pathOf, type Point } from "./outlines";
import type { Asking, Both } from "./shown";
import { type Mark, marks } from "./told";
import { useWidth } from "./width";
import { WORDS } from "./words";

const HEIGHT = 300;
const STEP_STANDING = 84;
const SPREAD = 0.86;
const NUMBER_FROM = 14;
const ARROW_BESIDE = 26;
const BESIDE = 5;

type Put = (point: Point) => Point;

interface FlowProps {
  stages: readonly Both[];
  asking: Asking;
  /** From top to bottom instead of from left to right. */
  standing?: boolean;
}

export function FlowPicture({ stages, asking, standing = false }: FlowProps) {
  const view = useView();
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [pointed, point] = useState<Mark | null>(null);
  const height = standing ? stages.length * STEP_STANDING : HEIGHT;
  const flow = useMemo(() => {
    const rows = stages.map(({ a, b }) => ({ ...a, other: b && b.at_start + b.entries }));
    return standing ? flowOf(rows, height, width * SPREAD) : flowOf(rows, width, height);
  }, [stages, width, height, standing]);
  const told = marks(flow, stages, asking, view);
  const put: Put = standing ? ([u, v]) => [flow.below + v, u + 8] : ([u, v]) => [u, flow.above - v];
  return (
    <div class="map-flow" ref={box} style={{ height: `${height}px` }} onPointerLeave={() => point(null)}>
      {width > 0 && <Picture flow={flow} stages={stages} told={told} put={put} standing={standing} size={[width, height]} pointed={pointed} point={point} />}
      {pointed && <Tip mark={pointed} at={put(pointed.at)} width={width} />}
    </div>
  );
}

interface PictureProps {
  flow: Flow;
  stages: readonly Both[];
  told: { bars: Mark[]; ribbons: Mark[] };
  put: Put;
  standing: boolean;
  size: Point;
  pointed: Mark | null;
  point: (mark: Mark | null) => void;
}

function Picture({ flow, stages, told, put, standing, size: [width, height], pointed, point }: PictureProps) {
  const view = useView();
  const id = useId();
  const tone = (place: number | null) => (place === null ? null : view.stages.tone(stages[place]?.a.stage ?? null));
  const [from, to] = [put([0, 0]), put([flow.step * flow.bars.length, 0])];
  const linked = (mark: Mark | undefined, first: boolean, shape: ComponentChildren) => mark && (
    <Opening key={mark.key} mark={mark} first={first} dim={pointed !== null && pointed.key !== mark.key} point={point}>{shape}</Opening>
  );
  return (
    <svg class="map-drawn" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="group" aria-label={said(WORDS).flowHint} onKeyDown={onArrow}>
      <defs>{flow.ribbons.map((ribbon, at) => <Shade key={told.ribbons[at]?.key} id={`${id}-${at}`} ribbon={ribbon} put={put} from={tone(ribbon.from)} to={tone(ribbon.to)} />)}</defs>
      <line class="map-ground" x1={from[0]} y1={from[1]} x2={to[0]} y2={to[1]} />
      {flow.ribbons.map((ribbon, at) => linked(told.ribbons[at], false, <RibbonShape ribbon={ribbon} put={put} fill={`url(#${id}-${at})`} />))}
      {flow.bars.map((bar, at) => linked(told.bars[at], at === 0, <BarShape bar={bar} put={put} tone={tone(at)} />))}
      {flow.ribbons.map((ribbon) => <RibbonNumber key={[ribbon.kind, ribbon.from, ribbon.to].join(" ")} ribbon={ribbon} put={put} standing={standing} />)}
      {flow.bars.map((bar) => <BarNumber key={bar.place} bar={bar} put={put} label={standing ? view.stages.label(stages[bar.place]?.a.stage ?? null) : ""} />)}
    </svg>
  );
}

/** What opens to its people. The tabulator reaches one of all, arrows lead to the others. */
function Opening({ mark, first, dim, point, children }: { mark: Mark; first: boolean; dim: boolean; point: (mark: Mark | null) => void; children: ComponentChildren }) {
  const label = [mark.title, ...mark.lines].join(". ");
  return (
    <a href={mark.href} class={dim ? "map-mark map-dim" : "map-mark"} tabIndex={first ? 0 : -1} aria-label={label}
      onPointerEnter={() => point(mark)} onFocus={() => point(mark)} onBlur={() => point(null)}>{children}</a>
  );
}

/** Left and right go from mark to mark, in the order in which they are drawn. */
function onArrow(event: KeyboardEvent): void {
  const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const { currentTarget, target } = event;
  if (!by || !(currentTarget instanceof SVGElement) || !(target instanceof SVGElement)) return;
  const all = [...currentTarget.querySelectorAll<SVGElement>("a")];
  event.preventDefault();
  all[(all.indexOf(target) + by + all.length) % all.length]?.focus();
}

/** A colour that goes over from one stage to the other, and fades where there is none. */
function Shade({ id, ribbon, put, from, to }: { id: string; ribbon: Ribbon; put: Put; from: number | null; to: number | null }) {
  const us = ribbon.outline.flatMap(([, ...points]) => points.map(([u]) => u));
  const [[x1, y1], [x2, y2]] = [put([Math.min(...us), 0]), put([Math.max(...us), 0])];
  const [standsX, standsY] = [x1 === x2, y1 === y2];
  const stop = (offset: number, tone: number | null) => (
    <stop offset={offset} style={{ stopColor: `var(--tone-${tone ?? from ?? to ?? 0})`, stopOpacity: tone === null ? 0.08 : 1 }} />
  );
  return (
    <linearGradient id={id} gradientUnits="userSpaceOnUse" x1={standsX ? 0 : x1} y1={standsY ? 0 : y1} x2={standsX ? 0 : x2} y2={standsY ? 0 : y2}>
      {stop(0, from)}{stop(1, to)}
    </linearGradient>
  );
}

function RibbonShape({ ribbon, put, fill }: { ribbon: Ribbon; put: Put; fill: string }) {
  const back = ribbon.kind === "back";
  return (
    <>
      <path class={`map-ribbon map-${ribbon.kind}`} d={pathOf(ribbon.outline, put)} fill={back ? undefined : fill} />
      {back && <Arrow at={[ribbon.middle[0] - (numbered(ribbon) ? ARROW_BESIDE : 0), ribbon.middle[1]]} put={put} size={Math.max(3.5, Math.min(6, ribbon.width * 0.5))} />}
    </>
  );
}

/** Points against the order of the stages. */
function Arrow({ at: [u, v], put, size }: { at: Point; put: Put; size: number }) {
  const corners: Point[] = [[u - size, v], [u + size * 0.7, v + size], [u + size * 0.7, v - size]];
  return <polygon class="map-arrow" points={corners.map((corner) => put(corner).join(",")).join(" ")} />;
}

function BarShape({ bar: { u, top, other, head, foot }, put, tone }: { bar: Bar; put: Put; tone: number | null }) {
  const box = ([a, b]: Point, low: number, high: number) => pathOf([["M", [a, low]], ["L", [b, low]], ["L", [b, high]], ["L", [a, high]]], put);
  const sides: Point = [u - HALF_BAR, u + HALF_BAR];
  return (
    <g class={tone === null ? undefined : `tone-${tone}`}>
      {other !== null && <path class="map-ghost" d={box([u - HALF_BAR - 5, u + HALF_BAR + 5], 0, other)} />}
      <path class="map-bar" d={`${box(sides, 0, top)}${box(foot, -3, 0)}${box(head, top, top + 2)}`} />
    </g>
  );
}

function numbered({ kind, width }: Ribbon): boolean {
  return kind !== "before" && kind !== "away" && width >= NUMBER_FROM;
}

function RibbonNumber({ ribbon, put, standing }: { ribbon: Ribbon; put: Put; standing: boolean }) {
  const { kind, count, middle: [u, v], outline } = ribbon;
  if (!numbered(ribbon) || (standing && kind !== "on")) return null;
  const [begins, ends] = [outline[0]?.[1]?.[0] ?? u, outline[1]?.[1]?.[0] ?? u];
  const [x, y] = put([kind === "new" ? ends - BESIDE : kind === "stay" ? begins + BESIDE : u, v]);
  return <text class={`map-number map-number-${kind}`} x={x} y={y} dy=".35em">{kind === "new" ? `+${short(count)}` : short(count)}</text>;
}

function BarNumber({ bar: { u, top, count }, put, label }: { bar: Bar; put: Put; label: string }) {
  const [x, y] = label ? put([u - HALF_BAR - 7, 0]) : put([u, top + 8]);
  return <text class={label ? "map-total map-named" : "map-total"} x={x} y={y}>{label && <tspan class="map-label">{label} </tspan>}{short(count)}</text>;
}

function Tip({ mark, at: [x, y], width }: { mark: Mark; at: Point; width: number }) {
  const side = x > width / 2 ? { right: `${Math.max(0, width - x + 14)}px` } : { left: `${x + 14}px` };
  return (
    <div class="map-tip" aria-hidden="true" style={{ ...side, top: `${mark.kind === "back" ? y + 24 : Math.max(0, y - 20)}px` }}>
      <strong>{mark.title}</strong>
      {mark.lines.map((line) => <span key={line}>{line}</span>)}
    </div>
  );
}
