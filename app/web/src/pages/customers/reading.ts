/** One customer's journey: its first part at once, the others as they come, and then whatever happens next. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { ask, type Failure, type Query, Refusal } from "../../asking/ask";
import { asking } from "../../asking/answers";
import { customerPath } from "../../asking/identifiers";
import { withoutInstant } from "../../asking/paging";
import type { Journey } from "../../asking/wire";
import { joined } from "./moments";

const FIRST_PART = 500;
const PART = 1_000;
const NOT_FOUND = 404;

/** `journey` is what there is so far, null where nobody is known by that name (yet); `whole` whether that is all. */
export interface Read {
  journey: Journey | null | undefined;
  whole: boolean;
  failure: Failure | null;
  again: () => void;
}

export function useJourney(customer: string, model: string, version: string): Read {
  const [parts, set] = useState<readonly Journey[] | null | undefined>(undefined);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    set(undefined);
    const reading = new Reading(customerPath(customer, "journey"), { model, version }, set);
    return asking((signal) => reading.goOn(signal), true, (_, why) => setFailure(why));
  }, [customer, model, version, turn]);
  const journey = useMemo(() => parts && joined([...parts]), [parts]);
  return { journey, whole: Boolean(parts && !parts.at(-1)?.next), failure, again: () => setTurn((number) => number + 1) };
}

/** The parts of a journey. New events come into the last one, so that only this is asked for again; whoever turns out to be somebody else,
 * or to have come earlier, is read from the beginning. */
class Reading {
  private parts: readonly Journey[] = [];

  constructor(
    private readonly path: string,
    private readonly query: Query,
    private readonly tell: (parts: readonly Journey[] | null) => void,
  ) {}

  async goOn(signal: AbortSignal): Promise<void> {
    try {
      await this.read(signal);
    } catch (failure) {
      if (!(failure instanceof Refusal) || failure.status !== NOT_FOUND) throw failure;
      this.parts = [];
      this.tell(null);
    }
  }

  private async read(signal: AbortSignal): Promise<void> {
    const last = await this.part(this.parts.slice(0, -1), signal);
    const known = this.parts.at(-1);
    if (known && !last.next && withoutInstant(known) === withoutInstant(last)) return;
    const again = known && this.parts.length > 1 && whoOf(known) !== whoOf(last);
    await this.rest(again ? [] : [...this.parts.slice(0, -1), last], signal);
  }

  private async rest(parts: readonly Journey[], signal: AbortSignal): Promise<void> {
    let read = parts;
    while (read.length === 0 || read.at(-1)?.next) {
      if (read.length > this.parts.length) this.show(read);
      read = [...read, await this.part(read, signal)];
    }
    this.show(read);
  }

  private show(parts: readonly Journey[]): void {
    this.parts = parts;
    this.tell(parts);
  }

  /** The part after these. */
  private part(before: readonly Journey[], signal: AbortSignal): Promise<Journey> {
    const cursor = before.at(-1)?.next ?? "";
    return ask<Journey>(this.path, { ...this.query, cursor, limit: cursor ? PART : FIRST_PART }, signal);
  }
}

function whoOf({ customer }: Journey): string {
  return JSON.stringify([customer.identifiers, customer.first_seen]);
}
