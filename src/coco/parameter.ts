/**
 * Where a number comes from: `measured` and published; `derived` from such numbers by
 * arithmetic; `assumed`, because nobody has published it.
 */
export type Basis = "measured" | "derived" | "assumed";

/** One number of the timing model. */
export interface Parameter {
  /** What it is the price of. */
  readonly what: string;
  readonly value: number;
  /** Least and greatest value that is plausible. */
  readonly low: number;
  readonly high: number;
  readonly unit: "ns";
  readonly basis: Basis;
  /** Public document, thread or repository with its date, or what an assumption rests on. */
  readonly source: string;
}

/** Parameters by name; a name ends with its unit. */
export type ParameterSet = Readonly<Record<string, Parameter>>;

/** A parameter in nanoseconds; a short form for the tables. */
export function parameter(
  what: string,
  basis: Basis,
  value: number,
  low: number,
  high: number,
  source: string,
): Parameter {
  return { what, value, low, high, unit: "ns", basis, source };
}
