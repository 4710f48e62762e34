import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { pamtBytes } from "../../src/coco/tdx/pamt.js";
import type { TdxModuleHost } from "../../src/host/tdx-module/plan.js";
import { type ReadyTdxModule, startTdxModule, type TdxModuleStart } from "../../src/host/tdx-module/start.js";
import { type AddressRange, GiB, KiB, MiB, TiB } from "../../src/units.js";

const test = suite("host: TDX module");

type Memory = readonly (readonly [start: number, end: number, nodeId?: number])[];

function hostOf(memory: Memory, more: Partial<TdxModuleHost> = {}): TdxModuleHost {
  return {
    memory: memory.map(([start, end, nodeId = 0]) => ({ start, end, nodeId, usedBytes: 0 })),
    listFrom: "memblock",
    removed: [],
    hotplugPolicy: "refuse",
    guestNode: "any",
    convertible: [{ start: MiB, end: 2 ** 52 }],
    hotplug: [],
    maxTdmrs: 64,
    maxReservedPerTdmr: 16,
    ...more,
  };
}

function ready(memory: Memory, more: Partial<TdxModuleHost> = {}): ReadyTdxModule {
  const module = startTdxModule(hostOf(memory, more));
  if (module.outcome === "failed") throw new Error(module.reason);
  return module;
}

function reason(start: TdxModuleStart): string {
  return start.outcome === "failed" ? start.reason : "it starts";
}

const pairs = (ranges: readonly AddressRange[]): number[][] => ranges.map(({ start, end }) => [start, end]);
const range = (start: number, end: number): AddressRange => ({ start, end });

/** Low memory with the hole below 1 MiB, and memory above 4 GiB up to 34 GiB. */
const USUAL: Memory = [
  [0x1000, 0x9f000],
  [0x100000, 0x80000000],
  [0x100000000, 0x880000000],
];

test("the memory list begins at 1 MiB, and what lies below is left out", () => {
  const { memory } = ready(USUAL);
  assert.equal(memory, [
    { start: 0x100000, end: 0x80000000, nodeId: 0 },
    { start: 0x100000000, end: 0x880000000, nodeId: 0 },
  ]);
});

test("memory across 1 MiB is cut there", () => {
  assert.equal(pairs(ready([[0, GiB]]).memory), [[MiB, GiB]]);
});

test("only whole pages are TDX memory", () => {
  assert.equal(pairs(ready([[MiB + 1, GiB - 1]]).memory), [[MiB + 4 * KiB, GiB - 4 * KiB]]);
});

test("regions of the usual host: 0 to 2 GiB and 4 to 34 GiB", () => {
  assert.equal(pairs(ready(USUAL).tdmrs), [
    [0, 2 * GiB],
    [4 * GiB, 34 * GiB],
  ]);
});

test("PAMTs of the usual host: 8 MiB + 16 K + 4 K and 120 MiB + 240 K + 4 K, both above 4 GiB", () => {
  const { tdmrs, pamtBytes: all } = ready(USUAL);
  const sizes = tdmrs.map(({ pamt }) => pamt.end - pamt.start);
  assert.equal(sizes, [8 * MiB + 20 * KiB, 120 * MiB + 244 * KiB]);
  assert.is(all, sizes[0]! + sizes[1]!);
  assert.ok(tdmrs.every(({ pamt }) => pamt.start >= 4 * GiB));
});

test("reserved in the first region of the usual host is the first 1 MiB, and both PAMTs in the second", () => {
  const [low, high] = ready(USUAL).tdmrs;
  assert.equal(pairs(low!.reserved), [[0, MiB]]);
  assert.equal(pairs(high!.reserved), pairs([low!.pamt, high!.pamt]));
});

test("pieces are tried at multiples of their own size, as alloc_contig_pages does", () => {
  // 2053 pages fit at once at the start of the Normal zone; 30781 pages do not fit beside them there.
  const [low, high] = ready(USUAL).tdmrs;
  assert.is(low!.pamt.start, 4 * GiB);
  assert.is(high!.pamt.start, 4 * GiB + 30_781 * 4 * KiB);
});

