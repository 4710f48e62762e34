import { suite } from "uvu";
import * as assert from "uvu/assert";
import { edk2Build } from "../../src/firmware/edk2.js";
import type { Firmware } from "../../src/firmware/firmware.js";
import { FIRMWARES } from "../../src/firmware/firmwares.js";
import { q35Ram } from "../../src/firmware/q35.js";
import { subtractRanges } from "../../src/firmware/ranges.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import { assertDisjoint, FirmwareRecorder, sizeOf } from "./recorder.js";

const test = suite("firmware: old and small ones");

function run(firmware: Firmware, vcpus: number, preAcceptLimit: number): [number, FirmwareRecorder] {
  const sink = new FirmwareRecorder();
  const build = edk2Build(firmware.version);
  const left = firmware.preAccept({ build, ram: q35Ram(8 * GiB), vcpus, preAcceptLimit }, sink);
  assertDisjoint([...sink.calls, ...left, ...firmware.launchRanges(build)]);
  return [sizeOf(left), sink];
}

for (const name of ["tdvf-2022", "ovmf-snp-2022"] as const) {
  test(`${name} accepts everything on one CPU, whatever limit newer ones have`, () => {
    const [left, sink] = run(FIRMWARES[name], 8, 4 * GiB);
    assert.is(left, 0);
    assert.ok(sink.calls.every(({ cpu }) => cpu === 0));
    assert.is(sink.barriers, 0);
    // The area below 1 MiB that no operating system gets is not validated on SNP.
    assert.ok(sink.bytes() + sizeOf(FIRMWARES[name].launchRanges(edk2Build("2022.08"))) > 8 * GiB - MiB);
  });
}

test("tdvf-2022: all of RAM but what the VMM added, in one go for each range", () => {
  const launchRanges = FIRMWARES["tdvf-2022"].launchRanges(edk2Build("2022.08"));
  const [, sink] = run(FIRMWARES["tdvf-2022"], 4, 0);
  assert.equal(
    sink.ranges(),
    subtractRanges(q35Ram(8 * GiB), launchRanges).map(({ start, end }) => [start, end]),
  );
});

test("OVMF without the protocol leaves what OVMF with it leaves", () => {
  const [left, sink] = run(FIRMWARES["ovmf-snp-no-protocol"], 4, 4 * GiB);
  const [expected, other] = run(FIRMWARES["ovmf-snp"], 4, 4 * GiB);
  assert.is(left, expected);
  assert.equal(sink.ranges(), other.ranges());
  assert.not(FIRMWARES["ovmf-snp-no-protocol"].acceptanceProtocol);
});

test("td-shim accepts an amount and not up to an address: 256 MiB and what the VMM added lie below the rest", () => {
  const [left, sink] = run(FIRMWARES["td-shim"], 4, 256 * MiB);
  assert.is(sink.bytes(), 256 * MiB);
  assert.is(Math.max(...sink.calls.map(({ end }) => end)), 256 * MiB + 128 * KiB);
  assert.is(left, 8 * GiB - 256 * MiB - 128 * KiB);
});

test("td-shim goes on in the next range when the first is smaller than the amount", () => {
  const [left, sink] = run(FIRMWARES["td-shim"], 1, 3 * GiB);
  assert.is(sink.bytes(), 3 * GiB);
  assert.is(Math.max(...sink.calls.map(({ end }) => end)), 5 * GiB + 128 * KiB);
  assert.is(left, 5 * GiB - 128 * KiB);
});

test("td-shim: CPU 0 accepts what is not aligned after its chunks, 480 pages in front of those of the second range", () => {
  const [, sink] = run(FIRMWARES["td-shim"], 4, 256 * MiB);
  const own = sink.calls.filter(({ cpu }) => cpu === 0).map(({ start, end }) => [start, end]);
  // The first range is not longer than a chunk.
  assert.equal(own[0], [0, 0x800000]);
  assert.equal(own.slice(-2), [
    [0x820000, 0xa00000],
    [0x10000000, 0x10020000],
  ]);
});

test("td-shim has stacks for 15 other CPUs", () => {
  const [, sink] = run(FIRMWARES["td-shim"], 64, 2 * GiB);
  assert.is(new Set(sink.calls.map(({ cpu }) => cpu)).size, 16);
});

test("td-shim without lazy-accept leaves nothing", () => {
  const [left] = run(FIRMWARES["td-shim"], 4, Number.POSITIVE_INFINITY);
  assert.is(left, 0);
});

test.run();
