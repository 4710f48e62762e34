import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { nodeSpans, ZoneType, zoneLimits } from "../../src/mm/zones.js";
import { nodePfnRanges, RECORDED_MEMORY } from "./recorded-machines.js";

const test = suite("mm: zones");

/** spanned and present pages of a zone, with its first page frame. */
function shape(memory: Parameters<typeof nodePfnRanges>[0], nid: number, type: number): number[] {
  const node = nodeSpans(nodePfnRanges(memory)).find((candidate) => candidate.nid === nid)!;
  const zone = node.zones[type]!;
  return [zone.startPfn, zone.endPfn - zone.startPfn, zone.presentPages];
}

test("a zone below the last ends at its limit, not at the last page of memory", () => {
  const memory = [
    { start: 0x1000, end: 0xa0000, nid: 0 },
    { start: 0x100000, end: 0x80000000, nid: 0 },
    { start: 0x1_0000_0000, end: 0x4_8000_0000, nid: 0 },
  ];
  assert.equal(shape(memory, 0, ZoneType.DMA), [1, 4095, 3999]);
  assert.equal(shape(memory, 0, ZoneType.DMA32), [0x1000, 1044480, 520192]);
  assert.equal(shape(memory, 0, ZoneType.NORMAL), [0x100000, 3670016, 3670016]);
  assert.equal(shape(memory, 0, ZoneType.MOVABLE), [0, 0, 0]);
  const [node] = nodeSpans(nodePfnRanges(memory));
  assert.equal([node!.startPfn, node!.endPfn - node!.startPfn], [1, 4718591]);
});

// /proc/zoneinfo of Linux 6.12.95 and 6.12.107 in QEMU q35 guests of these sizes.
test("zones of a 1 GiB guest are those /proc/zoneinfo shows", () => {
  assert.equal(shape(RECORDED_MEMORY.oneGiB, 0, ZoneType.DMA), [1, 4095, 3998]);
  assert.equal(shape(RECORDED_MEMORY.oneGiB, 0, ZoneType.DMA32), [4096, 258016, 258016]);
  assert.equal(shape(RECORDED_MEMORY.oneGiB, 0, ZoneType.NORMAL), [0, 0, 0]);
});

test("zones of a 2 GiB guest are those /proc/zoneinfo shows", () => {
  assert.equal(shape(RECORDED_MEMORY.twoGiB, 0, ZoneType.DMA), [1, 4095, 3998]);
  assert.equal(shape(RECORDED_MEMORY.twoGiB, 0, ZoneType.DMA32), [4096, 520160, 520160]);
  assert.equal(shape(RECORDED_MEMORY.twoGiB, 0, ZoneType.NORMAL), [0, 0, 0]);
});

test("zones of a 4 GiB guest are those /proc/zoneinfo shows", () => {
  assert.equal(shape(RECORDED_MEMORY.fourGiB, 0, ZoneType.DMA), [1, 4095, 3998]);
  assert.equal(shape(RECORDED_MEMORY.fourGiB, 0, ZoneType.DMA32), [4096, 1044480, 520160]);
  assert.equal(shape(RECORDED_MEMORY.fourGiB, 0, ZoneType.NORMAL), [1048576, 524288, 524288]);
});

test("zones of two nodes of 2 GiB are those /proc/zoneinfo shows", () => {
  assert.equal(shape(RECORDED_MEMORY.twoNodes, 0, ZoneType.DMA), [1, 4095, 3998]);
  assert.equal(shape(RECORDED_MEMORY.twoNodes, 0, ZoneType.DMA32), [4096, 520160, 520160]);
  assert.equal(shape(RECORDED_MEMORY.twoNodes, 0, ZoneType.NORMAL), [0, 0, 0]);
  assert.equal(shape(RECORDED_MEMORY.twoNodes, 1, ZoneType.DMA), [0, 0, 0]);
  assert.equal(shape(RECORDED_MEMORY.twoNodes, 1, ZoneType.DMA32), [0, 0, 0]);
  assert.equal(shape(RECORDED_MEMORY.twoNodes, 1, ZoneType.NORMAL), [1048576, 524288, 524288]);
});

test("a machine that ends below a limit has no zone above it", () => {
  const limits = zoneLimits([{ startPfn: 1, endPfn: 0x800 }]);
  assert.equal(limits[ZoneType.DMA], { startPfn: 1, endPfn: 0x800 });
  for (const type of [ZoneType.DMA32, ZoneType.NORMAL, ZoneType.MOVABLE, ZoneType.DEVICE]) {
    assert.is(limits[type]!.startPfn, limits[type]!.endPfn);
  }
});

test("limits below the first page of memory leave their zones empty", () => {
  const limits = zoneLimits([{ startPfn: 0x2000, endPfn: 0x200000 }]);
  assert.equal(limits[ZoneType.DMA], { startPfn: 0x2000, endPfn: 0x2000 });
  assert.equal(limits[ZoneType.DMA32], { startPfn: 0x2000, endPfn: 0x100000 });
  assert.equal(limits[ZoneType.NORMAL], { startPfn: 0x100000, endPfn: 0x200000 });
});

test("a zone that lies in a hole of its node spans pages but has none", () => {
  const memory = [
    { start: 0x1000, end: 0x800000, nid: 0 },
    { start: 0x1_0000_0000, end: 0x1_0800_0000, nid: 0 },
  ];
  assert.equal(shape(memory, 0, ZoneType.DMA32), [0x1000, 0xff000, 0]);
});

test("every page of memory is present in the one zone of its node and limit", () => {
  const memoryLayout = fc
    .array(fc.record({ gap: fc.nat(0x60000), pages: fc.integer({ min: 1, max: 0x80000 }), nid: fc.nat(2) }), {
      minLength: 1,
      maxLength: 8,
    })
    .map((pieces) => {
      let pfn = 1;
      return pieces.map(({ gap, pages, nid }) => {
        const startPfn = pfn + gap;
        pfn = startPfn + pages;
        return { startPfn, endPfn: pfn, nid };
      });
    });
  const zoneOf = (pfn: number) => (pfn < 0x1000 ? 0 : pfn < 0x100000 ? 1 : 2);
  fc.assert(
    fc.property(memoryLayout, (ranges) => {
      const expected = new Map<string, number>();
      for (const { startPfn, endPfn, nid } of ranges) {
        for (const [start, end] of [
          [startPfn, Math.min(endPfn, 0x1000)],
          [Math.max(startPfn, 0x1000), Math.min(endPfn, 0x100000)],
          [Math.max(startPfn, 0x100000), endPfn],
        ] as const) {
          if (start >= end) continue;
          const key = `${nid}:${zoneOf(start)}`;
          expected.set(key, (expected.get(key) ?? 0) + end - start);
        }
      }
      for (const node of nodeSpans(ranges)) {
        for (const zone of node.zones) {
          assert.is(zone.presentPages, expected.get(`${node.nid}:${zone.type}`) ?? 0);
          assert.ok(zone.endPfn - zone.startPfn >= zone.presentPages);
        }
      }
    }),
    { numRuns: 200 },
  );
});

test.run();
