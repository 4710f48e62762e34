import type { MemblockType } from "../../src/memblock/regions.js";
import { MiB } from "../../src/units.js";

export const SZ_1K = 1024;
export const SZ_4K = 4 * SZ_1K;
export const SZ_1M = MiB;

/** Regions as [base, end) pairs. */
export function ranges(type: MemblockType): [start: number, end: number][] {
  return type.regions.map((region) => [region.base, region.base + region.size]);
}

/** The same from any iterable of ranges. */
export function pairs(list: Iterable<{ start: number; end: number }>): [start: number, end: number][] {
  return Array.from(list, ({ start, end }) => [start, end]);
}
