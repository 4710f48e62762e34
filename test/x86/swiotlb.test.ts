import { suite } from "uvu";
import * as assert from "uvu/assert";
import { GiB, MiB } from "../../src/units.js";
import { encryptedSwiotlbBytes } from "../../src/x86/swiotlb.js";
import { loggedBoot, plainMachine, q35Map, runTo } from "../guest/machines.js";

const test = suite("guest: DMA bounce buffer");

test("without encryption only machines with RAM above 4 GiB have one, of 64 MiB", () => {
  const sizeOf = (memoryBytes: number, commandLine = "quiet"): number => {
    const { boot } = runTo(loggedBoot(plainMachine(memoryBytes, { commandLine })), "swiotlb_init");
    return boot.swiotlb === undefined ? 0 : boot.swiotlb.end - boot.swiotlb.start;
  };
  assert.is(sizeOf(2 * GiB), 0);
  assert.is(sizeOf(4 * GiB), 64 * MiB);
  assert.is(sizeOf(2 * GiB, "swiotlb=force"), 64 * MiB);
  assert.is(sizeOf(2 * GiB, "iommu=soft"), 64 * MiB);
  assert.is(sizeOf(4 * GiB, "iommu=off"), 0);
  assert.is(sizeOf(4 * GiB, "swiotlb=4096"), 8 * MiB);
});

test("6 % of RAM are 64 MiB up to 1066 MiB, 983 MiB of 16 GiB, and 1 GiB from 17067 MiB on", () => {
  assert.is(encryptedSwiotlbBytes(GiB), 64 * MiB);
  assert.is(encryptedSwiotlbBytes(4 * GiB), Math.floor((4 * GiB * 6) / 100));
  assert.is(encryptedSwiotlbBytes(1066 * MiB), 64 * MiB);
  assert.ok(encryptedSwiotlbBytes(1068 * MiB) > 64 * MiB);
  assert.is(encryptedSwiotlbBytes(16 * GiB), Math.floor(983.04 * MiB));
  assert.ok(encryptedSwiotlbBytes(17_066 * MiB) < GiB);
  assert.is(encryptedSwiotlbBytes(17_067 * MiB), GiB);
  assert.is(encryptedSwiotlbBytes(64 * GiB), GiB);
});

test("every area has a segment at least", () => {
  const cpuNodes = Array.from({ length: 200 }, () => 0);
  const machine = plainMachine(4 * GiB, { cpuNodes, commandLine: "swiotlb=512" });
  const { boot } = runTo(loggedBoot(machine), "swiotlb_init");
  assert.is(boot.swiotlb!.end - boot.swiotlb!.start, 128 * 256 * 2048);
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
  const machine = plainMachine(4 * GiB, { e820, commandLine: "swiotlb=262144" });
  const { boot } = runTo(loggedBoot(machine), "swiotlb_init");
  assert.equal(boot.swiotlb, { start: 300 * MiB - 128 * MiB, end: 300 * MiB });
  assert.equal(boot.remarks, ["swiotlb: no room for 512 MiB below 4 GiB, 128 MiB instead"]);
});

test("noforce means none, and devices that cannot be used", () => {
  const machine = plainMachine(4 * GiB, { memoryEncrypted: true, commandLine: "swiotlb=noforce" });
  const { boot, lines } = runTo(loggedBoot(machine), "swiotlb_init");
  assert.is(boot.swiotlb, undefined);
  assert.equal(lines, []);
  assert.equal(boot.remarks, ["swiotlb: no bounce buffer, so devices cannot be used"]);
});

test.run();
