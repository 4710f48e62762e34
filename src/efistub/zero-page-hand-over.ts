/** Memory as told by a firmware that starts the kernel itself, without UEFI (td-shim). */

import type { BootServices } from "../firmware/boot-services.js";
import { EfiMemoryType } from "../firmware/efi-memory-map.js";
import { type AddressRange, asPhys, UNIT_SIZE } from "../units.js";
import type { StubOutcome, UnacceptedSupport } from "./exit-boot-services.js";
import { setupE820 } from "./setup-e820.js";
import { type ArchAccept, UnacceptedTable } from "./unaccepted-table.js";

/** Size of td-shim's bitmap: for 4 TiB (td-layout: UnacceptedMemoryBitmap). */
const BITMAP_BYTES = 0x40000;

/**
 * The firmware makes the bitmap, accepts what does not fill a bit, and reports all memory as RAM. A
 * kernel that does not look into the zero page for a bitmap takes it all for accepted.
 */
export function handOverInZeroPage(
  boot: BootServices,
  kernel: UnacceptedSupport,
  arch: ArchAccept,
): StubOutcome {
  const { descriptors } = boot.getMemoryMap();
  const unaccepted = descriptors.filter(({ type }) => type === EfiMemoryType.UNACCEPTED);
  const table = new UnacceptedTable(0, BITMAP_BYTES);
  if (unaccepted.some(({ end }) => end > table.unitCount * UNIT_SIZE)) {
    return { outcome: "stopped", reason: "the firmware's bitmap of 256 KiB ends at 4 TiB" };
  }
  const pages = boot.allocatePages(EfiMemoryType.LOADER_DATA, BITMAP_BYTES, Number.POSITIVE_INFINITY);
  if (pages === undefined) {
    return {
      outcome: "out-of-resources",
      reason: "the memory that the firmware accepted has no room for its bitmap",
    };
  }
  for (const range of unaccepted) record(table, range, arch);
  const { entries, extEntries } = setupE820(
    boot.getMemoryMap().descriptors.map(({ type, start, end }) => ({
      type: type === EfiMemoryType.UNACCEPTED ? EfiMemoryType.CONVENTIONAL : type,
      start,
      end,
    })),
    0,
    undefined,
    arch,
  );
  const map = {
    outcome: "exited",
    finalMap: [],
    memoryMap: undefined,
    entries,
    extEntries,
    lostBytes: 0,
    tableInRam: true,
  } as const;
  const unknownBytes = table.countSet() * UNIT_SIZE;
  if (unknownBytes === 0 || kernel !== "zero-page") {
    return { ...map, table: undefined, tableRange: undefined, unknownBytes };
  }
  const tableRange = { start: pages.start, end: pages.start + BITMAP_BYTES };
  return { ...map, table, tableRange, unknownBytes: 0 };
}

/** Sets the bits of a range and accepts its ends (td-shim memory.rs: build_unaccepted_memory_bitmap). */
function record(table: UnacceptedTable, { start, end }: AddressRange, arch: ArchAccept): void {
  if (end - start < UNIT_SIZE) {
    arch.acceptMemory(asPhys(start), asPhys(end));
    return;
  }
  const first = Math.ceil(start / UNIT_SIZE);
  const last = Math.floor(end / UNIT_SIZE);
  if (start < first * UNIT_SIZE) arch.acceptMemory(asPhys(start), asPhys(first * UNIT_SIZE));
  if (last * UNIT_SIZE < end) arch.acceptMemory(asPhys(last * UNIT_SIZE), asPhys(end));
  if (first < last) table.setRange(first, last);
}
