import { suite } from "uvu";
import * as assert from "uvu/assert";
import { addFreeRun } from "../../src/page-alloc/buddy.js";
import { failureReport } from "../../src/page-alloc/failure-report.js";
import { Gfp, GfpMask } from "../../src/page-alloc/gfp.js";
import { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { LINUX_6_12 } from "../linux/releases.js";
import { beforeAndAfter, TraceText } from "../regress/guests.js";
import { allocPfn, oneZone } from "./machine.js";

const test = suite("page-alloc: failure report");

const BLOCK = 1024;

/** DMA32, Normal and Movable of 4 blocks of 4 MiB each on node 0, all free, and 8 blocks of Normal on node 1. */
function fourZones(): PageAllocator {
  const zone = (nodeId: number, type: 1 | 2 | 3, name: string, block: number, blocks: number) => ({
    nodeId,
    type,
    name,
    startPfn: block * BLOCK,
    endPfn: (block + blocks) * BLOCK,
    presentPages: blocks * BLOCK,
  });
  const allocator = new PageAllocator({
    zones: [
      zone(0, 1, "DMA32", 0, 4),
      zone(0, 2, "Normal", 4, 4),
      zone(0, 3, "Movable", 8, 4),
      zone(1, 2, "Normal", 12, 8),
    ],
    zonelists: [
      [2, 1, 0, 3],
      [3, 2, 1, 0],
    ],
    nodeZonelists: [[2, 1, 0], [3]],
    cpus: 1,
    rules: LINUX_6_12,
    acceptor: { acceptMemory: () => {} },
    pageblockTypes: { typeAt: () => 1 },
  });
  for (const one of allocator.zones) {
    one.managedPages = one.presentPages;
    addFreeRun(one, one.startPfn / BLOCK, one.presentPages / BLOCK, 0);
  }
  return allocator;
}

/** Asks until nothing is left. @returns what is said of the last request */
function exhausted(allocator: PageAllocator, gfp: number, order = 0): string {
  while (allocPfn(allocator, gfp, order) >= 0);
  return failureReport(allocator, gfp, order, 0);
}

test("free memory of a zone that the gfp does not reach stands apart, with the reason", () => {
  assert.is(
    exhausted(fourZones(), GfpMask.KERNEL),
    "order 0 (4 KiB), GFP_KERNEL, found no page (would reclaim): it may use " +
      "Normal of node 1 0 B free, nothing to spare; Normal of node 0 0 B free, nothing to spare; " +
      "DMA32 of node 0 0 B free, nothing to spare; " +
      "and not: Movable of node 0 16 MiB free, for requests with __GFP_HIGHMEM|__GFP_MOVABLE alone",
  );
});

test("a gfp that ends below, and one for a node", () => {
  const report = exhausted(fourZones(), GfpMask.KERNEL | Gfp.DMA32 | Gfp.THISNODE);
  assert.match(report, "it may use DMA32 of node 0 0 B free, nothing to spare; and not: ");
  assert.match(report, "Normal of node 1 32 MiB free, __GFP_THISNODE is for node 0; ");
  assert.match(report, "Normal of node 0 16 MiB free, above DMA32, where the gfp ends");
});

test("what a watermark and the lowmem reserve keep is said in bytes", () => {
  const allocator = fourZones();
  allocator.nodes.setupLowmemReserve();
  for (const zone of allocator.zones) zone.watermark.set([256, 320, 384, 448]);
  const report = exhausted(allocator, GfpMask.HIGHUSER_MOVABLE);
  // 32 MiB above DMA32 on its node, of which 1/256 is kept for requests that end there.
  assert.match(report, "DMA32 of node 0 ");
  assert.match(report, "of which it has to leave 1 MiB min watermark and 128 KiB lowmem reserve");
  assert.not.match(report, "and not");
});

test("memory that is free in smaller blocks alone", () => {
  const allocator = oneZone(1);
  const pages = Array.from({ length: BLOCK }, () => allocPfn(allocator, GfpMask.KERNEL, 0));
  for (const pfn of pages.filter((_pfn, at) => at % 2 === 0)) {
    allocator.freePages(allocator.frames.pageOf(pfn as never) as never, 0, 0);
  }
  assert.is(
    exhausted(allocator, GfpMask.KERNEL, 9),
    "order 9 (2 MiB), GFP_KERNEL, found no page (would reclaim): it may use Normal 2 MiB free, no free block of 2 MiB that it may take",
  );
});

test("a guest that runs out says so, with what is unaccepted", () => {
  const trace = new TraceText();
  for (let page = 0; page < 200_000; page++) trace.alloc(0, "GFP_KERNEL", 0);
  const [run] = trace.use((workload) =>
    beforeAndAfter(["6.12", "6.12"], "memory=2GiB", "guest.commandLine=kernelcore=512M", workload),
  );
  assert.is(run!.outcome, "oom");
  assert.match(
    run!.reason!,
    /^request \d+ of order 0 \(4 KiB\), GFP_KERNEL, found no page \(would reclaim\): it may use .*DMA .*; and not: Movable 1\.\d+ GiB free, for requests with/,
  );
});

test.run();
