import { trackedMap } from "../../accept/e820-ranges.js";
import type { CocoPlatform } from "../../coco/platform.js";
import { E820Type } from "../../efistub/setup-e820.js";
import type { UnacceptedTable } from "../../efistub/unaccepted-table.js";
import { type AddressRange, PAGE_SIZE } from "../../units.js";

/** The part of the first kernel's memory that the crash kernel could read. */
export interface Vmcore {
  /** The first kernel's RAM, without what was set aside for the crash kernel. */
  readonly ramBytes: number;
  readonly readBytes: number;
  /** Left out as no RAM, because it is unaccepted or the page before unaccepted memory. */
  readonly skippedBytes: number;
  /** Written to the dump for pages that were left out and are not known to be free. */
  readonly descriptorBytes: number;
}

/**
 * What makedumpfile writes of a page that reads as zeros (diskdump_mod.h: page_desc_t), which it does not compress.
 * It writes none for a free page that it excludes, and since its patch of June 2025 none for an unaccepted one where
 * the kernel tells it ("Add confidential VM unaccepted free pages support on Linux 6.16 and later").
 */
const DESCRIPTOR_BYTES = 24;

/**
 * The crash kernel reads all RAM of the first one. Since 6.7 it asks the table about every page
 * and takes what is unaccepted for no RAM (Adrian Hunter, "proc/vmcore: Do not map unaccepted
 * memory", 2023-09-11). The question looks one unit ahead, so the last page before unaccepted memory
 * is left out as well.
 *
 * @param ram of the first kernel, in whole pages, ascending
 * @param table what the crash kernel knows; undefined when it has no table or does not ask
 * @param shared what has not been made private again
 * @param tellsUnaccepted whether the dump tool takes unaccepted pages for free ones
 */
export function readVmcore(
  ram: readonly AddressRange[],
  table: UnacceptedTable | undefined,
  platform: CocoPlatform,
  shared: readonly AddressRange[],
  tellsUnaccepted = false,
): Vmcore & { readonly reason?: string } {
  let readBytes = 0;
  let skippedBytes = 0;
  let descriptorBytes = 0;
  const ramBytes = ram.reduce((sum, { start, end }) => sum + end - start, 0);
  const map = trackedMap(
    ram.map((range) => ({ ...range, type: E820Type.RAM })),
    table,
  );
  for (const { start, end, kind } of map) {
    const readEnd = kind === "unaccepted" ? start : end - (isSetAt(table, end) ? PAGE_SIZE : 0);
    skippedBytes += end - readEnd;
    if (kind !== "unaccepted" || !tellsUnaccepted) {
      descriptorBytes += ((end - readEnd) / PAGE_SIZE) * DESCRIPTOR_BYTES;
    }
    if (readEnd === start) continue;
    const reason = unreadable(platform, { start, end: readEnd }, shared);
    if (reason !== undefined) return { ramBytes, readBytes, skippedBytes, descriptorBytes, reason };
    readBytes += readEnd - start;
  }
  return { ramBytes, readBytes, skippedBytes, descriptorBytes };
}

function isSetAt(table: UnacceptedTable | undefined, address: number): boolean {
  if (table === undefined || address < table.physBase) return false;
  const unit = (address - table.physBase) / table.unitSizeBytes;
  return Number.isInteger(unit) && unit < table.unitCount && table.isSet(unit);
}

/** Why a kernel that takes whole pages for private memory does not survive touching them, if it does not. */
export function unreadable(
  platform: CocoPlatform,
  range: AddressRange,
  shared: readonly AddressRange[],
): string | undefined {
  const bad = shared.find(({ start, end }) => start < range.end && end > range.start);
  if (bad !== undefined) {
    return `0x${Math.max(bad.start, range.start).toString(16)}, which the first kernel left shared with the host`;
  }
  const outcome = platform.access(range.start, range.end);
  if (outcome === "ok") return undefined;
  const what = outcome === "td-exit" ? "the TD is left for good" : "an exception that no kernel handles";
  return `0x${platform.firstUnusable(range.start, range.end).toString(16)}, which is not accepted: ${what}`;
}
