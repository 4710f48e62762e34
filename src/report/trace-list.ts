/** The traces that come with the program, for people. */

import { formatBytes } from "../units.js";
import { plainTableLines } from "./plain-table.js";

/** A trace that comes with the program. */
export interface BundledTrace {
  /** As a scenario's `workload` or a command names it, from the directory of the package. */
  readonly path: string;
  /** Of the file as it is. */
  readonly sizeBytes: number;
  /** Where it was recorded. */
  readonly origin: string;
  /** What it shows, in one line. */
  readonly about: string;
}

/** Two lines for each: the path to be copied, then the rest. */
export function formatTraceList(traces: readonly BundledTrace[]): string {
  const rest = plainTableLines({
    aligns: ["right", "left"],
    rows: traces.map(({ sizeBytes, about, origin }) => [formatBytes(sizeBytes), `${about} (${origin})`]),
  });
  return traces.map(({ path }, index) => `${path}\n  ${rest[index]!}\n`).join("");
}
