/** A line of a log beside the same of a run. */

import type { Cause } from "./causes.js";

/** How a row is judged; what is `told` depends on requests or prices and is not held. */
export type Verdict = "equal" | "explained" | "unexplained" | "told";

export interface CheckRow {
  readonly what: string;
  /** Where the log says so: `guest.txt:12`. */
  readonly place: string;
  readonly unit: "KiB" | "pages" | "bytes" | "ms" | "";
  readonly logged: number | string;
  readonly simulated: number | string;
  /** Logged less simulated, where both are numbers. */
  readonly difference?: number;
  readonly causes: readonly Cause[];
  /** Part of the difference that no cause explains. */
  readonly left?: number;
  readonly verdict: Verdict;
  readonly note?: string;
}
