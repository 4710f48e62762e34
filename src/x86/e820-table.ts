/** The e820 table as the kernel edits it before memblock is filled (arch/x86/kernel/e820.c, Linux 6.12). */

import { E820Type } from "../efistub/setup-e820.js";
import { joinNeighbours } from "../firmware/ranges.js";
import type { AddressRange } from "../units.js";

/** Types that only the kernel uses, besides those of the firmware (asm/e820/types.h). */
export const KernelE820Type = {
  /** RAM that holds data the boot loader handed over (setup_data). */
  RESERVED_KERN: 128,
  /** Persistent memory of platforms from before there was a standard; also what `memmap=nn!ss` makes. */
  PRAM: 12,
} as const;
export type KernelE820Type = (typeof KernelE820Type)[keyof typeof KernelE820Type];

/** One entry of the kernel's table: a half-open range of bytes. Tables are ascending and do not overlap. */
export interface KernelE820Entry extends AddressRange {
  readonly type: E820Type | KernelE820Type;
}

/** Memory types that become memblock memory (e820__memblock_setup). */
export function isMemblockMemory(type: KernelE820Entry["type"]): boolean {
  return type === E820Type.RAM || type === KernelE820Type.RESERVED_KERN;
}

/**
 * Gives the parts of a range that have type `from` the type `to`, or takes them out of the table
 * (e820__range_update, e820__range_remove; followed by e820__update_table).
 */
export function retypeRange(
  table: readonly KernelE820Entry[],
  range: AddressRange,
  from: KernelE820Entry["type"],
  to: KernelE820Entry["type"] | undefined,
): KernelE820Entry[] {
  const pieces: KernelE820Entry[] = [];
  for (const entry of table) {
    const start = Math.max(entry.start, range.start);
    const end = Math.min(entry.end, range.end);
    if (entry.type !== from || start >= end) {
      pieces.push(entry);
      continue;
    }
    if (entry.start < start) pieces.push({ ...entry, end: start });
    if (to !== undefined) pieces.push({ start, end, type: to });
    if (end < entry.end) pieces.push({ ...entry, start: end });
  }
  return joinNeighbours(pieces);
}

/** Whether every byte of a range is of one type (e820__mapped_all). */
export function isMappedAll(
  table: readonly KernelE820Entry[],
  { start, end }: AddressRange,
  type: KernelE820Entry["type"],
): boolean {
  let from = start;
  for (const entry of table) {
    if (entry.type === type && entry.start <= from && from < entry.end) from = entry.end;
  }
  return from >= end;
}

/**
 * Sorts a table and resolves what overlaps: the higher type wins (e820__update_table). Neighbours
 * of one type become one entry, but for types whose borders mean something (e820_nomerge).
 */
export function sanitise(table: readonly KernelE820Entry[]): KernelE820Entry[] {
  const borders = [...new Set(table.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  const pieces = borders.flatMap((start, index) => {
    const over = table.filter((entry) => entry.start <= start && start < entry.end);
    if (over.length === 0) return [];
    const { type } = over.reduce((highest, entry) => (entry.type > highest.type ? entry : highest));
    return [{ start, end: borders[index + 1]!, type }];
  });
  return joinNeighbours(
    pieces,
    ({ type }) => type === KernelE820Type.PRAM || type === E820Type.SOFT_RESERVED,
  );
}
