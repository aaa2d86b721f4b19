/** How long the way from step to step takes: as curves of those who have gone on, or as a distribution for one step. */

import { Figure } from "../../charts/figure";
import { type Bar, barsOf, histogram } from "../../charts/histogram";
import { useView } from "../../frame/view";
import { Choice, Select } from "../../parts/fields";
import type { Column } from "../../parts/sorting";
import { count, duration, share } from "../../words/format";
import { said } from "../../words/language";
import { type Asking, type Funnel, type FunnelStep } from "./answer";
import { type Curve, curvesDrawing, goneOn, told } from "./curves";
import { Legend } from "./legend";
import { inSeconds, nameOf } from "./steps";
import { labelsOf } from "./story";
import { WORDS } from "./words";

const HEIGHT = 260;

interface TimeProps {
  asking: Asking;
  answer: Funnel;
  caption: string;
}

export function Time({ asking, answer: { steps, bounds = [] }, caption }: TimeProps) {
  const view = useView();
  const labels = labelsOf(asking, view.stages);
  if (view.params["time"] === "bars") return <Distribution steps={steps} bounds={bounds} labels={labels} caption={caption} />;
  return <Curves asking={asking} steps={steps} labels={labels} caption={caption} />;
}

function TimeAs() {
  const view = useView();
  const words = said(WORDS);
  const as = view.params["time"] === "bars" ? "bars" : "curve";
  return <Choice label={words.timeAs} name="time" value={as} options={[["curve", words.timesAs.curve], ["bars", words.timesAs.bars]]} onChange={(time) => view.set({ time: time === "bars" ? time : "" })} />;
}

function Curves({ asking, steps, labels, caption }: { asking: Asking; steps: FunnelStep[]; labels: string[]; caption: string }) {
  const { stages } = useView();
  const words = said(WORDS);
  const within = inSeconds(asking.within);
  const toned = asking.of === "stages" && asking.order !== "any";
  const curves = steps.slice(1).map((step, at): Curve => ({
    label: `${labels[at] ?? ""} → ${labels[at + 1] ?? ""}`,
    tone: toned ? stages.tone(nameOf(asking.steps[at + 1]?.[0] ?? "")) : null,
    points: step.time_to_convert.survival ?? [],
  }));
  const went = curves.filter(({ points }) => points.length > 1);
  const columns: Column<number>[] = [
    { name: "after", title: words.after, value: (seconds) => seconds, show: duration },
    ...curves.map((curve, at): Column<number> => ({ name: `curve${at}`, title: curve.label, numeric: true, value: (seconds) => goneOn(curve, seconds), show: (seconds) => share(goneOn(curve, seconds)) })),
  ];
  return (
    <Figure<number> name="time" title={words.time} above={<p class="note fn-why">{words.timeNote}</p>} tools={<TimeAs />} columns={columns} rows={told(curves, within)} keyOf={String} order={{ column: "after", descending: false }} caption={caption}
      {...(went.length > 0 && { chart: { draw: curvesDrawing(curves, within), height: () => HEIGHT, label: words.time } })}>
      {went.length > 0 ? <Legend names={curves.map(({ label }) => label)} tones={curves.map(({ tone }) => tone)} /> : <p class="note">{words.nobodyWent}</p>}
    </Figure>
  );
}

function Distribution({ steps, bounds, labels, caption }: { steps: FunnelStep[]; bounds: number[]; labels: string[]; caption: string }) {
  const view = useView();
  const words = said(WORDS);
  const wanted = Number(view.params["step"] ?? 2);
  const step = steps.find((each) => each.step === wanted && each.step > 1) ?? steps[1];
  const bars = barsOf(step?.time_to_convert.histogram ?? [], bounds);
  const all = bars.reduce((sum, bar) => sum + bar.count, 0);
  const marks = [{ seconds: step?.time_to_convert.median ?? null, label: words.half }, { seconds: step?.time_to_convert.p90 ?? null, label: words.most }];
  const options = steps.slice(1).map((each) => [String(each.step), `${each.step}. ${labels[each.step - 1] ?? ""}`] as const);
  return (
    <Figure<Bar> name="time" title={words.time} above={<p class="note fn-why">{words.timeNote}</p>} rows={bars} columns={barColumns(all)} keyOf={({ place }) => String(place)} order={{ column: "from", descending: false }} caption={caption}
      tools={<><Select label={words.chosenStep} name="step" value={String(step?.step ?? "")} options={options} onChange={(next) => view.set({ step: next })} /><TimeAs /></>}
      {...(bars.length > 0 && { chart: { draw: histogram(bars, bounds, marks, (bar) => `${barSpan(bar)}\n${words.customers}: ${count(bar.count)} (${share(bar.count / all)})`), height: () => HEIGHT, label: words.time } })}>
      {bars.length === 0 && <p class="note">{words.nobodyWent}</p>}
    </Figure>
  );
}

function barColumns(all: number): Column<Bar>[] {
  const words = said(WORDS);
  return [
    { name: "from", title: words.barTime, value: ({ from }) => from ?? 0, csv: barSpan, show: barSpan },
    { name: "count", title: words.customers, numeric: true, value: (bar) => bar.count, show: (bar) => count(bar.count) },
    { name: "share", title: words.part, numeric: true, value: (bar) => bar.count / all, show: (bar) => share(bar.count / all) },
  ];
}

function barSpan({ from, to }: Bar): string {
  const words = said(WORDS);
  if (from === null) return words.barFirst(duration(to));
  return to === null ? words.barLast(duration(from)) : words.bar(duration(from), duration(to));
}
