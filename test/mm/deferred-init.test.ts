import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { BootRules } from "../../src/linux/rules.js";
import {
  type DeferredPages,
  type DeferredSink,
  deferredInitChunk,
  deferredJobs,
  growZone,
  padataChunks,
} from "../../src/mm/deferred-init.js";
import { pageblocksWithoutHead } from "../../src/mm/memmap.js";
import type { PfnRange } from "../../src/mm/pfn-range.js";

const test = suite("mm: deferred init");

function deferredPages(free: readonly PfnRange[], firstDeferredPfn: number): DeferredPages {
  return { free, firstDeferredPfn, endPfn: free.at(-1)?.endPfn ?? 0 };
}

/** All that a node's thread does, its chunks one after another; returns the struct pages initialised. */
function deferredInitMemmap(
  free: readonly PfnRange[],
  firstDeferredPfn: number,
  maxThreads: number,
  sink: DeferredSink,
  rule: BootRules["deferredJobs"] = "range",
): number {
  let pages = 0;
  for (const job of deferredJobs(deferredPages(free, firstDeferredPfn), rule)) {
    for (const chunk of padataChunks(job, maxThreads).chunks) pages += deferredInitChunk(free, chunk, sink);
  }
  return pages;
}
const SECTION = 32768;
type Range = { startPfn: number; endPfn: number };

/** Writes down what it is given: "B" runs of whole blocks, "S" single pages. */
class Log implements DeferredSink {
  readonly calls: ["B" | "S", number, number][] = [];
  maxOrderBlocks(startPfn: number, blockCount: number): void {
    this.calls.push(["B", startPfn, blockCount]);
  }
  singlePages(startPfn: number, pageCount: number): void {
    this.calls.push(["S", startPfn, pageCount]);
  }
  /** One entry for each call of deferred_free_pages(): first page frame and pages. */
  frees(): [number, number][] {
    return this.calls.flatMap(([kind, start, count]) =>
      kind === "S"
        ? [[start, count] as [number, number]]
        : Array.from({ length: count }, (_, i): [number, number] => [start + i * 1024, 1024]),
    );
  }
}

function ranges(...pairs: [number, number][]): Range[] {
  return pairs.map(([startPfn, endPfn]) => ({ startPfn, endPfn }));
}

test("a job goes to the end of the section in which its free range ends", () => {
  const free = ranges([0x100000, 0x17b600], [0x17bc33, 0x17be00], [0x17fe00, 0x17ff30]);
  assert.equal(deferredJobs(deferredPages(free, 0x108000), "range"), ranges([0x108000, 0x180000]));
});

test("free ranges in the padded tail of a job belong to it, later ones get their own", () => {
  const free = ranges([0x100000, 0x110001], [0x117000, 0x117800], [0x119000, 0x11a000]);
  assert.equal(
    deferredJobs(deferredPages(free, 0x108000), "range"),
    ranges([0x108000, 0x118000], [0x119000, 0x120000]),
  );
});

test("a range that reaches beyond the padded tail is cut by it", () => {
  const free = ranges([0x100000, 0x110001], [0x117000, 0x130000]);
  assert.equal(
    deferredJobs(deferredPages(free, 0x100000), "range"),
    ranges([0x100000, 0x118000], [0x118000, 0x130000]),
  );
});

test("nothing deferred means no jobs", () => {
  assert.equal(deferredJobs(deferredPages(ranges([0x1000, 0x8000]), Number.POSITIVE_INFINITY), "range"), []);
});

test("a large job on eight CPUs is cut into chunks of 512 MiB", () => {
  const plan = padataChunks({ startPfn: 0x108000, endPfn: 0x480000 }, 8);
  assert.is(plan.workers, 8);
  // The first chunk ends at the first multiple of the chunk size.
  assert.equal(plan.chunks[0], { startPfn: 0x108000, endPfn: 0x120000 });
  assert.equal(plan.chunks[1], { startPfn: 0x120000, endPfn: 0x140000 });
  assert.is(plan.chunks.length, 28);
  assert.is(plan.chunks.at(-1)!.endPfn, 0x480000);
});

test("one CPU does the job in one piece", () => {
  const job = { startPfn: 0x108000, endPfn: 0x480000 };
  assert.equal(padataChunks(job, 1), { workers: 1, chunks: [job] });
});

test("there are no more workers than sections, and no chunk is smaller than one", () => {
  const plan = padataChunks({ startPfn: 0x100000, endPfn: 0x100000 + 20 * SECTION }, 64);
  assert.is(plan.workers, 20);
  assert.is(plan.chunks.length, 20);
  assert.equal(plan.chunks[3], { startPfn: 0x118000, endPfn: 0x120000 });
});

