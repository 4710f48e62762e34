import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { RequestKind } from "../../src/workload/requests.js";
import { GFP_HIGHUSER_MOVABLE, GFP_KERNEL, oneZone } from "../page-alloc/machine.js";
import { type Row, setUp } from "./replays.js";

const test = suite("workload: vmalloc");

/** GFP_NOWAIT|__GFP_HIGHMEM|__GFP_IO|__GFP_FS|__GFP_ZERO, as Linux 7.3 asks for a kernel stack. */
const STACK = 0x29c2;

/** What a replay asks for and frees: `0xcc0:5` is order 5 with flags 0xcc0, `bulk:33` 33 pages at once, `-0x20:2` a free. */
function traffic(rows: readonly Row[], kernel: string, fails = -1): string[] {
  const allocator = oneZone(8);
  const asked: string[] = [];
  const allocPages = allocator.allocPages.bind(allocator);
  const allocPagesBulk = allocator.allocPagesBulk.bind(allocator);
  const freePages = allocator.freePages.bind(allocator);
  Object.assign(allocator, {
    allocPages: (...[gfp, order, node, cpu]: Parameters<PageAllocator["allocPages"]>) => {
      asked.push(`0x${gfp.toString(16)}:${order}`);
      return order === fails ? -1 : allocPages(gfp, order, node, cpu);
    },
    allocPagesBulk: (...given: Parameters<PageAllocator["allocPagesBulk"]>) => {
      asked.push(`bulk:${given[1].length}`);
      return allocPagesBulk(...given);
    },
    freePages: (...[page, order, cpu]: Parameters<PageAllocator["freePages"]>) => {
      asked.push(`-0x${allocator.frames.pfnOf(page).toString(16)}:${order}`);
      freePages(page, order, cpu);
    },
  });
  const { replay } = setUp(rows, { allocator, kernel });
  replay.runUntil(rows.length);
  return asked;
}

function bulk(pages: number, from = 0, gfp = GFP_KERNEL, areaBytes = 0): Row[] {
  const kind = RequestKind.allocBulk;
  return Array.from({ length: pages }, (_, at) => ({ kind, handle: from + at, gfp, offsetBytes: areaBytes }));
}

const free = (handle: number, page = 0): Row => ({
  kind: RequestKind.free,
  handle,
  offsetBytes: page * 4096,
});

test("from 6.19 on an area is asked for in the largest blocks that fit, without reclaim, then in single pages", () => {
  assert.equal(traffic(bulk(37), "6.18"), ["bulk:37"]);
  assert.equal(traffic(bulk(37), "6.19"), ["0x28c0:5", "0x28c0:2", "bulk:1", "0xcc0:0"]);
  assert.equal(traffic(bulk(1024 + 512), "7.3"), ["0x28c0:10", "0x28c0:9"]);
});

test("after a block that is not there none is asked for that is as large", () => {
  const asked = traffic(bulk(20), "7.3", 4);
  assert.equal(asked, ["0x28c0:4", "0x28c0:3", "0x28c0:3", "0x28c0:2"]);
});

test("stacks are areas of four pages each; pages for files are none", () => {
  assert.equal(traffic(bulk(9, 0, GFP_KERNEL, 16384), "7.3"), ["0x28c0:2", "0x28c0:2", "bulk:1", "0xcc0:0"]);
  assert.equal(traffic(bulk(9, 0, GFP_HIGHUSER_MOVABLE), "7.3"), ["bulk:9"]);
  assert.equal(traffic(bulk(9, 0, GFP_KERNEL, 16384), "6.12"), ["bulk:9"]);
});

test("from 7.2 on what lies one after the other is given back in its largest aligned blocks", () => {
  const rows = [...bulk(37), ...Array.from({ length: 13 }, (_, at) => free(3 + at))];
  assert.equal(traffic(rows, "7.3").slice(4), ["-0x3:0", "-0x4:2", "-0x8:3"]);
  assert.is(traffic(rows, "6.19").slice(4).length, 13);
});

test("a block that the recorded kernel split loses no page, whoever replays it", () => {
  const stack: Row = { kind: RequestKind.alloc, handle: 0, order: 2, gfp: STACK };
  const other: Row = { ...stack, handle: 1 };
  const parts = [0, 1, 2, 3].map((page) => free(0, page));
  const rows = [stack, other, ...parts, ...[0, 1, 2, 3].map((page) => free(1, page))];
  // Two stacks are two areas, though they lie side by side and end one after the other.
  assert.equal(traffic(rows, "7.3").slice(2), ["-0x0:2", "-0x4:2"]);
  const singles = ["-0x0:0", "-0x1:0", "-0x2:0", "-0x3:0", "-0x4:0", "-0x5:0", "-0x6:0", "-0x7:0"];
  assert.equal(traffic(rows, "6.12").slice(2), singles);
  const allocator = oneZone(8);
  const { replay } = setUp(rows, { allocator, kernel: "7.3" });
  replay.runUntil(rows.length);
  assert.is(replay.counts.frees, 8);
  const zone = allocator.zones[0]!;
  assert.is(zone.exactFreePages() + zone.pcp[0]!.count, 8 * 1024);
});

test("an area that goes on in a smaller block ends with it", () => {
  const rows: Row[] = [
    { kind: RequestKind.alloc, handle: 0, order: 3, gfp: STACK },
    { kind: RequestKind.alloc, handle: 1, order: 2, gfp: STACK },
    ...Array.from({ length: 8 }, (_, page) => free(0, page)),
    ...Array.from({ length: 4 }, (_, page) => free(1, page)),
  ];
  assert.equal(traffic(rows, "7.3").slice(2), ["-0x0:3", "-0x8:2"]);
  const swapped = [
    { ...rows[0]!, order: 2 },
    { ...rows[1]!, order: 3 },
  ];
  const frees = [...[0, 1, 2, 3].map((page) => free(0, page)), ...[0, 1].map((page) => free(1, page))];
  assert.equal(traffic([...swapped, ...frees], "7.3").slice(2), ["-0x0:2", "-0x8:1"]);
});

test("pages of two areas, or not one after the other, are given back alone", () => {
  const apart = [...bulk(8), free(1), free(3), free(2)];
  assert.equal(traffic(apart, "7.3").slice(1), ["-0x1:0", "-0x3:0", "-0x2:0"]);
  const work: Row = { kind: RequestKind.work, handle: -1 };
  const two = [...bulk(2), work, ...bulk(2, 2), free(1), free(2)];
  assert.equal(traffic(two, "7.3").slice(2), ["-0x1:0", "-0x2:0"]);
});

test.run();
