import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PageEvents } from "../../src/workload/events.js";
import { freedRanges, RangePage, rangeOrders } from "../../src/workload/freed-ranges.js";
import { TracefsReader } from "../../src/workload/tracefs.js";

const test = suite("workload: ranges that vfree gives back");

const { FIRST, NEXT } = RangePage;
const STACK = "GFP_NOWAIT|__GFP_HIGHMEM|__GFP_IO|__GFP_FS|__GFP_ZERO";

function eventsOf(lines: readonly string[]): PageEvents {
  const reader = new TracefsReader("trace");
  const text = lines.map((line, at) => {
    const [task, event] = line.includes("|>") ? line.split("|>") : ["init-1", line];
    return `            ${task}       [000] ..... 1.00000${at}: mm_page_${event}\n`;
  });
  reader.feed(new TextEncoder().encode(text.join("")));
  return reader.end();
}

function rangesOf(lines: readonly string[], knowsStacks = false): number[] {
  return [...freedRanges(eventsOf(lines), knowsStacks)];
}

const hex = (pfn: number): string => `0x${pfn.toString(16)}`;
const alloc = (pfn: number, order: number, gfp = STACK): string =>
  `alloc: page=0 pfn=${hex(pfn)} order=${order} migratetype=0 gfp_flags=${gfp}`;
const free = (pfn: number): string => `free: page=0 pfn=${hex(pfn)} order=0`;
const batched = (pfn: number): string => `free_batched: page=0 pfn=${hex(pfn)} order=0`;
const run = (pfn: number, pages: number): string[] =>
  Array.from({ length: pages }, (_, at) => free(pfn + at));

test("the pages of a stack, freed one after the other", () => {
  assert.equal(rangesOf([alloc(0x1000, 2), ...run(0x1000, 4)]), [0, FIRST, NEXT, NEXT, NEXT]);
});

test("blocks of one area get smaller and lie side by side", () => {
  const area = [alloc(0x1000, 3), alloc(0x1008, 2)];
  assert.equal(rangesOf([...area, ...run(0x1006, 4)]).slice(2), [FIRST, NEXT, NEXT, NEXT]);
  assert.equal(rangesOf([area[1]!, area[0]!, ...run(0x1006, 4)]).slice(2), [FIRST, NEXT, FIRST, NEXT]);
});

test("two stacks side by side are two ranges", () => {
  const stacks = [alloc(0x1000, 2), alloc(0x1004, 2)];
  const two = [FIRST, NEXT, NEXT, NEXT, FIRST, NEXT, NEXT, NEXT];
  assert.equal(rangesOf([...stacks, ...run(0x1000, 8)]).slice(2), two);
});

test("parts of alloc_pages_exact, compound blocks and single pages are freed alone", () => {
  for (const gfp of ["GFP_KERNEL", `${STACK}|__GFP_COMP`, "GFP_HIGHUSER_MOVABLE"]) {
    assert.equal(rangesOf([alloc(0x1000, 2, gfp), ...run(0x1000, 4)]), [0, 0, 0, 0, 0], gfp);
  }
  const pages = [0x1000, 0x1001, 0x1002].map((pfn) => alloc(pfn, 0));
  assert.equal(rangesOf([...pages, ...run(0x1000, 3)]).slice(3), [0, 0, 0]);
});

test("another task, or a page in between, ends a range", () => {
  const [first, second, third, fourth] = run(0x1000, 4);
  const other = `ksoftirqd/0-14|>${third}`;
  assert.equal(rangesOf([alloc(0x1000, 2), first!, second!, other, fourth!]).slice(1), [FIRST, NEXT, 0, 0]);
  const apart = [alloc(0x1000, 2), first!, second!, free(0x2000), third!, fourth!];
  assert.equal(rangesOf(apart).slice(1), [FIRST, NEXT, 0, FIRST, NEXT]);
});

test("a stack from before the trace, where the caller knows that it can only be that", () => {
  const trace = [free(0x1003), ...run(0x1004, 4), free(0x2000)];
  assert.equal(rangesOf(trace, true), [0, 0, 0, 0, 0, 0], "five in a row");
  assert.equal(rangesOf(trace.slice(1), true), [FIRST, NEXT, NEXT, NEXT, 0]);
  assert.equal(rangesOf(trace.slice(1)), [0, 0, 0, 0, 0]);
  const two = [FIRST, NEXT, NEXT, NEXT, FIRST, NEXT, NEXT, NEXT];
  assert.equal(rangesOf(run(0x1004, 8), true), two);
  const folios = [...run(0x1004, 4), ...[4, 5, 6, 7].map((page) => batched(0x1000 + page))];
  assert.equal(rangesOf(folios, true), [0, 0, 0, 0, 0, 0, 0, 0]);
});

test("the largest aligned blocks of a range", () => {
  assert.equal(rangeOrders(0x1003, 13), [0, 2, 3]);
  assert.equal(rangeOrders(0x1000, 37), [5, 2, 0]);
  assert.equal(rangeOrders(0, 3000), [10, 10, 9, 8, 7, 5, 4, 3]);
  assert.equal(rangeOrders(0x3ff, 2), [0, 0]);
});

test.run();
