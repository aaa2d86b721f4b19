/** A key that was made, told this once. */

import { Code } from "../../parts/code";
import { said } from "../../words/language";
import { WORDS } from "./words";
import type { MadeKey } from "./wire";

export function Told({ made, onDone }: { made: MadeKey; onDone: () => void }) {
  const words = said(WORDS);
  return (
    <div class="su-told" role="status">
      <p><strong>{words.toldOnce}.</strong> {words.toldWhy}</p>
      <Code text={made.key} label={words.newKeyOf(words.scopes[made.scope] ?? made.scope)} />
      <button type="button" class="quiet" onClick={onDone}>{words.done}</button>
    </div>
  );
}
