import { writeFileSync } from "node:fs";
import { kernelRules } from "../src/linux/kernel-rules.js";
import { initPerZoneWmarkMin } from "../src/page-alloc/boot-stages.js";
import { addFreeRun } from "../src/page-alloc/buddy.js";
import { Gfp, GfpMask, MigrateType, PageAllocator, Watermark } from "../src/page-alloc/index.js";
import { freeUnaccepted } from "../src/page-alloc/unaccepted-list.js";
import { asPage, MAX_ORDER_PAGES } from "../src/units.js";
import { type BootOperations, ORDER_SHIFT, SLOT_MASK, TYPE_SHIFT } from "./boot-operations.js";

/** The machine that the loops of page-alloc.ts and reference/buddy.c run on: one Normal zone, one CPU. */
export interface MachineSize {
  readonly blocks: number;
  /** Of these, accepted and free from the start; the others are parked. */
  readonly freeBlocks: number;
}

const CPU_NODES = [0];

export function coreMachine({ blocks, freeBlocks }: MachineSize): PageAllocator {
  const pages = blocks * MAX_ORDER_PAGES;
  const allocator = new PageAllocator({
    zones: [{ nodeId: 0, type: 2, name: "Normal", startPfn: 0, endPfn: pages, presentPages: pages }],
    zonelists: [[0]],
    nodeZonelists: [[0]],
    cpus: 1,
    rules: kernelRules("6.12").pageAlloc,
    acceptor: { acceptMemory: () => undefined },
    pageblockTypes: { typeAt: () => MigrateType.MOVABLE },
  });
  const zone = allocator.zones[0]!;
  zone.managedPages = pages;
  if (freeBlocks > 0) addFreeRun(zone, 0, freeBlocks, 0);
  if (freeBlocks < blocks) freeUnaccepted(zone, freeBlocks, blocks - freeBlocks, 0);
  initPerZoneWmarkMin(allocator, CPU_NODES);
  return allocator;
}

/** Writes what reference/buddy.c reads: the machine as it is after boot, and the operations. */
export function writeForC(
  path: string,
  { blocks, freeBlocks }: MachineSize,
  operations: BootOperations,
): void {
  const [zone] = coreMachine({ blocks, freeBlocks }).zones;
  const { batch, highMin, highMax } = zone!.pcp[0]!;
  const marks = [Watermark.LOW, Watermark.HIGH, Watermark.PROMO].map((mark) => zone!.watermark[mark]!);
  const { words, slots } = operations;
  const header = Int32Array.of(words.length, slots, blocks, freeBlocks, ...marks, batch, highMin, highMax);
  writeFileSync(path, Buffer.concat([Buffer.from(header.buffer), Buffer.from(words.buffer)]));
}

/** By migrate type: unmovable, movable, reclaimable. */
const GFP_OF_TYPE: Int32Array = Int32Array.of(
  GfpMask.KERNEL,
  GfpMask.HIGHUSER_MOVABLE,
  GfpMask.KERNEL | Gfp.RECLAIMABLE,
);

/** The same operations where all memory is movable. */
export function ofOneType({ words, ...rest }: BootOperations): BootOperations {
  const keep = ~(3 << TYPE_SHIFT);
  return { ...rest, words: words.map((word) => (word & keep) | (MigrateType.MOVABLE << TYPE_SHIFT)) };
}

/** @returns a hash of all page frame numbers handed out, in turn */
export function runOperations(allocator: PageAllocator, { words, slots }: BootOperations): number {
  const pages = new Int32Array(slots);
  const { frames } = allocator;
  let hash = 0;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]! | 0;
    const order = (word >> ORDER_SHIFT) & 15;
    const slot = word & SLOT_MASK;
    if (word < 0) {
      allocator.freePages(asPage(pages[slot]!), order, 0);
      continue;
    }
    const page = allocator.allocPages(GFP_OF_TYPE[(word >> TYPE_SHIFT) & 3]!, order, 0, 0);
    pages[slot] = page;
    hash = (Math.imul(hash, 31) + frames.pfnOf(asPage(page))) | 0;
  }
  return hash >>> 0;
}
