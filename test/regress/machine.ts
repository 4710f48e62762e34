import type { PageAllocRules } from "../../src/linux/rules.js";
import { addFreeRun } from "../../src/page-alloc/buddy.js";
import type { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { freeUnaccepted } from "../../src/page-alloc/unaccepted-list.js";
import { oneZone } from "../page-alloc/machine.js";

/** A zone under one kernel's rules, with the numbers of the 4 MiB blocks it has accepted so far. */
export interface LazyZone {
  readonly a: PageAllocator;
  readonly accepted: number[];
}

/** One zone: first blocks that are accepted and free, then blocks that nobody has accepted. */
export function lazyZone(rules: PageAllocRules, freeBlocks: number, unacceptedBlocks: number): LazyZone {
  const accepted: number[] = [];
  const a = oneZone(freeBlocks + unacceptedBlocks, {
    rules,
    free: false,
    acceptor: { acceptMemory: (start) => accepted.push(start / (4 * 2 ** 20)) },
  });
  const zone = a.zones[0]!;
  if (freeBlocks > 0) addFreeRun(zone, 0, freeBlocks, 0);
  freeUnaccepted(zone, freeBlocks, unacceptedBlocks, 0);
  return { a, accepted };
}
