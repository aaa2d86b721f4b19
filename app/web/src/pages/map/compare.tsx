/** What the map is compared with, and which numbers are whose. */

import { Filters } from "../../frame/controls";
import { useView, type View } from "../../frame/view";
import { Field, Select } from "../../parts/fields";
import { FILTERS, traitsOf } from "../../view";
import { date } from "../../words/format";
import { FRAME } from "../../words/frame";
import { said } from "../../words/language";
import { AGAINST, type Comparison, offered, OTHERS } from "./comparing";
import { WORDS } from "./words";

const SPANS = ["1d", "7d", "14d", "30d", "60d", "90d", "365d"] as const;
export const WITHIN = "30d";

export function MapControls() {
  const view = useView();
  const words = said(WORDS);
  const against = view.params["against"] ?? "";
  const choices = (["", ...AGAINST] as const).filter((each) => !each || each === against || offered(view.query).includes(each)).map((each): [string, string] => [each, words.againsts[each]]);
  return (
    <div class="map-controls">
      <Select label={words.within} name="within" value={view.params["within"] || WITHIN} options={SPANS.map((each) => [each, words.spans[each] ?? each])} onChange={(within) => view.set({ within: within === WITHIN ? "" : within })} />
      <Select label={words.compare} name="against" value={against} options={choices} onChange={(next) => view.set({ against: next })} />
      {against === "dates" && (
        <>
          <Field label={words.comparedFrom} name="compare_from" type="date" value={view.params["compare_from"] ?? ""} onChange={(day) => view.set({ compare_from: day })} />
          <Field label={words.comparedTo} name="compare_to" type="date" value={view.params["compare_to"] ?? ""} onChange={(day) => view.set({ compare_to: day })} />
        </>
      )}
      {against === "segment" && <Filters prefix={OTHERS} label={words.filtersOf} />}
    </div>
  );
}

/** Which numbers are A's and which are B's. */
export function Legend({ comparison }: { comparison: Comparison }) {
  const words = said(WORDS);
  const segment = comparison.against === "segment";
  return (
    <p class="map-legend">
      <span class="map-side map-side-a"><b>{words.value}</b> <SideA segment={segment} /></span>
      <span class="map-side map-side-b"><b>{words.otherValue}</b> {segment ? <Who prefix={OTHERS} /> : <Window from={textOf(comparison.query["from"])} to={textOf(comparison.query["to"])} />}</span>
      <span class="note">{words.difference}</span>
    </p>
  );
}

function SideA({ segment }: { segment: boolean }) {
  const view = useView();
  return segment ? <Who prefix="" /> : <Window from={textOf(view.query["from"])} to={textOf(view.query["to"])} />;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function Window({ from, to }: { from: string | null; to: string | null }) {
  const words = said(WORDS);
  const day = (text: string, days = 0) => date(new Date(Date.parse(`${text}T00:00:00Z`) + days * 86_400_000).toISOString(), "UTC");
  const first = from === null ? words.fromStart : day(from);
  return <>{first} – {to === null ? words.untilNow : day(to, -1)}</>;
}

function Who({ prefix }: { prefix: string }) {
  return <>{filtersInWords(useView(), prefix) || said(WORDS).everybody}</>;
}

/** The filters of the view, or of those beside it, as a reader says them. */
export function filtersInWords(view: View, prefix = ""): string {
  const words = said(FRAME);
  const value = (name: string) => view.params[prefix + name] ?? "";
  const chosen = FILTERS.filter(value).map((name) => `${words.filter[name]}: ${name === "channel" ? view.channel(value(name)) : value(name)}`);
  return [...chosen, ...traitsOf({ trait: value("trait") })].join(", ");
}
