/** The rows of the map: what is told of every stage, in one order for all of them. */

import type { ComponentChildren } from "preact";
import type { Query } from "../../asking/ask";
import type { View } from "../../frame/view";
import { count, decimal, duration, share, span } from "../../words/format";
import { said } from "../../words/language";
import { LINES, ListCell, NumberCell, OutcomeBar, RatingCell, TargetCell, type Way, type Who } from "./cells";
import type { Direction } from "./differences";
import { type Asking, type Both, type Line, lines } from "./shown";
import type { MapStage, Ranked, Stall } from "./wire";
import { WORDS } from "./words";

/** `values` are what a file says of it: a number has one without a name, a list one for each name. A row of a group stands close to the one
 * before it. */
export interface Row {
  name: string;
  title: string;
  hint?: string | undefined;
  /** Begins a group of rows. */
  begins?: boolean;
  /** How the number of a row with one number is written. */
  write?: (value: number | null) => string;
  values: (both: Both) => Line[];
  cell: (both: Both, whole: boolean) => ComponentChildren;
  /** Whom the number of a row with one number counts. */
  who?: ((both: Both) => Who) | undefined;
  /** Whether some stage has more than is shown at first. */
  more?: boolean;
}

const MAP = "/v1/journey-map/customers";
const MOVES = "/v1/transitions/customers";

export function rowsOf(stages: readonly Both[], asking: Asking, view: View): Row[] {
  const maker = new Rows(stages, asking, view);
  return [...maker.people(), ...maker.further(), ...maker.times(), ...maker.lists(), ...maker.verdicts()];
}

class Rows {
  private readonly words = said(WORDS);
  private readonly comparing: boolean;

  constructor(
    private readonly stages: readonly Both[],
    private readonly asking: Asking,
    private readonly view: View,
  ) {
    this.comparing = asking.b !== null;
  }

  people(): Row[] {
    const { words } = this;
    const windowed = this.stages.some(({ a }) => a.at_start > 0);
    const limited = this.stages.some(({ stallA }) => stallA?.limit);
    return [
      this.number("at_end", this.endsNow ? words.now : words.atEnd, ({ at_end }) => at_end, { begins: true, what: "at_end" }),
      ...(limited ? [this.stalled()] : []),
      this.number("customers", words.customers, ({ customers }) => customers, { hint: words.customersHint, what: "entries" }),
      this.number("entries", words.entries, ({ entries }) => entries, { hint: words.entriesHint, what: "entries" }),
      ...(windowed ? [this.number("at_start", words.atStart, ({ at_start }) => at_start, { what: "at_start" })] : []),
    ];
  }

  /** Whether all that is shown is of now. */
  private get endsNow(): boolean {
    return this.view.live && (this.asking.b === null || this.asking.b["to"] === this.asking.a["to"]);
  }

  private stalled(): Row {
    const { words, comparing } = this;
    const read = (stall: Stall | null) => (stall?.limit ? stall.stalled : null);
    const values = ({ stallA, stallB }: Both) => [{ name: null, a: read(stallA), b: read(stallB) }];
    const who = (both: Both) => this.who("/v1/stalls/customers", { stage: both.a.stage }, `${this.label(both)}: ${words.stalled}`);
    const cell = (both: Both) => (
      <>
        <NumberCell a={read(both.stallA)} b={read(both.stallB)} comparing={comparing} who={who(both)} />
        {both.stallA?.limit && <span class="note">{words.overLimit(span(both.stallA.limit))}</span>}
      </>
    );
    return { name: "stalled", title: words.stalled, hint: words.stalledHint, write: count, values, cell, who };
  }

  further(): Row[] {
    const { words } = this;
    const outcome = (name: "converted" | "still_in_window" | "dropped") =>
      this.number(name, words.outcomes[name], ({ further }) => further?.[name] ?? null, { what: name });
    return [this.conversion(), outcome("converted"), outcome("still_in_window"), outcome("dropped"), this.dropOff()];
  }

  private conversion(): Row {
    const { words, comparing } = this;
    const cell = (both: Both) => {
      const { further } = both.a;
      if (!further) return <span class="map-none">{words.lastStage}</span>;
      const tone = this.tone(both);
      return (
        <div class="map-conversion">
          <NumberCell a={further.conversion} b={both.b?.further?.conversion ?? null} comparing={comparing} write={share} writeLess={inPoints} better={settled(both) ? "up" : "same"} who={this.whoOf(both, "converted", words.conversion)} />
          <OutcomeBar further={further} tone={tone} />
          {both.b?.further && <OutcomeBar further={both.b.further} tone={tone} name={words.otherValue} />}
          <span class="note">{words.ownTime(duration(further.within))}</span>
        </div>
      );
    };
    const values = ({ a, b }: Both) => [{ name: null, a: a.further?.conversion ?? null, b: b?.further?.conversion ?? null }];
    return { name: "conversion", title: words.conversion, hint: words.conversionHint, begins: true, write: share, values, cell };
  }

  private dropOff(): Row {
    const read = ({ further }: MapStage) => (further?.reached ? further.dropped / further.reached : null);
    return this.number("drop_off", this.words.dropOff, read, { what: "dropped", write: share, writeLess: inPoints, better: (both) => (settled(both) ? "down" : "same") });
  }

  times(): Row[] {
    const { words } = this;
    return [
      this.number("median", words.dwell, ({ dwell }) => dwell.median, { begins: true, hint: words.dwellHint, write: duration, writeLess: inSeconds }),
      this.number("p90", words.p90, ({ dwell }) => dwell.p90, { write: duration, writeLess: inSeconds }),
    ];
  }

