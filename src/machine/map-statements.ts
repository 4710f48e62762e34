/** Statements that follow from a map of memory, whoever prints it. */

import { exactSize } from "./exact-size.js";
import type { Findings } from "./findings.js";
import type { EfiRange, Said } from "./guest-log.js";
import { ramOfMap, sizeOf, type TypedRange } from "./ram.js";

/** States how much memory a map has, and the map itself. @param map ascending; each range with the line that says it */
export function stateMap(findings: Findings, map: readonly Said<TypedRange>[]): void {
  const ram = ramOfMap(map.map(({ value }) => value));
  const [first] = map;
  if (first === undefined || ram.length === 0) return;
  const { line, says } = map.findLast(({ value }) => value.start < ram.at(-1)!.end)!;
  const parts = ram.map(({ start, end }) => `${exactSize(end - start)} from ${exactSize(start)}`);
  const derived = `the map from line ${first.line} on has RAM of ${parts.join(" and ")}`;
  findings.says("memory", exactSize(sizeOf(ram)), line, says, derived);
}

/** The lowest address that the firmware has left unaccepted. */
export function unacceptedFrom(map: readonly Said<EfiRange>[]): Said<number> | undefined {
  const lowest = map
    .filter(({ value }) => value.type === "Unaccepted")
    .toSorted((a, b) => a.value.start - b.value.start)[0];
  return lowest && { ...lowest, value: lowest.value.start };
}
