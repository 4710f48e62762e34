/** Cells that the table of `verify` and the fidelity document share. */

import { knownAllocations, type VerifiedRun } from "../verify/result.js";
import { formatInteger, NO_VALUE } from "./cells.js";

/** What `runCells` gives, by name. */
export const RUN_HEAD = [
  "run",
  "start",
  "allocations",
  "exact",
  "of known",
  "accepts",
  "refills",
  "drains",
  "lists",
  "/proc",
] as const;

/** One run in a row. */
export function runCells(run: VerifiedRun): string[] {
  const { allocations, accepts } = run;
  const known = knownAllocations(run);
  return [
    run.name,
    run.start,
    formatInteger(allocations.compared),
    shareCell(allocations.pfnExact, allocations.compared),
    shareCell(known.pfnExact, known.compared),
    equalCell({ compared: accepts.recorded, equal: accepts.exactInOrder }),
    equalCell(run.refills),
    equalCell(run.drains),
    equalCell(run.finalLists),
    equalCell(run.proc),
  ];
}

/** `47`, or `45/47` where something differs. */
export function equalCell(
  comparison: { readonly compared: number; readonly equal: number } | undefined,
): string {
  if (comparison === undefined || comparison.compared === 0) return NO_VALUE;
  const { compared, equal } = comparison;
  return equal === compared ? formatInteger(compared) : `${formatInteger(equal)}/${formatInteger(compared)}`;
}

/** Percent; what is not all never reads as 100 %. */
export function shareCell(part: number, whole: number): string {
  if (whole === 0) return NO_VALUE;
  if (part === whole) return "100 %";
  return `${Math.min(99.999, (100 * part) / whole).toFixed(3)} %`;
}

/** A table; names go to the left of their column, numbers to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const rule = head.map((name) =>
    ["recording", "run", "start", "what", "zone"].includes(name) ? ":--" : "--:",
  );
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}
