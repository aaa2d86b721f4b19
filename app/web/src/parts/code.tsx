/** Text to be copied. */

import { useRef, useState } from "preact/hooks";
import { FRAME } from "../words/frame";
import { said } from "../words/language";
import { copy } from "./copy";

const SAID_FOR = 2_500;

export function Code({ text, label }: { text: string; label: string }) {
  const words = said(FRAME);
  const pre = useRef<HTMLPreElement>(null);
  const [done, set] = useState<"" | "copied" | "selected">("");
  const press = async () => {
    const copied = await copy(text);
    if (!copied && pre.current) getSelection()?.selectAllChildren(pre.current);
    set(copied ? "copied" : "selected");
    setTimeout(() => set(""), SAID_FOR);
  };
  return (
    <div class="code">
      <pre ref={pre} tabIndex={0} aria-label={label}>{text}</pre>
      <button type="button" class="quiet" onClick={() => void press()}>{done ? words[done] : words.copy}</button>
    </div>
  );
}
