// Takes 1 s.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { Memblock } from "../../src/memblock/memblock.js";
import { asPhys, MiB } from "../../src/units.js";
import { ranges, SZ_1K, SZ_4K } from "./helpers.js";

const test = suite("memblock: rows of equal requests");

interface Given {
  readonly kernel: string;
  /** Pages of memory, one range after the other, each on another node or apart. */
  readonly memory: readonly (readonly [gap: number, pages: number, nid: number])[];
  /** Whether every second page is taken, up to some. */
  readonly takenPages: number;
  readonly taken: readonly (readonly [page: number, pages: number, kern: boolean])[];
  readonly align: number;
  readonly steps: number;
  readonly minPage: number;
  readonly limitPage: number;
  readonly preferBelowPage: number;
  readonly bottomUp: boolean;
  readonly debug: boolean;
  readonly mirrored: boolean;
  readonly count: number;
}

const GIVEN: fc.Arbitrary<Given> = fc.record({
  kernel: fc.constantFrom("6.12", "7.3"),
  memory: fc.array(
    fc.tuple(fc.constantFrom(0, 0, 3), fc.integer({ min: 1, max: 400 }), fc.integer({ min: 0, max: 1 })),
    { minLength: 1, maxLength: 4 },
  ),
  takenPages: fc.constantFrom(0, 0, 240, 248, 249, 250, 251, 252, 253, 254),
  taken: fc.array(fc.tuple(fc.nat(900), fc.integer({ min: 1, max: 9 }), fc.boolean()), { maxLength: 6 }),
  align: fc.constantFrom(64, SZ_4K, 2 * SZ_4K),
  steps: fc.integer({ min: 1, max: 4 }),
  minPage: fc.oneof(fc.constant(0), fc.nat(900)),
  limitPage: fc.integer({ min: 1, max: 1200 }),
  preferBelowPage: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.nat(900)),
  bottomUp: fc.boolean(),
  debug: fc.boolean(),
  mirrored: fc.boolean(),
  count: fc.integer({ min: 0, max: 300 }),
});

interface Result {
  readonly last: number;
  readonly memblock: Memblock;
  readonly lines: readonly string[];
  readonly accepted: readonly (readonly [start: number, size: number])[];
}

function allocate(given: Given, each: boolean): Result {
  const { align, steps, count } = given;
  const lines: string[] = [];
  const accepted: [number, number][] = [];
  const memblock = new Memblock({
    rules: kernelRules(given.kernel).memblock,
    mirroredKernelcore: given.mirrored,
    accept: (start, size) => accepted.push([start, size]),
    ...(given.debug ? { debug: (line) => lines.push(line) } : {}),
  });
  let end = MiB;
  for (const [gap, pages, nid] of given.memory) {
    memblock.addNode(end + gap * SZ_4K, pages * SZ_4K, nid);
    end += (gap + pages) * SZ_4K;
  }
  if (given.mirrored) memblock.markMirror(MiB, 100 * SZ_4K);
  memblock.allowResize();
  for (let page = 0; page < given.takenPages; page += 2) memblock.reserve(MiB + page * SZ_4K, SZ_4K);
  for (const [page, pages, kern] of given.taken) {
    if (kern) memblock.reserveKern(MiB + page * SZ_4K, pages * SZ_4K);
    else memblock.reserve(MiB + page * SZ_4K, pages * SZ_4K);
  }
  memblock.currentLimit = MiB + given.limitPage * SZ_4K;
  memblock.preferBelow = MiB + given.preferBelowPage * SZ_4K;
  memblock.bottomUp = given.bottomUp;
  const size = align * steps;
  const min = given.minPage === 0 ? 0 : MiB + given.minPage * SZ_4K;
  const alloc = () => memblock.allocTryNidRaw(size, align, min, 0, 0);
  let last = asPhys(0);
  if (each) last = memblock.allocEach(count, size, min, alloc);
  else
    for (let left = count; left > 0; left--) {
      last = alloc();
      if (last === 0) break;
    }
  return { last, memblock, lines, accepted };
}

test("they are what request after request gives", () => {
  fc.assert(
    fc.property(GIVEN, (given) => {
      let expected: Result;
      try {
        expected = allocate(given, false);
      } catch (error) {
        assert.throws(
          () => allocate(given, true),
          (same: Error) => same.message === (error as Error).message,
        );
        return;
      }
      const found = allocate(given, true);
      assert.is(found.last, expected.last);
      assert.equal(found.lines, expected.lines);
      assert.equal(found.accepted, expected.accepted);
      assert.equal(found.memblock.dump(), expected.memblock.dump());
      assert.is(found.memblock.reserved.max, expected.memblock.reserved.max);
      assert.is(found.memblock.reserved.arrayAddress, expected.memblock.reserved.arrayAddress);
    }),
    { numRuns: 400 },
  );
});

test("a row is accepted in one call where there is one for rows", () => {
  const calls: unknown[] = [];
  const memblock = new Memblock({
    accept: (start, size) => calls.push([start, size]),
    acceptInTurns: (turns, rows) => calls.push([turns, ...rows]),
  });
  memblock.add(MiB, MiB);
  memblock.allocEach(200, SZ_4K, 0, () => memblock.alloc(SZ_4K, SZ_4K));
  const start = 2 * MiB - 200 * SZ_4K;
  assert.equal(calls, [
    [2 * MiB - SZ_4K, SZ_4K],
    [199, { start, sizeBytes: SZ_4K, each: 1 }],
  ]);
  assert.equal(ranges(memblock.reserved), [[start, 2 * MiB]]);
});

test("rows that take turns are accepted in the order of their requests", () => {
  const accepted: [start: number, size: number][] = [];
  const memblock = new Memblock({ accept: (start, size) => accepted.push([start, size]) });
  memblock.add(MiB, MiB);
  memblock.reserve(MiB + 512 * SZ_1K, SZ_4K);
  const one = memblock.alloc(SZ_4K, SZ_4K);
  const other = memblock.physAllocRange(64, 64, MiB, MiB + 512 * SZ_1K);
  accepted.length = 0;
  const last = memblock.takeInTurns(2, [
    { start: one, sizeBytes: SZ_4K, each: 1 },
    { start: other, sizeBytes: 64, each: 2 },
  ]);
  const expected = [one - SZ_4K, other - 64, other - 128, one - 2 * SZ_4K, other - 192, other - 256];
  assert.equal(
    accepted.map(([start]) => start),
    expected,
  );
  assert.equal(last, [one - 2 * SZ_4K, other - 256]);
});

test("nothing is accepted while allocations are not", () => {
  const memblock = new Memblock({
    accept: () => assert.unreachable(),
    acceptInTurns: () => assert.unreachable(),
  });
  memblock.add(MiB, MiB);
  memblock.accepts = false;
  assert.is(
    memblock.allocEach(10, SZ_4K, 0, () => memblock.alloc(SZ_4K, SZ_4K)),
    2 * MiB - 10 * SZ_4K,
  );
});

test.run();
