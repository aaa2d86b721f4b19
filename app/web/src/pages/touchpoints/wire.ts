/** The answers that this page asks for. */

export interface StageEntries {
  stage: string;
  entries: number;
  customers: number;
}

/** What touches of one value reached; `stages` are those with entries whose touch it is. */
export interface Tally {
  touches: number;
  customers: number;
  machines: number;
  first: number;
  stages: StageEntries[];
}

export interface Touchpoint extends Tally {
  value: string | null;
}

export interface Touchpoints {
  stages: { stage: string }[];
  total: Tally;
  listed: Touchpoint[];
  other: Tally & { values: number };
  from: string | null;
  to: string | null;
  as_of: string;
}

export interface LastTouch {
  touch: string | null;
  ends: number;
  share: number;
  touches_share: number;
  lift: number;
}

export interface LastTouches {
  ends: number;
  listed: LastTouch[];
}

export interface Sum {
  currency: string | null;
  value: number;
}

/** What one name is credited with, by model. */
export interface CreditedName {
  name: string | null;
  reach: number | null;
  touches: number | null;
  assisted: number | null;
  removal_effect: number | null;
  credits: Record<string, number>;
  values: Record<string, Sum[]>;
}

export interface Attribution {
  conversions: number;
  customers: number;
  values: Sum[];
  no_touch: number;
  not_converted: number;
  machine_touches: number;
  folded: Record<string, number>;
  names: CreditedName[];
  from: string | null;
  as_of: string;
}
