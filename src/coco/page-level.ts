import { GiB, MiB, PAGE_SIZE } from "../units.js";

/** Size of a page or of a leaf in a page table: 0 is 4 KiB, 1 is 2 MiB, 2 is 1 GiB. */
export type PageLevel = 0 | 1 | 2;

/** Pages of 4 KiB in a leaf of each level, and in what one table of the highest level spans. */
export const LEVEL_PAGES: readonly [number, number, number, number] = [1, 512, 512 ** 2, 512 ** 3];

/** The level of a page size in bytes: 4 KiB, 2 MiB or 1 GiB. */
export function pageLevel(sizeBytes: number): PageLevel {
  if (sizeBytes === PAGE_SIZE) return 0;
  if (sizeBytes === 2 * MiB) return 1;
  if (sizeBytes === GiB) return 2;
  throw new Error(`coco: no page table has pages of ${sizeBytes} bytes.`);
}

/**
 * Page frames [start, end) of a range of physical addresses, which must begin and
 * end on page boundaries.
 */
export function pageRange(start: number, end: number): [start: number, end: number] {
  const onPages = start % PAGE_SIZE === 0 && end % PAGE_SIZE === 0;
  if (!onPages || start < 0 || end < start) {
    throw new Error(`coco: [${start}, ${end}) is not a range of pages.`);
  }
  return [start / PAGE_SIZE, end / PAGE_SIZE];
}
