import { type E820Entry, E820Type } from "../efistub/setup-e820.js";
import type { UnacceptedTable } from "../efistub/unaccepted-table.js";
import { PAGE_SIZE, roundDown } from "../units.js";
import type { TrackedRange } from "./e820-ranges.js";

/** What a kernel knows about its memory: the map, with RAM split by what the table says at this moment. */
export function trackedMap(
  entries: readonly E820Entry[],
  table: UnacceptedTable | undefined,
): TrackedRange[] {
  return entries.flatMap(({ start, end, type }): TrackedRange[] => {
    // An entry of the firmware may end inside a page.
    const range = { start, end: roundDown(end, PAGE_SIZE) };
    if (type !== E820Type.RAM) return [{ ...range, kind: "other" }];
    return table === undefined
      ? [{ ...range, kind: "accepted" }]
      : splitByTable(range.start, range.end, table);
  });
}

function splitByTable(start: number, end: number, table: UnacceptedTable): TrackedRange[] {
  const { physBase, unitSizeBytes: unit, unitCount } = table;
  const pieces: TrackedRange[] = [];
  for (let from = start; from < end; ) {
    const at = Math.floor((from - physBase) / unit);
    const unaccepted = at >= 0 && at < unitCount && table.isSet(at);
    let to = end;
    if (at < 0) to = Math.min(to, physBase);
    else if (at < unitCount) {
      const next = unaccepted ? table.nextClear(at, unitCount) : table.nextSet(at, unitCount);
      to = Math.min(to, next < unitCount || unaccepted ? physBase + next * unit : end);
    }
    const last = pieces.at(-1);
    const kind = unaccepted ? "unaccepted" : "accepted";
    if (last?.kind === kind) pieces[pieces.length - 1] = { ...last, end: to };
    else pieces.push({ start: from, end: to, kind });
    from = to;
  }
  return pieces;
}
