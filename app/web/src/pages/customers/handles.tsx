/** The identifiers of a customer, each to be copied. */

import { useState } from "preact/hooks";
import { byStrength, kindName } from "../../asking/identifiers";
import type { Identifier } from "../../asking/wire";
import { copy } from "../../parts/copy";
import { said } from "../../words/language";
import { WORDS } from "./words";

const SHOWN = 8;
const SAID_FOR = 1_500;

export function Handles({ identifiers }: { identifiers: Identifier[] }) {
  const words = said(WORDS);
  const [whole, set] = useState(false);
  const shown = byStrength(identifiers).slice(0, whole ? undefined : SHOWN);
  const more = identifiers.length - shown.length;
  return (
    <ul class="chips" id="identifiers" aria-label={words.identifiers}>
      {shown.map((identifier) => <li key={`${identifier.kind}:${identifier.value}`}><Handle {...identifier} /></li>)}
      {more > 0 && <li><button type="button" class="plain" onClick={() => set(true)}>{words.more(more)}</button></li>}
    </ul>
  );
}

/** One identifier; a click copies its value. */
export function Handle({ kind, value }: Identifier) {
  const words = said(WORDS);
  const [copied, set] = useState(false);
  const press = async () => {
    set(await copy(value));
    setTimeout(() => set(false), SAID_FOR);
  };
  return (
    <button type="button" class="chip customer-handle" title={words.copyOf(value)} onClick={() => void press()}>
      <span class="kind">{kindName(kind)}</span> <span class="value">{value}</span><span class="customer-copied" role="status">{copied && words.copied}</span>
    </button>
  );
}
