/** What to do before the first event has arrived. */

import { byId, say } from "./element";

/** Fills in the snippet, and a command line with the snippet's write key. */
export function fillWelcome(snippet: string, origin: string): void {
  say(byId("snippet", HTMLElement), snippet);
  say(byId("curl", HTMLElement), commandLine(origin, writeKey(snippet)));
  for (const name of ["snippet", "curl"]) {
    const button = byId(`copy-${name}`, HTMLButtonElement);
    button.addEventListener("click", () => void copy(byId(name, HTMLElement), button));
  }
}

export function writeKey(snippet: string): string {
  return /data-write-key="([\w.-]+)"/.exec(snippet)?.[1] ?? "WRITE_KEY";
}

export function commandLine(origin: string, key: string): string {
  const event = JSON.stringify({ userId: "u-1", event: "Product Viewed", properties: { name: "Enamel kettle" } });
  return `curl ${origin}/v1/track -u ${key}: -H 'Content-Type: application/json' -d '${event}'`;
}

async function copy(text: HTMLElement, button: HTMLButtonElement): Promise<void> {
  const copied = await written(text.textContent ?? "");
  if (!copied) getSelection()?.selectAllChildren(text);
  button.textContent = copied ? "Copied" : "Selected: press Ctrl+C";
  setTimeout(() => (button.textContent = "Copy"), 2_500);
}

/** Whether the browser let the text into the clipboard; pages without TLS have none. */
async function written(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch (failure) {
    if (failure instanceof DOMException || failure instanceof TypeError) return false;
    throw failure;
  }
}
