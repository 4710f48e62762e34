import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { edk2Build, NEWEST_EDK2 } from "../../src/firmware/edk2.js";
import type { FirmwareMachine } from "../../src/firmware/firmware.js";
import { q35Ram } from "../../src/firmware/q35.js";
import { mpAccept, tdvf } from "../../src/firmware/tdvf.js";
import { GiB, KiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { assertDisjoint, FirmwareRecorder, sizeOf } from "./recorder.js";

const test = suite("firmware: tdvf");

const BUILD = edk2Build(NEWEST_EDK2, "inteltdx");
const ADDED = tdvf.launchRanges(BUILD);

function machine(memoryBytes: number, vcpus: number, preAcceptLimit: number = 4 * GiB): FirmwareMachine {
  return { build: BUILD, ram: q35Ram(memoryBytes), vcpus, preAcceptLimit };
}

/** Chunks and bytes of each CPU. */
function sharesOf(sink: FirmwareRecorder, cpus: number): [chunks: number, sizeBytes: number][] {
  return Array.from({ length: cpus }, (_, cpu) => {
    const own = sink.calls.filter((call) => call.cpu === cpu);
    return [own.length, sizeOf(own)];
  });
}

test("2 GiB on 8 CPUs are 64 chunks: 8 for each CPU, 256 MiB in 128 large pages", () => {
  const sink = new FirmwareRecorder();
  mpAccept({ start: 0, end: 2 * GiB }, 8, sink);
  assert.is(sink.calls.length, 64);
  for (const [chunks, sizeBytes] of sharesOf(sink, 8)) {
    assert.is(chunks, 8);
    assert.is(sizeBytes / (2 * MiB), 128);
  }
});

test("the last chunk may be shorter, and later CPUs may have none", () => {
  const sink = new FirmwareRecorder();
  mpAccept({ start: 0, end: 70 * MiB }, 4, sink);
  assert.equal(sharesOf(sink, 4), [
    [1, 32 * MiB],
    [1, 32 * MiB],
    [1, 6 * MiB],
    [0, 0],
  ]);
});

test("chunks come in the order of time: every CPU's first, then every CPU's second", () => {
  const sink = new FirmwareRecorder();
  mpAccept({ start: 0, end: 5 * 32 * MiB }, 2, sink);
  assert.equal(
    sink.calls.map(({ cpu, start }) => [cpu, start / (32 * MiB)]),
    [
      [1, 1],
      [0, 0],
      [1, 3],
      [0, 2],
      [0, 4],
    ],
  );
});

test("a region up to a chunk is the business of CPU 0", () => {
  const sink = new FirmwareRecorder();
  mpAccept({ start: 0, end: 32 * MiB }, 8, sink);
  assert.equal(sink.calls, [{ start: 0, end: 32 * MiB, cpu: 0 }]);
  assert.is(sink.barriers, 0);
});

test("CPU 0 accepts the unaligned head, wakes the others, does its share and the small rest, then waits", () => {
  const sink = new FirmwareRecorder();
  mpAccept({ start: 2 * MiB - 8 * KiB, end: 66 * MiB + 12 * KiB }, 2, sink);
  assert.equal(sink.calls, [
    { start: 2 * MiB - 8 * KiB, end: 2 * MiB, cpu: 0 },
    { start: 34 * MiB, end: 66 * MiB, cpu: 1 },
    { start: 2 * MiB, end: 34 * MiB, cpu: 0 },
    { start: 66 * MiB, end: 66 * MiB + 12 * KiB, cpu: 0 },
  ]);
  assert.is(sink.barriers, 1);
});

test("chunks go round the CPUs", () => {
  const sink = new FirmwareRecorder();
  mpAccept({ start: 0, end: 5 * 32 * MiB }, 2, sink);
  const cpuOf = sink.calls.toSorted((a, b) => a.start - b.start).map(({ cpu }) => cpu);
  assert.equal(cpuOf, [0, 1, 0, 1, 0]);
});

test("a region inside one large page is accepted once", () => {
  const sink = new FirmwareRecorder();
  mpAccept({ start: 0x806000, end: 0x809000 }, 4, sink);
  assert.equal(sink.ranges(), [[0x806000, 0x809000]]);
});

test("16 GiB: everything below 4 GiB but what the VMM added, [4 GiB, 18 GiB) is left", () => {
  const sink = new FirmwareRecorder();
  const left = tdvf.preAccept(machine(16 * GiB, 8), sink);
  assert.equal(left, [{ start: 4 * GiB, end: 18 * GiB }]);
  assert.is(sink.bytes(), 2 * GiB - sizeOf(ADDED));
  assertDisjoint([...sink.calls, ...ADDED]);
  const chunks = sink.calls.filter(({ start }) => start >= 0xa00000);
  assert.is(chunks.length, 64, "2038 MiB");
  for (let cpu = 0; cpu < 8; cpu++) assert.is(chunks.filter((call) => call.cpu === cpu).length, 8);
});

test("with more than one CPU the first region that holds their stacks comes first, on CPU 0", () => {
  const sink = new FirmwareRecorder();
  tdvf.preAccept(machine(4 * GiB, 2), sink);
  assert.equal(sink.calls[0], { start: 0, end: 0x800000, cpu: 0 });
});

test("stacks of 1024 CPUs take 16 MiB: smaller regions are accepted on the way, a long one only begun", () => {
  const sink = new FirmwareRecorder();
  tdvf.preAccept(machine(4 * GiB, 1024), sink);
  assert.equal(sink.ranges().slice(0, 4), [
    [0, 0x800000],
    [0x806000, 0x809000],
    [0x80d000, 0x810000],
    [0x820000, 0x820000 + 16 * MiB],
  ]);
  assert.is(sink.bytes(), 2 * GiB - sizeOf(ADDED));
  assertDisjoint(sink.calls);
});

test("a single CPU accepts each region in one go", () => {
  const sink = new FirmwareRecorder();
  tdvf.preAccept(machine(4 * GiB, 1), sink);
  assert.equal(sink.ranges(), [
    [0, 0x800000],
    [0x806000, 0x809000],
    [0x80d000, 0x810000],
    [0x820000, 2 * GiB],
  ]);
});

test("a lower limit leaves low memory above it", () => {
  const sink = new FirmwareRecorder();
  const left = tdvf.preAccept(machine(4 * GiB, 4, 512 * MiB), sink);
  assert.equal(left, [
    { start: 512 * MiB, end: 2 * GiB },
    { start: 4 * GiB, end: 6 * GiB },
  ]);
  assert.is(sink.bytes(), 512 * MiB - sizeOf(ADDED));
});

test("without a limit nothing is left", () => {
  const sink = new FirmwareRecorder();
  assert.equal(tdvf.preAccept(machine(4 * GiB, 4, Number.POSITIVE_INFINITY), sink), []);
  assert.is(sink.bytes(), 4 * GiB - sizeOf(ADDED));
});

test("any machine: added, accepted and left are all of RAM, no page twice, below the limit only", () => {
  const inMiB = (min: number, max: number): fc.Arbitrary<number> =>
    fc.integer({ min, max }).map((n) => n * MiB);
  fc.assert(
    fc.property(
      inMiB(256, 8192),
      fc.integer({ min: 1, max: 300 }),
      inMiB(32, 10000),
      (memoryBytes, vcpus, limit) => {
        const sink = new FirmwareRecorder();
        const left = tdvf.preAccept(machine(memoryBytes, vcpus, limit), sink);
        const all = [...sink.calls, ...left, ...ADDED];
        assertDisjoint(all);
        assert.is(sizeOf(all), memoryBytes);
        for (const { end, cpu } of sink.calls) assert.ok(end <= limit && cpu < vcpus);
        for (const { start } of left) assert.ok(start >= limit);
      },
    ),
    { numRuns: 100 },
  );
});

test("any region: chunks of all CPUs together cover its whole large pages", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 40 * 512 }),
      fc.integer({ min: 1, max: 200 * 512 }),
      fc.integer({ min: 2, max: 9 }),
      (firstPage, pages, cpus) => {
        const range = { start: firstPage * PAGE_SIZE, end: (firstPage + pages) * PAGE_SIZE };
        const sink = new FirmwareRecorder();
        mpAccept(range, cpus, sink);
        assertDisjoint(sink.calls);
        assert.is(sink.bytes(), range.end - range.start);
        const firstChunk = Math.ceil(range.start / (2 * MiB)) * 2 * MiB;
        for (const { start, end, cpu } of sink.calls) {
          if (cpu === 0) continue;
          assert.ok(end - start <= 32 * MiB && end % (2 * MiB) === 0);
          assert.is(((start - firstChunk) / (32 * MiB)) % cpus, cpu);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test.run();
