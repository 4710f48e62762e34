import { subtractRanges } from "../../firmware/ranges.js";
import { type AddressRange, MiB, PAGE_SIZE, roundDown, roundUp } from "../../units.js";
import type { TdxModuleHost } from "./plan.js";

/** Why the host cannot use its TDX module, as a sentence: an outcome of the start, not a bug. */
export class TdxModuleError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "TdxModuleError";
  }
}

export function printRange({ start, end }: AddressRange): string {
  return `[0x${start.toString(16)}, 0x${end.toString(16)})`;
}

/**
 * The memory that the host knows of when its module starts, which may be long after the boot (Kai Huang,
 * "[PATCH v6 04/21] x86/virt/tdx: Use all boot-time system memory as TDX memory", October 2022, took a
 * snapshot; 6.12 arch/x86/virt/vmx/tdx/tdx.c: build_tdx_memlist reads memblock, which
 * CONFIG_INTEL_TDX_HOST keeps).
 *
 * @throws TdxModuleError if nothing is left to read
 */
export function knownMemory({ memory, listFrom, removed }: TdxModuleHost): TdxModuleHost["memory"] {
  if (listFrom === "snapshot") return memory;
  if (listFrom === "discarded") {
    throw new TdxModuleError(
      "Memblock was discarded after the boot, and nobody took a snapshot of it: there is no memory to name.",
    );
  }
  return without(memory, goneBefore(removed));
}

export function goneBefore(removed: TdxModuleHost["removed"]): AddressRange[] {
  return removed.filter(({ when }) => when === "before");
}

export function without<Range extends AddressRange>(
  ranges: readonly Range[],
  gone: readonly AddressRange[],
): Range[] {
  return ranges.flatMap((one) => subtractRanges([one], gone).map((left) => ({ ...one, ...left })));
}

/** A range of memory that the host wants to use for TDX, with its NUMA node (struct tdx_memblock). */
export interface TdxMemblock extends AddressRange {
  readonly nodeId: number;
}

/**
 * The memory that the page allocator could hand to a TDX guest: all that memblock knows, free or
 * not, in whole pages, ascending, without the first 1 MiB, which is no convertible memory on some
 * platforms and never reaches the allocator (6.12 arch/x86/virt/vmx/tdx/tdx.c: build_tdx_memlist).
 *
 * @param memory ascending and disjoint, as memblock keeps it
 * @throws TdxModuleError if it is not
 */
export function buildMemoryList(memory: TdxModuleHost["memory"]): TdxMemblock[] {
  const list: TdxMemblock[] = [];
  let previousEnd = 0;
  for (const { start, end, nodeId } of memory) {
    if (start < previousEnd || end <= start) {
      throw new TdxModuleError(`Memory ${printRange({ start, end })} is not an ascending range of its own.`);
    }
    previousEnd = end;
    const block = { start: Math.max(roundUp(start, PAGE_SIZE), MiB), end: roundDown(end, PAGE_SIZE), nodeId };
    if (block.start < block.end) list.push(block);
  }
  if (list.length === 0) throw new TdxModuleError("There is no memory above the first 1 MiB.");
  return list;
}

/**
 * The module refuses memory that the platform cannot protect (TDH.SYS.CONFIG). Only then, late,
 * does Linux learn of it.
 *
 * @param convertible convertible memory regions (CMRs), in any order
 * @throws TdxModuleError with the first part outside
 */
export function requireConvertible(list: readonly TdxMemblock[], convertible: readonly AddressRange[]): void {
  const regions = [...convertible].sort((a, b) => a.start - b.start);
  for (const { start, end } of list) {
    let position = start;
    for (const region of regions) {
      if (region.start <= position) position = Math.max(position, region.end);
    }
    if (position >= end) continue;
    const next = regions.find((region) => region.start > position)?.start ?? end;
    const outside = printRange({ start: position, end: Math.min(next, end) });
    throw new TdxModuleError(`Memory ${outside} lies outside all convertible memory regions (CMRs).`);
  }
}