test("a start that a mask for powers of two cannot round up properly stays where the kernel has it", () => {
  const { tdmrs } = ready([[4 * GiB + 4 * KiB, 5 * GiB]]);
  assert.is((tdmrs[0]!.pamt.end - tdmrs[0]!.pamt.start) / (4 * KiB), 1027);
  // The mask is 1026 = 0x402, and 0x100001 + 0x402 without its bits is 0x100001, no multiple of 1027.
  assert.is(tdmrs[0]!.pamt.start, 0x100001 * 4 * KiB);
  // One page further, 0x100002 + 0x402 without its bits is 0x100004.
  const next = ready([[4 * GiB + 8 * KiB, 5 * GiB]]).tdmrs;
  assert.is(next[0]!.pamt.start, 0x100004 * 4 * KiB);
});

test("a PAMT may lie across ranges that touch", () => {
  const { tdmrs } = ready([
    [4 * GiB, 4 * GiB + 3 * MiB],
    [4 * GiB + 3 * MiB, 5 * GiB],
  ]);
  assert.equal([tdmrs.length, tdmrs[0]!.pamt.start], [1, 4 * GiB]);
});

test("a range whose end lies inside the region before it needs none of its own", () => {
  const { tdmrs } = ready([
    [MiB, 300 * MiB],
    [400 * MiB, 900 * MiB],
    [GiB - MiB, GiB + MiB],
  ]);
  assert.equal(pairs(tdmrs), [
    [0, GiB],
    [GiB, 2 * GiB],
  ]);
});

test("holes are reserved before, between and behind ranges", () => {
  const { tdmrs } = ready([
    [4 * GiB, 5 * GiB],
    [6 * GiB + 10 * MiB, 6 * GiB + 20 * MiB],
    [6 * GiB + 30 * MiB, 6 * GiB + 40 * MiB],
  ]);
  assert.equal(pairs(tdmrs[1]!.reserved), [
    [6 * GiB, 6 * GiB + 10 * MiB],
    [6 * GiB + 20 * MiB, 6 * GiB + 30 * MiB],
    [6 * GiB + 40 * MiB, 7 * GiB],
  ]);
});

test("more regions than the module takes", () => {
  const memory = [1, 3, 5].map((gib) => [gib * GiB, (gib + 1) * GiB] as const);
  assert.is(ready(memory, { maxTdmrs: 3 }).tdmrs.length, 3);
  assert.match(
    reason(startTdxModule(hostOf(memory, { maxTdmrs: 2 }))),
    /TDMRs exhausted: the module takes 2/,
  );
});

test("the kernel warns when fewer than four regions are left", () => {
  assert.not(ready(USUAL, { maxTdmrs: 6 }).fewTdmrsLeft);
  assert.ok(ready(USUAL, { maxTdmrs: 5 }).fewTdmrsLeft);
});

test("more reserved areas than the module takes", () => {
  // Nine ranges of 1 MiB in one region: nine holes between and behind them, and one before.
  const islands = Array.from({ length: 9 }, (_, at) => {
    const start = 8 * GiB + (2 * at + 1) * 8 * MiB;
    return [start, start + 8 * MiB] as const;
  });
  const memory: Memory = [[4 * GiB, 6 * GiB], ...islands];
  assert.is(ready(memory, { maxReservedPerTdmr: 10 }).tdmrs[1]!.reserved.length, 10);
  assert.match(
    reason(startTdxModule(hostOf(memory, { maxReservedPerTdmr: 9 }))),
    /Reserved areas exhausted: the TDMR from 8 GiB to 9 GiB needs 10 and the module takes 9/,
  );
});

test("PAMTs lie on the node of the region", () => {
  const { tdmrs } = ready([
    [4 * GiB, 8 * GiB, 0],
    [8 * GiB, 16 * GiB, 1],
  ]);
  assert.ok(tdmrs[0]!.pamt.end <= 8 * GiB);
  assert.ok(tdmrs[1]!.pamt.start >= 8 * GiB);
});

