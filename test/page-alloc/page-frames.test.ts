import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ALLOCATED_MOVABLE, NO_PAGE, PageFrames } from "../../src/page-alloc/page-frames.js";
import { asPage, asPfn, MAX_ORDER_PAGES, PAGEBLOCK_ORDER, type Page } from "../../src/units.js";

const test = suite("page-alloc: page frames");

const LIST = asPage(0);

/** A frame as it would be kept by itself. */
interface Frame {
  meta: number;
  readonly zone: number;
  readonly pageblockType: number;
}

/** From a list's head on. */
function pfnsOn(frames: PageFrames): number[] {
  const pfns: number[] = [];
  for (let node = frames.next[LIST]!; node !== LIST; node = frames.next[node]!) {
    assert.is(frames.next[frames.prev[node]!], node);
    pfns.push(frames.pfnOf(node));
  }
  return pfns;
}

function pageOf(frames: PageFrames, pfn: number): Page {
  const page = frames.pageOf(asPfn(pfn));
  assert.is.not(page, NO_PAGE);
  return asPage(page);
}

test("frames and lists are what they were after any number of doublings", () => {
  const place = fc.record({
    block: fc.integer({ min: 0, max: 2 ** 30 - 1 }),
    zone: fc.integer({ min: 0, max: 5 }),
    types: fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })),
    offset: fc.integer({ min: 0, max: MAX_ORDER_PAGES - 1 }),
    meta: fc.integer({ min: 0, max: 255 }),
    toTail: fc.boolean(),
  });
  const places = fc.uniqueArray(place, { minLength: 1, maxLength: 40, selector: ({ block }) => block });
  fc.assert(
    fc.property(places, fc.integer({ min: 1, max: 3 }), (all, firstBlocks) => {
      const frames = new PageFrames(3, firstBlocks);
      const expected = new Map<number, Frame>();
      const listed: number[] = [];
      for (const { block, zone, types, offset, meta, toTail } of all) {
        const base = frames.materialise(block, zone, ...types);
        const page = asPage(base + offset);
        const pfn = block * MAX_ORDER_PAGES + offset;
        frames.meta[page] = meta;
        if (toTail) frames.addTail(LIST, page);
        else frames.addHead(LIST, page);
        listed.splice(toTail ? listed.length : 0, 0, pfn);
        expected.set(pfn, { meta, zone, pageblockType: types[offset >> PAGEBLOCK_ORDER]! });
      }
      for (const [pfn, frame] of expected) {
        const page = pageOf(frames, pfn);
        assert.is(frames.pfnOf(page), pfn);
        const found = {
          meta: frames.meta[page]!,
          zone: frames.blockZone[Math.floor(page / MAX_ORDER_PAGES)]!,
          pageblockType: frames.pageblockType[page >> PAGEBLOCK_ORDER]!,
        };
        assert.equal(found, frame);
      }
      assert.equal(pfnsOn(frames), listed);
      assert.is(frames.materialisedBlocks, all.length);
    }),
    { seed: 17, numRuns: 100 },
  );
});

test("a guest has room for what it touches, whatever its size", () => {
  const frames = new PageFrames(3);
  const before = frames.meta.length;
  assert.ok(before <= 128 * MAX_ORDER_PAGES);
  for (let block = 0; block < 1000; block++) frames.materialise(block * 1_000_000, 0, 1, 1);
  assert.ok(frames.meta.length >= 1000 * MAX_ORDER_PAGES);
  assert.ok(frames.meta.length < 2100 * MAX_ORDER_PAGES);
  assert.is(frames.pageOf(asPfn(1_000_000 * MAX_ORDER_PAGES)), frames.firstPage + MAX_ORDER_PAGES);
});

test("blocks say of each page what pages of their own would", () => {
  const pages = 2 * MAX_ORDER_PAGES;
  const step = fc.record({
    what: fc.constantFrom("allocate", "allocate movable", "clear", "release", "touch", "untouch"),
    order: fc.integer({ min: 0, max: 10 }),
    at: fc.integer({ min: 0, max: pages - 1 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const frames = new PageFrames(1);
      const first = frames.materialise(0, 0, 1, 1);
      frames.materialise(1, 0, 1, 1);
      const allocated = new Uint8Array(pages);
      const touched = new Uint8Array(pages);
      for (const { what, order, at } of steps) {
        const start = at - (at % 2 ** order);
        const end = start + 2 ** order;
        const page = asPage(first + start);
        if (what === "clear" || what.startsWith("allocate")) frames.clearAllocated(page, order);
        if (what === "clear") allocated.fill(0, start, end);
        if (what.startsWith("allocate")) {
          frames.markAllocated(page, order, what === "allocate movable");
          allocated.fill(what === "allocate movable" ? 2 : 1, start, end);
        }
        if (what === "release") {
          const whole = allocated.subarray(start, end).every((state) => state !== 0);
          if (whole) frames.releasePart(page, order);
          else assert.throws(() => frames.releasePart(page, order), /freed while not allocated/);
          if (whole) allocated.fill(0, start, end);
        }
        if (what === "touch") {
          assert.is(
            frames.touch(page, order),
            touched.subarray(start, end).filter((bit) => bit === 0).length,
          );
          touched.fill(1, start, end);
        }
        if (what === "untouch") {
          frames.untouch(asPage(first + at));
          touched[at] = 0;
        }
      }
      for (let at = 0; at < pages; at++) {
        const page = asPage(first + at);
        const head = frames.headOf(page);
        assert.is(frames.isAllocated(page), allocated[at] !== 0);
        assert.is(frames.isTouched(page), touched[at] !== 0);
        if (head !== NO_PAGE)
          assert.is((frames.meta[head]! & ALLOCATED_MOVABLE) !== 0, allocated[at] === 2, `page ${at}`);
      }
    }),
    { seed: 18, numRuns: 200 },
  );
});

test.run();
