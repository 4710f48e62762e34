/**
 * Where an allocation goes: first fit on free byte ranges (mm/memblock.c:
 * __memblock_find_range_top_down, __memblock_find_range_bottom_up; Linux 6.12).
 */
import { type AddressRange, roundDown, roundUp } from "../units.js";

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/**
 * Highest place for `size` bytes in the first range, from the top, that has one. The size is not
 * rounded: only the start is aligned, so what is above it in the range stays free.
 *
 * @param ranges free ranges, descending
 * @param align a power of two
 * @returns the address, or 0
 */
export function findTopDown(
  ranges: Iterable<AddressRange>,
  size: number,
  align: number,
  start: number,
  end: number,
): number {
  for (const range of ranges) {
    const rangeStart = clamp(range.start, start, end);
    const rangeEnd = clamp(range.end, start, end);
    const candidate = roundDown(rangeEnd - size, align);
    if (candidate >= rangeStart) return candidate;
  }
  return 0;
}

/**
 * Lowest place for `size` bytes, used while memblock is bottom-up.
 *
 * @param ranges free ranges, ascending
 * @param align a power of two
 * @returns the address, or 0
 */
export function findBottomUp(
  ranges: Iterable<AddressRange>,
  size: number,
  align: number,
  start: number,
  end: number,
): number {
  for (const range of ranges) {
    const rangeStart = clamp(range.start, start, end);
    const rangeEnd = clamp(range.end, start, end);
    const candidate = roundUp(rangeStart, align);
    if (candidate < rangeEnd && rangeEnd - candidate >= size) return candidate;
  }
  return 0;
}
