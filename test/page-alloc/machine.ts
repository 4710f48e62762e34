import type { PageAllocRules } from "../../src/linux/rules.js";
import { addFreeRun } from "../../src/page-alloc/buddy.js";
import { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import type { MemoryAcceptor } from "../../src/page-alloc/unaccepted-list.js";
import type { Zone } from "../../src/page-alloc/zone.js";
import { asPage, asPfn } from "../../src/units.js";
import { LINUX_6_12 } from "../linux/releases.js";

/** A machine of one Normal zone from pfn 0, all of it free and movable, for tests of single rules. */
export function oneZone(
  blocks: number,
  options: { cpus?: number; rules?: PageAllocRules; acceptor?: MemoryAcceptor; free?: boolean } = {},
): PageAllocator {
  const allocator = new PageAllocator({
    zones: [
      { nodeId: 0, type: 2, name: "Normal", startPfn: 0, endPfn: blocks * 1024, presentPages: blocks * 1024 },
    ],
    zonelists: [[0]],
    nodeZonelists: [[0]],
    cpus: options.cpus ?? 1,
    rules: options.rules ?? LINUX_6_12,
    acceptor: options.acceptor ?? { acceptMemory: () => assertNever() },
    pageblockTypes: { typeAt: () => 1 },
  });
  const zone = allocator.zones[0]!;
  zone.managedPages = blocks * 1024;
  if (options.free !== false) addFreeRun(zone, 0, blocks, 0);
  return allocator;
}

function assertNever(): never {
  throw new Error("nothing should be accepted in this test");
}

/** Frame numbers of the blocks on a free list, head first. */
export function listed(
  allocator: PageAllocator,
  order: number,
  type: number,
  zone: Zone = allocator.zones[0]!,
): number[] {
  const { frames } = allocator;
  const pfns: number[] = [];
  const list = zone.list(order, type);
  for (let node = frames.next[list]!; node !== list; node = frames.next[node]!) {
    if (!frames.isRange(node)) {
      pfns.push(frames.pfnOf(node));
      continue;
    }
    const slot = node - frames.firstRangeNode;
    for (let i = 0; i < frames.rangeCount[slot]!; i++) pfns.push((frames.rangeStart[slot]! + i) * 1024);
  }
  return pfns;
}

/** Order-0 GFP_KERNEL and GFP_HIGHUSER_MOVABLE requests. */
export const GFP_KERNEL = 0xcc0;
export const GFP_HIGHUSER_MOVABLE = 0x100cca;

/** Allocates and gives the frame number, -1 on failure. */
export function allocPfn(allocator: PageAllocator, gfp: number, order: number, cpu = 0): number {
  const page = allocator.allocPages(gfp, order, 0, cpu);
  return page < 0 ? -1 : allocator.frames.pfnOf(asPage(page));
}

export function freePfn(allocator: PageAllocator, pfn: number, order: number, cpu = 0): void {
  allocator.freePages(asPage(allocator.frames.pageOf(asPfn(pfn))), order, cpu);
}