  lists(): Row[] {
    const { words, view } = this;
    const kind = (name: string | null) => view.kind(name ?? "");
    const channel = (name: string | null) => view.channel(name ?? "") || words.named;
    const stage = (name: string | null) => view.stages.label(name);
    const came = ({ came_from }: MapStage): Ranked => ({
      listed: [...came_from].sort((a, b) => b.count - a.count).map(({ from, count: times }) => ({ name: from, count: times })), other: { names: 0, count: 0 },
    });
    return [
      this.list("came_from", words.cameFrom, came, stage, { hint: words.cameFromHint, who: (both, { name }) => this.whoCame(both, name) }),
      this.list("channels", words.channels, ({ channels }) => channels, channel, { hint: words.channelsHint, who: (both, { name }) => this.whoBy(both, name, channel(name)) }),
      this.list("actions", words.actions, ({ actions }) => actions, (name) => name ?? words.named, {
        hint: words.actionsHint, countOf: (row) => row.customers ?? row.count, who: (both, { name }) => this.whoDid(both, name ?? ""),
      }),
      this.list("touch_kinds", words.kinds, ({ touch_kinds }) => touch_kinds, kind, { hint: words.kindsHint }),
      this.list("touch_channels", words.touchChannels, ({ touch_channels }) => touch_channels, channel, { hint: words.kindsHint }),
    ];
  }

  verdicts(): Row[] {
    const { words, comparing } = this;
    const rated = this.stages.some(({ a, b }) => a.rating.count || b?.rating.count);
    const aimed = this.stages.some(({ a }) => a.target);
    const rating: Row = {
      name: "rating", title: words.rating, hint: words.ratingHint, begins: true, write: (value) => decimal(value),
      values: ({ a, b }) => [{ name: null, a: a.rating.mean, b: b?.rating.mean ?? null }],
      cell: (both) => <RatingCell a={both.a.rating} b={both.b?.rating ?? null} comparing={comparing} tone={this.tone(both)} />,
    };
    const target: Row = {
      name: "target", title: words.target, begins: true,
      values: ({ a }) => Object.entries(a.target ?? {}).map(([name, { measured }]) => ({ name, a: measured, b: null })),
      cell: ({ a }) => <TargetCell target={a.target} />,
    };
    return [...(rated ? [rating] : []), ...(aimed ? [target] : [])];
  }

  private number(name: string, title: string, read: (stage: MapStage) => number | null, { what, hint, begins, better, ...way }: Omit<Way, "better"> & {
    what?: string; hint?: string; begins?: boolean; better?: (both: Both) => Direction;
  }): Row {
    const values = ({ a, b }: Both) => [{ name: null, a: read(a), b: b && read(b) }];
    const who = what === undefined ? undefined : (both: Both) => this.whoOf(both, what, title);
    const cell = (both: Both) => <NumberCell a={read(both.a)} b={both.b && read(both.b)} comparing={this.comparing} who={who?.(both)} better={better?.(both) ?? "same"} {...way} />;
    return { name, title, hint, begins: begins ?? false, write: way.write ?? count, values, cell, who };
  }

  private list(name: string, title: string, read: (stage: MapStage) => Ranked, label: (name: string | null) => string, { hint, who, countOf }: {
    hint: string; who?: (both: Both, line: Line) => Who; countOf?: (row: Ranked["listed"][number]) => number;
  }): Row {
    const values = ({ a, b }: Both) => lines(read(a), b && read(b), countOf);
    const cell = (both: Both, whole: boolean) => (
      <ListCell lines={values(both)} comparing={this.comparing} whole={whole} label={label} tone={this.tone(both)} other={read(both.a).other} who={who && ((line) => who(both, line))} />
    );
    const more = this.stages.some((both) => values(both).length > LINES);
    return { name, title, hint, begins: true, more, values: (both) => values(both).map((line) => ({ ...line, name: label(line.name) })), cell };
  }

  private label({ a }: Both): string {
    return this.view.stages.label(a.stage);
  }

  private tone({ a }: Both): number | null {
    return this.view.stages.tone(a.stage);
  }

  private who(path: string, query: Query, title: string): Who {
    const { a, b } = this.asking;
    const question = (asked: Query): Query => (path === MAP ? { ...asked, ...query } : { ...asked, within: undefined, ...query });
    return { path, a: question(a), b: b && question(b), title };
  }

  private whoOf(both: Both, what: string, title: string): Who {
    return this.who(MAP, { stage: both.a.stage, what }, `${this.label(both)}: ${title}`);
  }

  private whoDid(both: Both, action: string): Who {
    return this.who(MAP, { stage: both.a.stage, what: "acted", action }, `${this.label(both)}: ${action}`);
  }

  private whoBy(both: Both, channel: string | null, title: string): Who {
    return this.who(MAP, { stage: both.a.stage, what: "entries", channel: channel ?? undefined }, `${this.label(both)}: ${title}`);
  }

  private whoCame(both: Both, from: string | null): Who {
    const path = from === null ? `${MOVES}?from_stage=` : MOVES;
    return this.who(path, { from_stage: from ?? undefined, to_stage: both.a.stage }, this.words.move(this.view.stages.label(from), this.label(both)));
  }
}

/** A part of one as percentage points. */
function inPoints(part: number): string {
  return said(WORDS).points(share(part).replace(/\s?%/, ""));
}

/** A difference of spans; below a second there is none worth telling apart. */
function inSeconds(seconds: number): string {
  return duration(Math.ceil(seconds));
}

/** Whether nobody can go further in time any more, so that one share may be called better than the other. */
function settled({ a, b }: Both): boolean {
  return !a.further?.still_in_window && !b?.further?.still_in_window;
}
