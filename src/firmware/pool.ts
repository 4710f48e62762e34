/**
 * Where the firmware puts what is asked for by its size: behind a head, in blocks of a few sizes that
 * pages are carved into, or in pages of its own (edk2 MdeModulePkg/Core/Dxe/Mem/Pool.c:
 * CoreAllocatePoolI, 2026-08). Checked against the addresses of the random seed in 53 boot logs of
 * OVMF, which all end in 018 (recorded 2026-11).
 */

import { type AddressRange, PAGE_SIZE, roundUp } from "../units.js";

/** Bytes in front of and behind every allocation (POOL_HEAD, POOL_TAIL). */
const HEAD_BYTES = 24;
const TAIL_BYTES = 16;
/** Sizes of blocks that a page is carved into, ascending (mPoolSizeTable). */
const BLOCK_BYTES: readonly number[] = [128, 256, 384, 640, 1024, 1664, 2688];

/** Pools of one memory type. */
export class Pool {
  readonly #allocatePages: (sizeBytes: number) => AddressRange | undefined;
  /** For each size of block the free ones, the last one freed at the end. */
  readonly #free: number[][] = BLOCK_BYTES.map(() => []);

  /** @param allocatePages whole pages of that type; undefined when there are none */
  constructor(allocatePages: (sizeBytes: number) => AddressRange | undefined) {
    this.#allocatePages = allocatePages;
  }

  /** @returns where it lies, byte by byte; undefined when there is no memory */
  allocate(sizeBytes: number): AddressRange | undefined {
    const wanted = roundUp(sizeBytes, 8) + HEAD_BYTES + TAIL_BYTES;
    const fits = BLOCK_BYTES.findIndex((size) => size >= wanted);
    const block = fits < 0 ? this.#allocatePages(wanted)?.start : this.#takeBlock(fits);
    if (block === undefined) return undefined;
    return { start: block + HEAD_BYTES, end: block + HEAD_BYTES + sizeBytes };
  }

  /** A free block of that size, or the head of the smallest larger one, or of a page. */
  #takeBlock(index: number): number | undefined {
    for (let from = index; from < BLOCK_BYTES.length; from++) {
      const block = this.#free[from]!.pop();
      if (block === undefined) continue;
      this.#carve(block + BLOCK_BYTES[index]!, block + BLOCK_BYTES[from]!);
      return block;
    }
    const page = this.#allocatePages(PAGE_SIZE);
    if (page === undefined) return undefined;
    this.#carve(page.start + BLOCK_BYTES[index]!, page.end);
    return page.start;
  }

  /** Makes blocks of what is left, the largest first. */
  #carve(start: number, end: number): void {
    let next = start;
    for (let index = BLOCK_BYTES.length - 1; index >= 0; index--) {
      for (; next + BLOCK_BYTES[index]! <= end; next += BLOCK_BYTES[index]!) this.#free[index]!.push(next);
    }
  }
}