test("a job smaller than a section has one worker", () => {
  const job = { startPfn: 0x17bc33, endPfn: 0x180000 };
  assert.equal(padataChunks(job, 8), { workers: 1, chunks: [job] });
});

// Log of the recorded boots: order and size of the frees of deferred initialisation.
test("a 4 GiB guest frees its upper half as recorded", () => {
  const log = new Log();
  const free = ranges([0x100000, 0x17b600], [0x17bc33, 0x17be00], [0x17fe00, 0x17ff30]);
  deferredInitMemmap(free, 0x108000, 1, log);
  assert.equal(log.calls, [
    ["B", 0x108000, 461],
    ["S", 0x17b400, 512],
    ["S", 0x17bc33, 461],
    ["S", 0x17fe00, 304],
  ]);
});

test("two free ranges in one block of 4 MiB are freed apart, as recorded with two CPUs", () => {
  const log = new Log();
  const free = ranges([0x100000, 0x17b600], [0x17bc33, 0x17bd00], [0x17bd33, 0x17be00], [0x17fe00, 0x17ff30]);
  deferredInitMemmap(free, 0x108000, 2, log);
  assert.equal(
    log.frees().filter(([, pages]) => pages !== 1024),
    [
      [0x17b400, 512],
      [0x17bc33, 205],
      [0x17bd33, 205],
      [0x17fe00, 304],
    ],
  );
  assert.is(log.frees().length, 461 + 4);
});

test("both nodes of the recorded two-node guest free what was recorded", () => {
  const [first, second] = [new Log(), new Log()];
  const low = ranges([0x4c07, 0x79c00], [0x7dc33, 0x7de00], [0x7fe00, 0x7fe47], [0x7ffd8, 0x7ffda]);
  deferredInitMemmap(low, 0x10000, 1, first);
  assert.equal(first.calls, [
    ["B", 0x10000, 423],
    ["S", 0x7dc33, 461],
    ["S", 0x7fe00, 71],
    ["S", 0x7ffd8, 2],
  ]);
  deferredInitMemmap(
    ranges([0x100000, 0x17dc00], [0x17dc33, 0x17de00], [0x17fe00, 0x17ff33]),
    0x108000,
    1,
    second,
  );
  assert.equal(second.calls, [
    ["B", 0x108000, 471],
    ["S", 0x17dc33, 461],
    ["S", 0x17fe00, 307],
  ]);
});

// Snapshots of the same boots: "0*36 1*1", and "0*49 1*1" and "0*17 1*1" with two nodes, at
// the end of the pageblock types.
test("pageblocks that begin with a reserved page stay unmovable, as recorded", () => {
  const one = ranges([0x100000, 0x17b600], [0x17bc33, 0x17be00], [0x17fe00, 0x17ff30]);
  assert.equal(
    pageblocksWithoutHead({ startPfn: 0x108000, endPfn: 0x180000 }, one),
    ranges([0x17b600, 0x17fe00]),
  );
  const low = ranges([0x4c07, 0x79c00], [0x7dc33, 0x7de00], [0x7fe00, 0x7fe47], [0x7ffd8, 0x7ffda]);
  assert.equal(
    pageblocksWithoutHead({ startPfn: 0x10000, endPfn: 0x7ffe0 }, low),
    ranges([0x79c00, 0x7fe00]),
  );
  const high = ranges([0x100000, 0x17dc00], [0x17dc33, 0x17de00], [0x17fe00, 0x17ff33]);
  assert.equal(
    pageblocksWithoutHead({ startPfn: 0x108000, endPfn: 0x180000 }, high),
    ranges([0x17dc00, 0x17fe00]),
  );
});

test("a head or a tail of a single page is freed as well", () => {
  const log = new Log();
  assert.is(deferredInitChunk(ranges([1023, 2049]), { startPfn: 0, endPfn: 4096 }, log), 1026);
  assert.equal(log.calls, [
    ["S", 1023, 1],
    ["B", 1024, 1],
    ["S", 2048, 1],
  ]);
});

test("growing a zone initialises one section", () => {
  const log = new Log();
  const result = growZone(deferredPages(ranges([0x100000, 0x480000]), 0x108000), "free-memory", log);
  assert.equal(result, { grown: true, firstDeferredPfn: 0x110000, pages: SECTION });
  assert.equal(log.calls, [["B", 0x108000, 32]]);
});

test("growing goes on over sections that are mostly reserved", () => {
  const log = new Log();
  const free = ranges([0x108000, 0x108400], [0x110000, 0x112000], [0x11a000, 0x130000]);
  const result = growZone(deferredPages(free, 0x108000), "free-memory", log);
  // 1024 and 8192 pages are not enough, 24576 more are.
  assert.equal(result, { grown: true, firstDeferredPfn: 0x120000, pages: 1024 + 8192 + 24576 });
});

