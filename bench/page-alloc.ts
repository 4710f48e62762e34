/** Inner loops of the page allocator beside a minimal one. */

import { initPerZoneWmarkMin } from "../src/page-alloc/boot-stages.js";
import { addFreeRun } from "../src/page-alloc/buddy.js";
import { PageAllocator } from "../src/page-alloc/page-allocator.js";
import { freeUnaccepted } from "../src/page-alloc/unaccepted-list.js";
import { asPage, MAX_ORDER_PAGES, MAX_PAGE_ORDER } from "../src/units.js";
import { LINUX_6_12 } from "../test/linux/releases.js";
import { loopRatio, type Measure } from "./measure.js";
import { PlainBuddy } from "./plain-buddy.js";

const GFP_HIGHUSER_MOVABLE = 0x100cca;
const BLOCK_PAGES = MAX_ORDER_PAGES;
/** 1 GiB of frames that are free, and 4 GiB that are not accepted. */
const FREE_BLOCKS = 256;
const PARKED_BLOCKS = 1024;
const BURST = 4096;
/** Pairs in one measured call, so that the clock is not what is measured. */
const PAIRS = 1000;
const CPU_NODES = [0];

let accepted = 0;
const countingAcceptor = {
  acceptMemory(): void {
    accepted++;
  },
};

/** A machine of one Normal zone that is either all free or all unaccepted, with watermarks as boot sets them. */
function machine(blocks: number, parked: boolean): PageAllocator {
  const pages = blocks * BLOCK_PAGES;
  const allocator = new PageAllocator({
    zones: [{ nodeId: 0, type: 2, name: "Normal", startPfn: 0, endPfn: pages, presentPages: pages }],
    zonelists: [[0]],
    nodeZonelists: [[0]],
    cpus: 1,
    rules: LINUX_6_12,
    acceptor: countingAcceptor,
    pageblockTypes: { typeAt: () => 1 },
  });
  const zone = allocator.zones[0]!;
  zone.managedPages = pages;
  if (parked) freeUnaccepted(zone, 0, blocks, 0);
  else addFreeRun(zone, 0, blocks, 0);
  initPerZoneWmarkMin(allocator, CPU_NODES);
  return allocator;
}

function plain(blocks: number): PlainBuddy {
  const buddy = new PlainBuddy(blocks);
  for (let block = 0; block < blocks; block++) buddy.free(block * BLOCK_PAGES, MAX_PAGE_ORDER);
  return buddy;
}

interface Loops {
  readonly own: () => unknown;
  readonly peer: () => unknown;
}

function pairs(order: number): Loops {
  const allocator = machine(FREE_BLOCKS, false);
  const buddy = plain(FREE_BLOCKS);
  return {
    own: () => {
      let page = 0;
      for (let i = 0; i < PAIRS; i++) {
        page = allocator.allocPages(GFP_HIGHUSER_MOVABLE, order, 0, 0);
        allocator.freePages(asPage(page), order, 0);
      }
      return page;
    },
    peer: () => {
      let page = 0;
      for (let i = 0; i < PAIRS; i++) {
        page = order === 0 ? buddy.takePage() : buddy.take(order);
        if (order === 0) buddy.freePage(page);
        else buddy.free(page, order);
      }
      return page;
    },
  };
}

function bursts(): Loops {
  const allocator = machine(FREE_BLOCKS, false);
  const buddy = plain(FREE_BLOCKS);
  const burst = new Int32Array(BURST);
  return {
    own: () => {
      for (let i = 0; i < BURST; i++) burst[i] = allocator.allocPages(GFP_HIGHUSER_MOVABLE, 0, 0, 0);
      for (let i = 0; i < BURST; i++) allocator.freePages(asPage(burst[i]!), 0, 0);
      return burst[0];
    },
    peer: () => {
      for (let i = 0; i < BURST; i++) burst[i] = buddy.takePage();
      for (let i = 0; i < BURST; i++) buddy.freePage(burst[i]!);
      return burst[0];
    },
  };
}

/** Takes all memory of a fresh machine, whose blocks are accepted on the way. */
function drains(order: number): Loops {
  return {
    own: () => {
      const allocator = machine(PARKED_BLOCKS, true);
      accepted = 0;
      let page = 0;
      while (page >= 0) page = allocator.allocPages(GFP_HIGHUSER_MOVABLE, order, 0, 0);
      if (accepted !== PARKED_BLOCKS) throw new Error(`bench: ${accepted} blocks accepted`);
      return page;
    },
    peer: () => {
      const buddy = plain(PARKED_BLOCKS);
      let page = 0;
      while (page >= 0) page = buddy.take(order);
      return page;
    },
  };
}

export function measures(): readonly Measure[] {
  const cases: Readonly<Record<string, Loops>> = {
    "core/pair-order-0-to-plain": pairs(0),
    "core/pair-order-9-to-plain": pairs(9),
    "core/burst-to-plain": bursts(),
    "core/accept-order-10-to-plain": drains(MAX_PAGE_ORDER),
    "core/accept-order-0-to-plain": drains(0),
  };
  return Object.entries(cases).map(([name, { own, peer }]) => ({
    name,
    goal: "for reading",
    unit: "ratio",
    better: "less",
    peer: "plain buddy lists, bench/plain-buddy.ts",
    sample: () => loopRatio(own, peer),
  }));
}
