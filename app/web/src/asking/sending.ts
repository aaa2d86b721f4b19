/** Something that is sent once when a person says so, and what became of it. */

import { useState } from "preact/hooks";
import { isFailure, leaveWhenLoggedOut } from "./answers";
import type { Failure } from "./ask";

export interface Sending {
  sending: boolean;
  failure: Failure | null;
  /** Does the work unless it is under way; what it answers goes to `then`. */
  run: <T>(work: () => Promise<T>, then: (answer: T) => void) => void;
  clear: () => void;
}

export function useSending(): Sending {
  const [sending, setSending] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const attempt = async <T,>(work: () => Promise<T>, then: (answer: T) => void): Promise<void> => {
    setSending(true);
    setFailure(null);
    try {
      then(await work());
    } catch (wrong) {
      if (!isFailure(wrong)) throw wrong;
      leaveWhenLoggedOut(wrong);
      setFailure(wrong);
    } finally {
      setSending(false);
    }
  };
  return { sending, failure, run: (work, then) => void (sending || attempt(work, then)), clear: () => setFailure(null) };
}
