/**
 * Inner loops of the page allocator beside a minimal one: `node --import tsx bench/page-alloc.ts`.
 * Each summary ends with how much slower the modelled kernel is than the plain buddy lists.
 */
import { bench, do_not_optimize, run, summary } from "mitata";
import { initPerZoneWmarkMin } from "../src/page-alloc/boot-stages.js";
import { addFreeRun } from "../src/page-alloc/buddy.js";
import { PageAllocator } from "../src/page-alloc/page-allocator.js";
import { freeUnaccepted } from "../src/page-alloc/unaccepted-list.js";
import { asPage, MAX_ORDER_PAGES, MAX_PAGE_ORDER } from "../src/units.js";
import { LINUX_6_12 } from "../test/linux/releases.js";
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

const burst = new Int32Array(BURST);

function benchPairs(): void {
  const allocator = machine(FREE_BLOCKS, false);
  const buddy = plain(FREE_BLOCKS);
  summary(() => {
    bench(`order 0, ${PAIRS} times taken and freed, plain buddy`, () => {
      let page = 0;
      for (let i = 0; i < PAIRS; i++) {
        page = buddy.takePage();
        buddy.freePage(page);
      }
      return do_not_optimize(page);
    }).baseline(true);
    bench(`order 0, ${PAIRS} times taken and freed, page-alloc`, () => {
      let page = 0;
      for (let i = 0; i < PAIRS; i++) {
        page = allocator.allocPages(GFP_HIGHUSER_MOVABLE, 0, 0, 0);
        allocator.freePages(asPage(page), 0, 0);
      }
      return do_not_optimize(page);
    });
  });
  summary(() => {
    bench(`order 9, ${PAIRS} times taken and freed, plain buddy`, () => {
      let page = 0;
      for (let i = 0; i < PAIRS; i++) {
        page = buddy.take(9);
        buddy.free(page, 9);
      }
      return do_not_optimize(page);
    }).baseline(true);
    bench(`order 9, ${PAIRS} times taken and freed, page-alloc`, () => {
      let page = 0;
      for (let i = 0; i < PAIRS; i++) {
        page = allocator.allocPages(GFP_HIGHUSER_MOVABLE, 9, 0, 0);
        allocator.freePages(asPage(page), 9, 0);
      }
      return do_not_optimize(page);
    });
  });
}

function benchBurst(): void {
  const allocator = machine(FREE_BLOCKS, false);
  const buddy = plain(FREE_BLOCKS);
  summary(() => {
    bench(`order 0, ${BURST} taken then freed, plain buddy`, () => {
      for (let i = 0; i < BURST; i++) burst[i] = buddy.takePage();
      for (let i = 0; i < BURST; i++) buddy.freePage(burst[i]!);
      return do_not_optimize(burst[0]);
    }).baseline(true);
    bench(`order 0, ${BURST} taken then freed, page-alloc`, () => {
      for (let i = 0; i < BURST; i++) burst[i] = allocator.allocPages(GFP_HIGHUSER_MOVABLE, 0, 0, 0);
      for (let i = 0; i < BURST; i++) allocator.freePages(asPage(burst[i]!), 0, 0);
      return do_not_optimize(burst[0]);
    });
  });
}

/** Takes all memory of a fresh machine in 4 MiB blocks, which are accepted on the way. */
function benchAccept(): void {
  summary(() => {
    bench(`fresh machine, all ${PARKED_BLOCKS} blocks of order 10, plain buddy`, () => {
      const buddy = plain(PARKED_BLOCKS);
      let page = 0;
      for (let i = 0; i < PARKED_BLOCKS; i++) page = buddy.take(MAX_PAGE_ORDER);
      return do_not_optimize(page);
    }).baseline(true);
    bench(`fresh machine, ${PARKED_BLOCKS} blocks accepted and taken, page-alloc`, () => {
      const allocator = machine(PARKED_BLOCKS, true);
      accepted = 0;
      let page = 0;
      while (page >= 0) page = allocator.allocPages(GFP_HIGHUSER_MOVABLE, MAX_PAGE_ORDER, 0, 0);
      if (accepted !== PARKED_BLOCKS) throw new Error(`bench: ${accepted} blocks accepted`);
      return do_not_optimize(page);
    });
  });
  summary(() => {
    bench(`fresh machine, all pages of ${PARKED_BLOCKS} blocks taken singly, plain buddy`, () => {
      const buddy = plain(PARKED_BLOCKS);
      let page = 0;
      for (let i = 0; i < PARKED_BLOCKS * BLOCK_PAGES; i++) page = buddy.take(0);
      return do_not_optimize(page);
    }).baseline(true);
    bench(`fresh machine, ${PARKED_BLOCKS} blocks accepted, their pages taken singly, page-alloc`, () => {
      const allocator = machine(PARKED_BLOCKS, true);
      accepted = 0;
      let page = 0;
      while (page >= 0) page = allocator.allocPages(GFP_HIGHUSER_MOVABLE, 0, 0, 0);
      if (accepted !== PARKED_BLOCKS) throw new Error(`bench: ${accepted} blocks accepted`);
      return do_not_optimize(page);
    });
  });
}

/** Registers the benches with mitata; its run() runs them. */
export function benchPageAlloc(): void {
  benchPairs();
  benchBurst();
  benchAccept();
}

if (process.argv[1] === import.meta.filename) {
  benchPageAlloc();
  await run();
}
