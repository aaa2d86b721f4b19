/** Small marks that stand in several places. What events say goes in as text. */

import type { ComponentChildren } from "preact";
import { useView } from "../frame/view";
import type { Stages } from "../stages";
import { kindName } from "../asking/identifiers";
import type { Identifier } from "../asking/wire";
import { ago, instant, share } from "../words/format";

/** A stage: its dot in its colour, and its label. */
export function StageName({ stage, stages }: { stage: string | null; stages?: Stages }) {
  const view = useView();
  const known = stages ?? view.stages;
  const tone = known.tone(stage);
  return <span class={tone === null ? "stage" : `stage tone-${tone}`}>{known.label(stage)}</span>;
}

export function ChannelName({ channel }: { channel: string }) {
  return <span class="chip">{useView().channel(channel)}</span>;
}

export function IdentifierName({ kind, value }: Identifier) {
  return <span class="chip"><span class="kind">{kindName(kind)}</span> <span class="value">{value}</span></span>;
}

/** An instant as people say it, and exactly under the pointer. */
export function Moment({ at }: { at: string }) {
  const { zone } = useView();
  return <time dateTime={at} title={instant(at, zone)}>{ago(at, new Date(), zone)}</time>;
}

/** A part of one as words and as a bar. */
export function Part({ of, words = share(of) }: { of: number | null; words?: ComponentChildren }) {
  return <span class="part"><span>{words}</span><Bar of={of ?? 0} /></span>;
}

/** A part of one as a bar, with the words beside it. */
export function Bar({ of, tone = null }: { of: number; tone?: number | null }) {
  const width = `${Math.max(0, Math.min(1, of)) * 100}%`;
  return <span class={tone === null ? "meter" : `meter tone-${tone}`} aria-hidden="true"><span style={{ width }} /></span>;
}
