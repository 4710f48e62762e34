import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  buildOf,
  DEBIAN_CLOUD_6_12_95,
  type PercpuBuild,
  SMALL_6_12_107,
} from "../../src/linux/kernel-build.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import { percpuLayout } from "../../src/x86/percpu-first-chunk.js";
import { loggedBoot, plainMachine, runTo } from "../guest/machines.js";

const test = suite("guest: first chunk of per-CPU memory");

const debian = DEBIAN_CLOUD_6_12_95.percpu;

test("one CPU has a block of 2 MiB for itself and uses 66 pages of it", () => {
  assert.equal(percpuLayout(debian, [1]), {
    usedBytes: 66 * 4096,
    unitBytes: 2 * MiB,
    unitsPerBlock: 1,
    dynamicBytes: 28672,
  });
});

test("what rounding to pages leaves belongs to run-time allocations", () => {
  const layout = percpuLayout(SMALL_6_12_107.percpu, [1]);
  assert.is(layout.usedBytes, 51 * 4096);
  assert.is(layout.dynamicBytes, 32680);
});

test("two CPUs share a block, four too", () => {
  assert.is(percpuLayout(debian, [2]).unitBytes, MiB);
  assert.is(percpuLayout(debian, [4]).unitBytes, 512 * KiB);
});

test("7.3.4: 63 pages fit eight times into a block, those of 6.12 seven times", () => {
  const { percpu } = buildOf("cloud", "7.3.4");
  assert.equal(percpuLayout(percpu, [8]), {
    usedBytes: 63 * 4096,
    unitBytes: 256 * KiB,
    unitsPerBlock: 8,
    dynamicBytes: 28672,
  });
  assert.equal(percpuLayout(debian, [8]).unitBytes, 512 * KiB);
  for (const [cpus, before, now] of [
    [4, 2, 2],
    [6, 4, 2],
    [16, 8, 4],
    [64, 32, 16],
    [128, 64, 32],
  ] as const) {
    const mib = (build: PercpuBuild): number => {
      const { unitsPerBlock } = percpuLayout(build, [cpus]);
      return Math.ceil(cpus / unitsPerBlock) * 2;
    };
    assert.equal([mib(debian), mib(percpu)], [before, now], `${cpus}`);
  }
});

test("a third of the CPUs' number is not wasted", () => {
  // 3 CPUs: 4 to a block waste one unit, which is a third; 5 CPUs: 3 wasted are too many, 2 to a block waste 1.
  assert.is(percpuLayout(debian, [3]).unitsPerBlock, 4);
  assert.is(percpuLayout(debian, [5]).unitsPerBlock, 2);
});

test("CPUs of different nodes do not share", () => {
  assert.is(percpuLayout(debian, [1, 1]).unitsPerBlock, 1);
  assert.is(percpuLayout(debian, [8, 8]).unitsPerBlock, 4);
});

test("64 CPUs take 16 blocks, and give back what they do not use", () => {
  const cpuNodes = Array.from({ length: 64 }, () => 0);
  const logged = runTo(loggedBoot(plainMachine(16 * GiB, { cpuNodes })), "setup_per_cpu_areas");
  const blocks = logged.accepted.filter(({ sizeBytes }) => sizeBytes === 32 * MiB);
  assert.is(blocks.length, 1);
  const released = logged.lines.filter((line) => line.startsWith("memblock_phys_free"));
  assert.is(released.length, 64 + 2); // and the two temporary tables
  assert.is(blocks[0]!.start % (2 * MiB), 0);
});

test("a unit without a CPU is given back whole", () => {
  const logged = runTo(loggedBoot(plainMachine(4 * GiB, { cpuNodes: [0, 0, 0] })), "setup_per_cpu_areas");
  const { start } = logged.accepted.find(({ sizeBytes }) => sizeBytes === 2 * MiB)!;
  const { memblock } = logged.boot;
  assert.is(memblock.reserved.search(start + 2 * 512 * KiB) >= 0, true);
  assert.is(memblock.reserved.search(start + 3 * 512 * KiB), -1);
});

test("every node's areas are its own", () => {
  const numaBlocks = [
    { start: 0, end: 2 * GiB, nid: 0 },
    { start: 4 * GiB, end: 6 * GiB, nid: 1 },
  ];
  const machine = plainMachine(4 * GiB, { numaBlocks, cpuNodes: [0, 1, 0, 1] });
  const { accepted } = runTo(loggedBoot(machine), "setup_per_cpu_areas");
  const areas = accepted.filter(({ sizeBytes }) => sizeBytes === 2 * MiB).map(({ start }) => start);
  assert.is(areas.length, 2);
  assert.ok(areas[0]! < 2 * GiB && areas[1]! >= 4 * GiB);
});

test.run();