test("growing takes the last pages even if they are few", () => {
  const free = ranges([0x108000, 0x108400]);
  const result = growZone(deferredPages(free, 0x108000), "free-memory", new Log());
  assert.equal(result, { grown: true, firstDeferredPfn: Number.POSITIVE_INFINITY, pages: 1024 });
});

test("growing an area without free pages says yes once", () => {
  const free = ranges([0x1000, 0x2000]);
  const once = growZone(deferredPages(free, 0x108000), "free-memory", new Log());
  assert.equal(once, { grown: true, firstDeferredPfn: Number.POSITIVE_INFINITY, pages: 0 });
  assert.is(growZone(deferredPages(free, once.firstDeferredPfn), "free-memory", new Log()).grown, false);
});

test("a guest of 4 PiB takes a handful of calls", () => {
  const log = new Log();
  const pages = 2 ** 40;
  assert.is(deferredInitMemmap(ranges([0x100000, pages]), 0x108000, 64, log), pages - 0x108000);
  assert.ok(log.calls.length <= 64 * 4 + 1, `${log.calls.length} calls`);
});

const START = 0x100000;
const freeRanges = fc
  .array(fc.record({ gap: fc.nat(0x3000), pages: fc.integer({ min: 1, max: 0x9000 }) }), { maxLength: 8 })
  .map((pieces) => {
    let pfn = START;
    return pieces.map(({ gap, pages }) => {
      const startPfn = pfn + gap + 1;
      pfn = startPfn + pages;
      return { startPfn, endPfn: pfn };
    });
  });
const firstDeferredPfn = fc.nat(4).map((section) => START + section * SECTION);

/** deferred_init_maxorder() block by block over [startPfn, endPfn). */
function blockByBlock(free: readonly Range[], startPfn: number, endPfn: number): [number, number][] {
  const frees: [number, number][] = [];
  for (let block = startPfn - (startPfn % 1024); block < endPfn; block += 1024) {
    for (const range of free) {
      const from = Math.max(range.startPfn, block, startPfn);
      const to = Math.min(range.endPfn, block + 1024, endPfn);
      if (from < to) frees.push([from, to - from]);
    }
  }
  return frees;
}

test("any number of threads frees what a walk block by block frees, in the same order", () => {
  fc.assert(
    fc.property(freeRanges, firstDeferredPfn, fc.integer({ min: 1, max: 9 }), (free, first, threads) => {
      const log = new Log();
      const pages = deferredInitMemmap(free, first, threads, log);
      const naive = blockByBlock(free, first, free.at(-1)?.endPfn ?? first);
      assert.equal(log.frees(), naive);
      assert.is(
        pages,
        naive.reduce((sum, [, count]) => sum + count, 0),
      );
      for (const [kind, start] of log.calls) if (kind === "B") assert.is(start % 1024, 0);
    }),
    { numRuns: 150 },
  );
});

test("chunks are disjoint, ascending and cover their job", () => {
  const job = fc.record({ start: fc.nat(0x20000), pages: fc.integer({ min: 1, max: 0x200000 }) });
  fc.assert(
    fc.property(job, fc.integer({ min: 1, max: 70 }), ({ start, pages }, threads) => {
      const endPfn = Math.ceil((start + pages) / SECTION) * SECTION;
      let nextPfn = start;
      for (const chunk of padataChunks({ startPfn: start, endPfn }, threads).chunks) {
        assert.is(chunk.startPfn, nextPfn);
        assert.ok(chunk.endPfn > chunk.startPfn);
        nextPfn = chunk.endPfn;
      }
      assert.is(nextPfn, endPfn);
    }),
    { numRuns: 200 },
  );
});

test("growing again and again frees what deferred initialisation would", () => {
  fc.assert(
    fc.property(freeRanges, firstDeferredPfn, (free, first) => {
      const [grown, whole] = [new Log(), new Log()];
      let deferred = first;
      while (deferred !== Number.POSITIVE_INFINITY) {
        const result = growZone(deferredPages(free, deferred), "free-memory", grown);
        assert.ok(result.grown);
        assert.ok(result.pages >= SECTION || result.firstDeferredPfn === Number.POSITIVE_INFINITY);
        deferred = result.firstDeferredPfn;
      }
      deferredInitMemmap(free, first, 1, whole);
      assert.equal(grown.frees(), whole.frees());
    }),
    { numRuns: 150 },
  );
});

test("a chunk counts the struct pages it initialised", () => {
  const free = ranges([0x100010, 0x100020], [0x100400, 0x100c00]);
  assert.is(deferredInitChunk(free, { startPfn: 0x100000, endPfn: 0x100800 }, new Log()), 16 + 1024);
});

test.run();
