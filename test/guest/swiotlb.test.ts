import { suite } from "uvu";
import * as assert from "uvu/assert";
import { defaultSwiotlbBytes, swiotlbSlots } from "../../src/guest/swiotlb.js";
import { GiB, MiB } from "../../src/units.js";
import { loggedBoot, plainMachine, q35Map, runTo } from "./machines.js";

const test = suite("guest: DMA bounce buffer");

test("without encryption only machines with RAM above 4 GiB have one, of 64 MiB", () => {
  assert.is(defaultSwiotlbBytes(2 * GiB, 2 * GiB, false), 0);
  assert.is(defaultSwiotlbBytes(4 * GiB, 4 * GiB, false), 0);
  assert.is(defaultSwiotlbBytes(4 * GiB, 6 * GiB, false), 64 * MiB);
});

test("encrypted guests take 6 % of RAM between 64 MiB and 1 GiB", () => {
  assert.is(defaultSwiotlbBytes(GiB, GiB, true), 64 * MiB);
  assert.is(defaultSwiotlbBytes(4 * GiB, 6 * GiB, true), Math.floor((4 * GiB * 6) / 100));
  assert.is(defaultSwiotlbBytes(64 * GiB, 66 * GiB, true), GiB);
});

test("the buffer is rounded up to a power of two", () => {
  // 6 % of 4 GiB is 245.76 MiB.
  assert.is(swiotlbSlots(Math.floor((4 * GiB * 6) / 100), 1) * 2048, 256 * MiB);
  assert.is(swiotlbSlots(64 * MiB, 1), 32768);
});

test("6 % of RAM are 64 MiB up to 1066 MiB, 983 MiB of 16 GiB, and 1 GiB from 17067 MiB on", () => {
  const bytes = (ram: number): number => defaultSwiotlbBytes(ram, ram, true);
  assert.is(bytes(1066 * MiB), 64 * MiB);
  assert.ok(bytes(1068 * MiB) > 64 * MiB);
  assert.is(bytes(16 * GiB), Math.floor(983.04 * MiB));
  assert.ok(bytes(17_066 * MiB) < GiB);
  assert.is(bytes(17_067 * MiB), GiB);
  assert.is(swiotlbSlots(GiB, 1), 524_288);
});

test("every area has a segment at least", () => {
  assert.is(swiotlbSlots(MiB, 256), 128 * 256);
});

test("it lies at the top of low memory", () => {
  const { boot } = runTo(loggedBoot(plainMachine(64 * GiB, { memoryEncrypted: true })), "swiotlb_init");
  assert.equal(boot.swiotlb, { start: GiB, end: 2 * GiB });
});

test("each CPU has an area, rounded up to a power of two", () => {
  const machine = plainMachine(4 * GiB, { cpuNodes: Array.from({ length: 6 }, () => 0) });
  const { accepted } = runTo(loggedBoot(machine), "swiotlb_init");
  assert.equal(
    accepted.map(({ sizeBytes }) => sizeBytes),
    [64 * MiB, 32768 * 24, 8 * 16],
  );
});

test("it is halved until it fits", () => {
  const e820 = q35Map(4 * GiB).map((entry) => (entry.end === 2 * GiB ? { ...entry, end: 300 * MiB } : entry));
  const machine = plainMachine(4 * GiB, { e820, swiotlbBytes: 512 * MiB });
  const { boot } = runTo(loggedBoot(machine), "swiotlb_init");
  assert.equal(boot.swiotlb, { start: 300 * MiB - 128 * MiB, end: 300 * MiB });
});

test("a size of 0 means none", () => {
  const machine = plainMachine(4 * GiB, { memoryEncrypted: true, swiotlbBytes: 0 });
  const { boot, lines } = runTo(loggedBoot(machine), "swiotlb_init");
  assert.is(boot.swiotlb, undefined);
  assert.equal(lines, []);
});

test.run();
