// Takes 1 s.
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { memmapInit, pageblocksWithoutHead, withoutReservedHeads } from "../../src/mm/memmap.js";
import { type NodeSpan, nodeSpans, ZoneType } from "../../src/mm/zones.js";
import { type MemoryRegion, nodePfnRanges, RECORDED_MEMORY } from "./recorded-machines.js";

const test = suite("mm: memmap");

function init(
  memory: readonly { startPfn: number; endPfn: number; nid: number }[],
): ReturnType<typeof memmapInit> {
  return memmapInit(nodeSpans(memory), memory, true);
}

/** One zone, not cut at 16 MiB and 4 GiB as those of real machines are. */
function singleZone(memory: readonly { startPfn: number; endPfn: number; nid: number }[]): NodeSpan[] {
  const span = { startPfn: memory[0]!.startPfn, endPfn: memory.at(-1)!.endPfn };
  const zone = { nodeId: 0, type: ZoneType.NORMAL, name: "Normal", ...span, presentPages: 1 };
  return [{ nid: 0, ...span, zones: [zone] }];
}

function firstDeferred(startPfn: number, endPfn: number, ...more: [number, number][]): number {
  const memory = [[startPfn, endPfn] as const, ...more].map(([start, end]) => ({
    startPfn: start,
    endPfn: end,
    nid: 0,
  }));
  return memmapInit(singleZone(memory), memory, true).firstDeferredPfn.get(0)!;
}

test("one section of the last zone is initialised at boot", () => {
  assert.is(firstDeferred(0x100000, 0x480000), 0x108000);
});

test("a node below 4 GiB defers inside DMA32", () => {
  const memory = [
    { startPfn: 1, endPfn: 0xa0, nid: 0 },
    { startPfn: 0x100, endPfn: 0x80000, nid: 0 },
  ];
  assert.is(init(memory).firstDeferredPfn.get(0), 0x10000);
});

test("a zone that begins inside a section goes on to the boundary after a whole one", () => {
  assert.is(firstDeferred(0x100800, 0x480000), 0x110000);
});

test("holes do not count towards the section", () => {
  assert.is(firstDeferred(0x100000, 0x104000, [0x110000, 0x200000]), 0x118000);
});

test("a last zone of at most one section is complete", () => {
  assert.is(firstDeferred(0x100000, 0x108000), Number.POSITIVE_INFINITY);
});

test("a kernel without deferral initialises everything", () => {
  const memory = nodePfnRanges(RECORDED_MEMORY.fourGiB);
  const result = memmapInit(nodeSpans(memory), memory, false);
  assert.is(result.firstDeferredPfn.get(0), Number.POSITIVE_INFINITY);
  assert.is(result.initialisedPages, 1048446);
});

test("every node defers its own last zone", () => {
  const { firstDeferredPfn } = init(nodePfnRanges(RECORDED_MEMORY.twoNodes));
  assert.equal(
    [...firstDeferredPfn],
    [
      [0, 0x10000],
      [1, 0x108000],
    ],
  );
});

test("lower zones are initialised whole", () => {
  // DMA 3998 pages, DMA32 520160, and a section of Normal.
  assert.is(init(nodePfnRanges(RECORDED_MEMORY.fourGiB)).initialisedPages, 3998 + 520160 + 32768);
});

function unavailable(memory: readonly MemoryRegion[]): string[] {
  const list = init(nodePfnRanges(memory)).unavailable;
  return list.map(({ zone, pages }) => `On node ${zone.nodeId}, zone ${zone.name}: ${pages}`);
}

// dmesg: "pages in unavailable ranges" of the recorded boots.
test("a hole belongs to the zone behind it, as far as its sections are present", () => {
  const low = ["On node 0, zone DMA: 1", "On node 0, zone DMA: 97"];
  assert.equal(unavailable(RECORDED_MEMORY.fourGiB), [...low, "On node 0, zone Normal: 32"]);
  assert.equal(unavailable(RECORDED_MEMORY.twoNodes), [...low, "On node 1, zone Normal: 32"]);
});

test("the hole at the end belongs to the last zone", () => {
  const low = ["On node 0, zone DMA: 1", "On node 0, zone DMA: 97"];
  assert.equal(unavailable(RECORDED_MEMORY.twoGiB), [...low, "On node 0, zone DMA32: 32"]);
  assert.equal(unavailable(RECORDED_MEMORY.oneGiB), [...low, "On node 0, zone DMA32: 32"]);
});

test("a pageblock whose first page is missing stays unmovable", () => {
  const { unmovable } = init([{ startPfn: 0x100100, endPfn: 0x101000, nid: 0 }]);
  assert.equal(unmovable, [{ startPfn: 0x100000, endPfn: 0x100200 }]);
});

