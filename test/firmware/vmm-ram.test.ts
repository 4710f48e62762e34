import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  type RamRequest,
  takesLowMemory,
  VMM_KINDS,
  type VmmKind,
  vmmRam,
} from "../../src/firmware/vmm-ram.js";
import { GiB, MiB, TiB } from "../../src/units.js";

const test = suite("firmware: RAM of VMMs");

/** Ranges as pairs of MiB. */
function ram(kind: VmmKind, memoryMib: number, more: Partial<RamRequest> = {}): number[][] {
  const ranges = vmmRam(kind, { memoryBytes: memoryMib * MiB, isAmd: false, ...more });
  return ranges.map(({ start, end }) => [start / MiB, end / MiB]);
}

test("i440fx keeps less than 3.5 GiB below 4 GiB, and 3 GiB of more", () => {
  assert.equal(ram("i440fx", 3583), [[0, 3583]]);
  assert.equal(ram("i440fx", 3584), [
    [0, 3072],
    [4096, 4608],
  ]);
  assert.equal(ram("i440fx", 4096), [
    [0, 3072],
    [4096, 5120],
  ]);
});

test("i440fx takes another limit, which it lowers to 3 GiB once it has to split", () => {
  assert.equal(ram("i440fx", 4096, { lowMemoryBytes: 2 * GiB }), [
    [0, 2048],
    [4096, 6144],
  ]);
  assert.equal(ram("i440fx", 3968, { lowMemoryBytes: 4 * GiB }), [[0, 3968]]);
  assert.equal(ram("i440fx", 4096, { lowMemoryBytes: 4 * GiB }), [
    [0, 3072],
    [4096, 5120],
  ]);
  assert.equal(ram("i440fx", 2048, { lowMemoryBytes: 2 * GiB }), [[0, 2048]]);
});

test("q35 takes a lower limit than its own", () => {
  assert.equal(ram("q35", 2815), [[0, 2815]]);
  assert.equal(ram("q35", 4096, { lowMemoryBytes: GiB }), [
    [0, 1024],
    [4096, 7168],
  ]);
  assert.equal(ram("q35", 1024, { lowMemoryBytes: GiB }), [[0, 1024]]);
  assert.equal(ram("q35", 1025, { lowMemoryBytes: GiB }), [
    [0, 1024],
    [4096, 4097],
  ]);
  assert.equal(ram("q35", 4096, { lowMemoryBytes: 3 * GiB }), [
    [0, 2048],
    [4096, 6144],
  ]);
});

test("cloud-hypervisor keeps 3 GiB", () => {
  assert.equal(ram("cloud-hypervisor", 3072), [[0, 3072]]);
  assert.equal(ram("cloud-hypervisor", 3073), [
    [0, 3072],
    [4096, 4097],
  ]);
  assert.equal(ram("cloud-hypervisor", 16384), [
    [0, 3072],
    [4096, 17408],
  ]);
});

test("crosvm, libkrun and Firecracker up to 1.12 keep 3.25 GiB", () => {
  for (const kind of ["crosvm", "libkrun", "firecracker-1.12"] as const) {
    assert.equal(ram(kind, 3328), [[0, 3328]], kind);
    assert.equal(
      ram(kind, 3329),
      [
        [0, 3328],
        [4096, 4097],
      ],
      kind,
    );
  }
  assert.equal(ram("crosvm", 4096, { lowMemoryBytes: 2 * GiB }), [
    [0, 2048],
    [4096, 6144],
  ]);
});

test("Firecracker since 1.13 keeps 3 GiB, and nothing from 256 to 512 GiB", () => {
  assert.equal(ram("firecracker", 3072), [[0, 3072]]);
  assert.equal(ram("firecracker", 4096), [
    [0, 3072],
    [4096, 5120],
  ]);
  assert.equal(ram("firecracker", 261_120), [
    [0, 3072],
    [4096, 262_144],
  ]);
  assert.equal(ram("firecracker", 261_121), [
    [0, 3072],
    [4096, 262_144],
    [524_288, 524_289],
  ]);
});

test("only machines of QEMU put RAM behind AMD's hole", () => {
  const startOf = (kind: VmmKind, memoryMib: number): number =>
    ram(kind, memoryMib, { isAmd: true }).at(-1)![0]!;
  assert.is(startOf("q35", 978 * 1024), 4096);
  assert.is(startOf("q35", 979 * 1024), TiB / MiB);
  assert.is(startOf("i440fx", 1009 * 1024), 4096);
  assert.is(startOf("i440fx", 1010 * 1024), TiB / MiB);
  assert.is(startOf("cloud-hypervisor", 2048 * 1024), 4096);
});

test("no kind loses memory below 4 PiB, nor has any at 2^52", () => {
  for (const kind of VMM_KINDS) {
    for (const memoryMib of [256, 2816, 3072, 3328, 3584, 4096, 300 * 1024, 1 << 20]) {
      const ranges = ram(kind, memoryMib);
      const sum = ranges.reduce((total, [start, end]) => total + end! - start!, 0);
      assert.is(sum, memoryMib, `${kind} ${memoryMib}`);
    }
    assert.is(ram(kind, 4096 * 1024 * 1024).at(-1)![1], 2 ** 32, kind);
  }
});

test("machines of QEMU and crosvm can be told", () => {
  assert.equal(VMM_KINDS.filter(takesLowMemory), ["q35", "i440fx", "crosvm"]);
});

test.run();