test("a region on a node without room has its PAMT on the next", () => {
  // Node 1 has 2 MiB, the region around them needs 4 MiB.
  const { tdmrs } = ready([
    [4 * GiB, 5 * GiB, 0],
    [8 * GiB, 8 * GiB + 2 * MiB, 1],
  ]);
  assert.ok(tdmrs[1]!.pamt.end <= 5 * GiB);
});

test("without room in one piece anywhere there is no module", () => {
  const islands = Array.from(
    { length: 8 },
    (_, at) => [GiB + at * 8 * MiB, GiB + at * 8 * MiB + 3 * MiB] as const,
  );
  assert.match(reason(startTdxModule(hostOf(islands))), /No node has .* in one piece/);
});

test("memory outside the convertible regions", () => {
  const convertible = [range(MiB, 2 * GiB), range(4 * GiB, 20 * GiB)];
  assert.is(
    reason(startTdxModule(hostOf(USUAL, { convertible }))),
    "Memory [0x500000000, 0x880000000) lies outside all convertible memory regions (CMRs).",
  );
  assert.match(
    reason(startTdxModule(hostOf([[MiB, 30 * GiB]], { convertible }))),
    /^Memory \[0x80000000, 0x100000000\) lies outside/,
  );
});

test("convertible regions may touch, overlap and come in any order", () => {
  const convertible = [range(16 * GiB, 40 * GiB), range(0, 2 * GiB), range(3 * GiB, 17 * GiB)];
  assert.is(ready(USUAL, { convertible }).memory.length, 2);
});

test("memory below 1 MiB need not be convertible", () => {
  assert.is(ready([[0, GiB]], { convertible: [range(MiB, GiB)] }).outcome, "ready");
});

test("memory that is in no ascending order, or none at all", () => {
  const twice: Memory = [
    [2 * GiB, 4 * GiB],
    [3 * GiB, 5 * GiB],
  ];
  assert.match(
    reason(startTdxModule(hostOf(twice))),
    /\[0xc0000000, 0x140000000\) is not an ascending range/,
  );
  assert.match(reason(startTdxModule(hostOf([[0, MiB]]))), /no memory above the first 1 MiB/);
});

test("plugged memory goes online only inside one range that the module was given", () => {
  const hotplug = [
    range(8 * GiB, 9 * GiB),
    range(34 * GiB, 35 * GiB),
    range(33 * GiB, 35 * GiB),
    range(512 * KiB, 2 * MiB),
  ];
  const answers = ready(USUAL, { hotplug }).hotplug;
  assert.equal(
    answers.map(({ accepted }) => accepted),
    [true, false, false, false],
  );
  assert.is(answers[0]!.reason, undefined);
  assert.match(answers[1]!.reason!, /\[0x880000000, 0x8c0000000\) is not inside one range/);
});

test("plugged memory across two ranges is refused, even if they touch", () => {
  const memory: Memory = [
    [4 * GiB, 6 * GiB],
    [6 * GiB, 8 * GiB],
  ];
  assert.not(ready(memory, { hotplug: [range(5 * GiB, 7 * GiB)] }).hotplug[0]!.accepted);
});

test("refused memory costs its node the capability, if nodes had one", () => {
  const memory: Memory = [
    [MiB, 8 * GiB, 0],
    [8 * GiB, 16 * GiB, 1],
  ];
  assert.equal(ready(memory).capableNodes, [0, 1]);
  assert.equal(ready(memory, { hotplug: [range(9 * GiB, 10 * GiB)] }).capableNodes, [0, 1]);
  // Where nothing was before, memory counts as the first node's.
  assert.equal(ready(memory, { hotplug: [range(64 * GiB, 65 * GiB)] }).capableNodes, [1]);
  assert.equal(ready(memory, { hotplug: [range(15 * GiB, 17 * GiB)] }).capableNodes, [0]);
});