// Allocator snapshot of the recorded guest: one unmovable block in front of seven movable ones
// in DMA, 1016 movable ones in DMA32, and beyond memory blocks without sections.
test("the pageblock of page 0, the hole below 4 GiB and deferred ones are unmovable", () => {
  assert.equal(init(nodePfnRanges(RECORDED_MEMORY.fourGiB)).unmovable, [
    { startPfn: 0, endPfn: 0x200 },
    { startPfn: 0x80000, endPfn: 0x100000 },
    { startPfn: 0x108000, endPfn: 0x180000 },
  ]);
});

test("a range inside one pageblock gives it a type only with its first page", () => {
  const span = { startPfn: 0x400, endPfn: 0xa00 };
  const ranges = [
    { startPfn: 0x410, endPfn: 0x420 },
    { startPfn: 0x600, endPfn: 0x601 },
    { startPfn: 0x900, endPfn: 0xa00 },
  ];
  assert.equal(pageblocksWithoutHead(span, ranges), [
    { startPfn: 0x400, endPfn: 0x600 },
    { startPfn: 0x800, endPfn: 0xa00 },
  ]);
});

const randomMemory = fc
  .array(fc.record({ gap: fc.nat(0x7000), pages: fc.integer({ min: 1, max: 0xa000 }), nid: fc.nat(1) }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((pieces) => {
    let pfn = 0xf8000;
    return pieces.map(({ gap, pages, nid }) => {
      const startPfn = pfn + gap;
      pfn = startPfn + pages;
      return { startPfn, endPfn: pfn, nid };
    });
  });

/** defer_init() asked for every page frame, and the first pages of the pageblocks that were initialised. */
function pageByPage(
  nodes: readonly NodeSpan[],
  memory: readonly { startPfn: number; endPfn: number; nid: number }[],
): { deferred: Map<number, number>; heads: Set<number>; pages: number } {
  const deferred = new Map(nodes.map((node) => [node.nid, Number.POSITIVE_INFINITY]));
  const heads = new Set<number>();
  let pages = 0;
  let previousEnd = 0;
  let initialised = 0;
  for (const range of memory) {
    const node = nodes.find((candidate) => candidate.nid === range.nid)!;
    for (const zone of node.zones) {
      for (
        let pfn = Math.max(range.startPfn, zone.startPfn);
        pfn < Math.min(range.endPfn, zone.endPfn);
        pfn++
      ) {
        if (zone.endPfn >= node.endPfn) {
          if (deferred.get(node.nid)! <= pfn) break;
          if (previousEnd !== zone.endPfn) {
            previousEnd = zone.endPfn;
            initialised = 0;
          }
          initialised++;
          if (initialised > 32768 && pfn % 32768 === 0) {
            deferred.set(node.nid, pfn);
            break;
          }
        }
        pages++;
        if (pfn % 512 === 0) heads.add(pfn);
      }
    }
  }
  return { deferred, heads, pages };
}

test("agrees with the walk page by page", () => {
  fc.assert(
    fc.property(randomMemory, (memory) => {
      const nodes = nodeSpans(memory);
      const result = memmapInit(nodes, memory, true);
      const naive = pageByPage(nodes, memory);
      assert.equal([...result.firstDeferredPfn], [...naive.deferred]);
      assert.is(result.initialisedPages, naive.pages);
      const first = memory[0]!.startPfn - (memory[0]!.startPfn % 512);
      for (let pfn = first; pfn < memory.at(-1)!.endPfn; pfn += 512) {
        const unmovable = result.unmovable.some((range) => range.startPfn <= pfn && pfn < range.endPfn);
        assert.is(unmovable, !naive.heads.has(pfn), `pageblock ${pfn.toString(16)}`);
      }
    }),
    { numRuns: 60 },
  );
});

test("reserved pages of deferred memory make MOVABLE the pageblocks that they begin", () => {
  const memory = [
    { startPfn: 0x100000, endPfn: 0x101000, nid: 0 },
    { startPfn: 0x101800, endPfn: 0x480000, nid: 0 },
  ];
  const memmap = memmapInit(singleZone(memory), memory, true);
  assert.is(memmap.firstDeferredPfn.get(0), 0x110000);
  const hole = { startPfn: 0x101000, endPfn: 0x101800 };
  assert.equal(memmap.unmovable, [hole, { startPfn: 0x110000, endPfn: 0x480000 }]);
  const reserved = [
    { startPfn: 0x101200, endPfn: 0x101600, nid: 0 }, // in the hole, which struct pages are initialised early for
    { startPfn: 0x110100, endPfn: 0x110300, nid: 0 },
    { startPfn: 0x47fe00, endPfn: 0x480000, nid: 0 },
  ];
  assert.equal(withoutReservedHeads(memmap, reserved), [
    hole,
    { startPfn: 0x110000, endPfn: 0x110200 },
    { startPfn: 0x110400, endPfn: 0x47fe00 },
  ]);
});

test.run();
