import { suite } from "uvu";
import * as assert from "uvu/assert";
import { handOver, reservedPfnRanges } from "../../src/memblock/hand-over.js";
import { GiB, KiB, MiB, TiB } from "../../src/units.js";
import { runEarlySteps } from "../../src/x86/early-memblock.js";
import { loggedBoot, plainMachine, q35Map } from "./machines.js";

const test = suite("guest: early boot of other sizes");

const SIZES: readonly [memoryBytes: number, cpus: number][] = [
  [256 * MiB, 1],
  [1 * GiB, 2],
  [16 * GiB, 4],
  [64 * GiB, 16],
  [1 * TiB, 128],
];

for (const [memoryBytes, cpus] of SIZES) {
  test(`${memoryBytes / MiB} MiB, ${cpus} CPUs: every allocation is inside of memory`, () => {
    const cpuNodes = Array.from({ length: cpus }, () => 0);
    const { boot, accepted } = loggedBoot(plainMachine(memoryBytes, { cpuNodes, memoryEncrypted: true }));
    runEarlySteps(boot);
    const ram = q35Map(memoryBytes);
    for (const { start, sizeBytes } of accepted) {
      assert.ok(
        ram.some((entry) => entry.type === 1 && entry.start <= start && start + sizeBytes <= entry.end),
        `0x${start.toString(16)}`,
      );
    }
  });

  test(`${memoryBytes / MiB} MiB, ${cpus} CPUs: free and reserved pages are all of memory`, () => {
    const cpuNodes = Array.from({ length: cpus }, () => 0);
    const { boot } = loggedBoot(plainMachine(memoryBytes, { cpuNodes, memoryEncrypted: true }));
    runEarlySteps(boot);
    let pages = 0;
    for (const { startPfn, endPfn } of reservedPfnRanges(boot.memblock)) {
      for (const range of boot.memblock.memPfnRanges()) {
        pages += Math.max(0, Math.min(endPfn, range.endPfn) - Math.max(startPfn, range.startPfn));
      }
    }
    for (const { order, blockCount } of handOver(boot.memblock, boot.maxPfn))
      pages += blockCount * 2 ** order;
    let memory = 0;
    for (const { startPfn, endPfn } of boot.memblock.memPfnRanges()) memory += endPfn - startPfn;
    // Neighbouring reservations can share a page: both touch it.
    assert.ok(pages >= memory && pages <= memory + boot.memblock.reserved.regions.length);
  });
}

test("64 GiB of an encrypted guest: memory map and bounce buffer are nearly all there is", () => {
  const { boot, accepted } = loggedBoot(plainMachine(64 * GiB, { memoryEncrypted: true }));
  runEarlySteps(boot);
  const bytes = accepted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const hashes = 96 * MiB;
  const rest = bytes - GiB /* memory map */ - GiB /* bounce buffer */ - hashes;
  assert.ok(rest > 16 * MiB && rest < 20 * MiB, `${rest / KiB} KiB`);
});

test.run();
