import { E820Ranges, type TrackedRange } from "../../accept/e820-ranges.js";
import { trackedMap } from "../../accept/tracked-map.js";
import { processUnacceptedMemory } from "../../efistub/process-unaccepted-memory.js";
import { type E820Entry, ZERO_PAGE_ENTRIES } from "../../efistub/setup-e820.js";
import { type ArchAccept, UnacceptedTable } from "../../efistub/unaccepted-table.js";
import { asPhys, roundDown, UNIT_SIZE } from "../../units.js";

/** The next kernel's idea of what is accepted, and what it took to tell it. */
export interface NextTable {
  readonly table: UnacceptedTable | undefined;
  /** Entries of the map that the next kernel gets, with unaccepted memory as a type of its own. */
  readonly entries: number;
  /** Memory accepted only because the zero page has room for 128 entries. */
  readonly gapBytes: number;
}

/**
 * The e820 table that the next kernel gets is made from the bitmap (David Rientjes and Brijesh
 * Singh, "AMD SEV-SNP/Intel TDX: validation of memory pages", February 2021); the next kernel makes
 * its table from that. kexec passes what fits into the zero page (setup_e820_entries).
 */
export function rebuiltTable(
  entries: readonly E820Entry[],
  table: UnacceptedTable | undefined,
  arch: ArchAccept,
): NextTable {
  const ranges = new E820Ranges("e820-zero-page", trackedMap(entries, table), ZERO_PAGE_ENTRIES, arch);
  return {
    table: tableFromMap(ranges.entries, table?.unitSizeBytes ?? UNIT_SIZE, arch),
    entries: ranges.entries.length,
    gapBytes: ranges.use.gapBytes,
  };
}

/**
 * What a kernel records of a map, by units of its own. The next kernel gets the map of the first one's
 * start where nothing but struct pages, or a variable of the first kernel, knew better.
 *
 * @param unitSizeBytes of the first kernel's table: the next kernel accepts no more at once
 */
export function tableFromMap(
  map: readonly TrackedRange[],
  unitSizeBytes: number,
  arch: ArchAccept,
): UnacceptedTable | undefined {
  const unaccepted = map.filter(({ kind }) => kind === "unaccepted");
  if (unaccepted.length === 0) return undefined;
  const physBase = roundDown(unaccepted[0]!.start, unitSizeBytes);
  const bitmapBytes = Math.ceil((unaccepted.at(-1)!.end - physBase) / (8 * unitSizeBytes));
  const table = new UnacceptedTable(physBase, bitmapBytes, unitSizeBytes);
  for (const { start, end } of unaccepted) processUnacceptedMemory(table, asPhys(start), asPhys(end), arch);
  return table;
}
