import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Memblock } from "../../src/memblock/memblock.js";
import {
  mapMemory,
  memmapBytes,
  memoryBlockBytes,
  populateMemmap,
} from "../../src/memory-hotplug/online-pages.js";
import { asPage, asPfn, GiB, MiB } from "../../src/units.js";
import { EarlyMap } from "../../src/x86/early-map.js";
import { TablePages } from "../../src/x86/table-pages.js";
import { allocPfn, GFP_KERNEL, listed, oneZone } from "../page-alloc/machine.js";

const test = suite("hotplug: what the kernel needs for new memory");

const SECTION = 128 * MiB;

function range(start: number, bytes: number): { start: number; end: number } {
  return { start, end: start + bytes };
}

/** Frames that one zone has left. */
function freePages(allocator: ReturnType<typeof oneZone>): number {
  return allocator.zones[0]!.exactFreePages();
}

test("a section takes a large page of 2 MiB", () => {
  const allocator = oneZone(4);
  const added = range(5 * GiB, 3 * SECTION);
  assert.is(populateMemmap(allocator, added), memmapBytes(added));
  assert.is(memmapBytes(added), 6 * MiB);
  assert.is(freePages(allocator), 4096 - 3 * 512);
});

test("the first section of 64 GiB takes a page for its table", () => {
  const allocator = oneZone(4);
  populateMemmap(allocator, range(64 * GiB, SECTION));
  const held = 4096 - freePages(allocator) - allocator.zones[0]!.pcp[0]!.count;
  assert.is(held, 512 + 1);
});

test("where there is no large page, 512 small ones and a table", () => {
  const allocator = oneZone(2);
  // A page in use in each large page.
  const kept: number[] = [];
  for (let page = 0; page < 2048; page++) kept.push(allocPfn(allocator, GFP_KERNEL, 0));
  for (const pfn of kept)
    if (pfn % 512 !== 0) allocator.freePages(asPage(allocator.frames.pageOf(asPfn(pfn))), 0, 0);
  allocator.drainAllPcp(0);
  assert.equal(listed(allocator, 9, 0), []);
  const before = freePages(allocator);
  assert.is(before, 2048 - 4);
  assert.is(populateMemmap(allocator, range(5 * GiB, SECTION)), 2 * MiB);
  allocator.drainAllPcp(0);
  assert.is(before - freePages(allocator), 513);
});

test("what was taken before memory ran out stays taken", () => {
  const allocator = oneZone(1);
  const added = range(5 * GiB, 4 * SECTION);
  const bytes = populateMemmap(allocator, added);
  assert.ok(bytes < memmapBytes(added));
  assert.ok(bytes >= 2 * MiB);
  allocator.drainAllPcp(0);
  assert.ok(freePages(allocator) < 512);
});

/** Tables and leaves that a range takes in a direct map that has only low memory. */
function mapped(start: number, bytes: number): { tables: number; leaves1g: number; leaves2m: number } {
  const early = new EarlyMap(new TablePages(new Memblock()));
  let tables = 0;
  early.tables.fromBuddy = () => ++tables > 0;
  mapMemory(early, range(start, bytes));
  const { leaves1g, leaves2m } = early.map.leaves;
  return { tables, leaves1g, leaves2m };
}

test("whole GiB have one leaf, and need no table", () => {
  assert.equal(mapped(4 * GiB, 3 * GiB), { tables: 0, leaves1g: 3, leaves2m: 0 });
});

test("the rest has leaves of 2 MiB, and a table for each GiB that begins there", () => {
  assert.equal(mapped(4 * GiB, GiB + SECTION), { tables: 1, leaves1g: 1, leaves2m: 64 });
  assert.equal(mapped(4 * GiB, SECTION), { tables: 1, leaves1g: 0, leaves2m: 64 });
  assert.equal(mapped(4 * GiB + SECTION, SECTION), { tables: 0, leaves1g: 0, leaves2m: 64 });
});

test("each 512 GiB need a table of their own", () => {
  assert.equal(mapped(510 * GiB, 4 * GiB), { tables: 1, leaves1g: 4, leaves2m: 0 });
});

test("memory comes in sections, and from 64 GiB on in the largest blocks that the end of memory is a multiple of", () => {
  for (const [bootEnd, blockBytes] of [
    [2 * GiB, 128 * MiB],
    [62 * GiB, 128 * MiB],
    [64 * GiB - 128 * MiB, 128 * MiB],
    [64 * GiB, 2 * GiB],
    [64 * GiB + 128 * MiB, 128 * MiB],
    [65 * GiB, GiB],
    [66 * GiB + 256 * MiB, 256 * MiB],
    [66 * GiB + MiB, 128 * MiB],
  ] as const) {
    assert.is(memoryBlockBytes(bootEnd), blockBytes, `${bootEnd / MiB} MiB`);
  }
});

test.run();
