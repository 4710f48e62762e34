import { chanceAt } from "../sim/prng.js";
import { MAX_PAGE_ORDER, type Page } from "../units.js";
import { detachFromRun } from "./buddy.js";
import { MigrateType } from "./migratetype.js";
import type { Zone } from "./zone.js";

/**
 * Puts the free blocks of 4 MiB of a zone into a random order (6.12 mm/shuffle.c: __shuffle_zone, with
 * CONFIG_SHUFFLE_PAGE_ALLOCATOR). The kernel swaps each with a random other one of its migrate type; here
 * each order is as likely as any other. Blocks that are not accepted yet are on no free list and stay.
 *
 * @param seed 0 to 2^32 - 1
 */
export function shuffleZone(zone: Zone, seed: number): void {
  const { frames } = zone;
  const list = zone.list(MAX_PAGE_ORDER, MigrateType.MOVABLE);
  const blocks: Page[] = [];
  for (let node = frames.next[list]!; node !== list; node = frames.next[list]!) {
    const block = frames.isRange(node)
      ? detachFromRun(zone, node, frames.firstBlock(node), MigrateType.MOVABLE)
      : node;
    frames.unlink(block);
    blocks.push(block);
  }
  for (let last = blocks.length - 1; last > 0; last--) {
    const other = Math.floor(chanceAt(seed, zone.index * 2 ** 32 + last) * (last + 1));
    [blocks[last], blocks[other]] = [blocks[other]!, blocks[last]!];
  }
  for (const block of blocks) frames.addTail(list, block);
}