test("dynamic PAMT leaves a hundredth of it to pay at the start", () => {
  const module = startTdxModule(hostOf(USUAL), true);
  assert.is(module.outcome, "ready");
  // 1 bit for each of 2 and 30 GiB's pages, and the tables for larger pages.
  const expected = 64 * KiB + 20 * KiB + (960 * KiB + 244 * KiB);
  assert.is((module as ReadyTdxModule).pamtBytes, expected);
});

test("its counters go up to the last address, and take from what a guest of any node has", () => {
  const far: Parameters<typeof hostOf>[0] = [
    [GiB, 32 * GiB],
    [4096 * TiB - 2 * GiB, 4096 * TiB],
  ];
  const [own, dynamic] = [false, true].map((on) => startTdxModule(hostOf(far), on) as ReadyTdxModule);
  assert.is(own!.refcountBytes, 0);
  assert.is(dynamic!.refcountBytes, 8 * GiB);
  assert.is(dynamic!.guestShare.freeBytes, 33 * GiB - dynamic!.pamtBytes - 8 * GiB);
  const bound = startTdxModule(hostOf(far, { guestNode: 0 }), true) as ReadyTdxModule;
  assert.is(bound.guestShare.freeBytes, 33 * GiB - bound.pamtBytes);
});

test("a host of 4 PiB in pieces far apart starts at once", () => {
  const { tdmrs } = ready([
    [GiB, 2 * GiB],
    [4096 * TiB - 2 * GiB, 4096 * TiB],
  ]);
  assert.is(tdmrs.length, 2);
});

/** Ascending ranges of pages with random gaps, in a few GiB. */
const MEMORY = fc.array(
  fc.tuple(fc.constantFrom(0, 1, 300, 262_144), fc.integer({ min: 1, max: 400_000 }), fc.nat(1)),
  { minLength: 1, maxLength: 12 },
);

test("regions cover the memory, and what they do not reserve is memory without PAMTs", () => {
  fc.assert(
    fc.property(MEMORY, (pieces) => {
      let at = 256;
      const memory = pieces.map(([gap, pages, nodeId]) => {
        const start = at + gap;
        at = start + pages;
        return [start * 4096, at * 4096, nodeId] as const;
      });
      const module = startTdxModule(hostOf(memory));
      if (module.outcome === "failed") {
        assert.match(module.reason, /Reserved areas exhausted|in one piece/);
        return;
      }
      const pamts = module.tdmrs.map(({ pamt }) => pamt);
      let previousEnd = 0;
      for (const { start, end, pamt, reserved } of module.tdmrs) {
        assert.ok(start % GiB === 0 && end % GiB === 0 && start >= previousEnd && start < end);
        previousEnd = end;
        assert.is(pamt.end - pamt.start, pamtBytes(end - start));
        assert.ok(memory.some(([from, to]) => from <= pamt.start && pamt.start < to));
        for (let index = 1; index < reserved.length; index++) {
          assert.ok(reserved[index - 1]!.end <= reserved[index]!.start, "reserved areas overlap");
        }
        // What is neither memory nor free of PAMTs is reserved, and nothing else.
        const inside = (from: number, to: number): number =>
          Math.max(0, Math.min(to, end) - Math.max(from, start));
        const usable = memory.reduce((bytes, [from, to]) => bytes + inside(from, to), 0);
        const tables = pamts.reduce((bytes, each) => bytes + inside(each.start, each.end), 0);
        const left = reserved.reduce((bytes, area) => bytes - (area.end - area.start), end - start);
        assert.is(left, usable - tables);
      }
      for (const [from, to] of memory) {
        const covered = module.tdmrs.reduce(
          (bytes, { start, end }) => bytes + Math.max(0, Math.min(to, end) - Math.max(from, start)),
          0,
        );
        assert.is(covered, to - from);
      }
      assert.not(pamts.some((a, i) => pamts.some((b, j) => i < j && a.start < b.end && b.start < a.end)));
    }),
    { numRuns: 200 },
  );
});

test.run();
