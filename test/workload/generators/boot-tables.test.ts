import { suite } from "uvu";
import * as assert from "uvu/assert";
import { GiB, KiB, MiB } from "../../../src/units.js";
import {
  dmaPoolOrder,
  futexHash,
  hashBytes,
  LATE_VFS_HASHES,
  MOUNT_HASHES,
  memoryBlockBytes,
  NETWORK_HASHES,
  tableBlocks,
} from "../../../src/workload/generators/boot-tables.js";

const test = suite("workload: tables of a booting kernel");

test("network hash tables are as large as the boot logs of 2 and 16 GiB say", () => {
  const sizes = (memory: number): number[] => NETWORK_HASHES.map((hash) => hashBytes(hash, memory) / KiB);
  assert.equal(sizes(2 * GiB), [256, 16, 256, 128, 512, 48, 32, 32]);
  assert.equal(sizes(16 * GiB), [2048, 128, 256, 1024, 2048, 384, 256, 256]);
});

test("hash tables of mounts, dentries and inodes, too", () => {
  const sizes = (memory: number): number[] =>
    [...LATE_VFS_HASHES, ...MOUNT_HASHES].map((hash) => hashBytes(hash, memory) / KiB);
  assert.equal(sizes(2 * GiB), [2048, 1024, 32, 32]);
  assert.equal(sizes(16 * GiB), [16384, 8192, 256, 256]);
});

test("futex hash tables grow with the CPUs", () => {
  assert.equal(
    [1, 2, 4].map((cpus) => hashBytes(futexHash(cpus), GiB) / KiB),
    [16, 32, 64],
  );
});

test("above 64 GiB of memory tables without a limit grow half as fast", () => {
  const [dentry] = LATE_VFS_HASHES;
  assert.is(hashBytes(dentry!, 64 * GiB), 64 * MiB);
  assert.is(hashBytes(dentry!, 128 * GiB), 64 * MiB);
  assert.is(hashBytes(dentry!, 512 * GiB), 128 * MiB);
});

test("a table is one block, on several nodes pages or huge pages", () => {
  assert.equal(tableBlocks(512 * KiB, 1), { order: 7, blocks: 1, bulk: false });
  assert.equal(tableBlocks(4 * MiB, 2), { order: 9, blocks: 2, bulk: false });
  assert.equal(tableBlocks(2 * MiB, 2), { order: 0, blocks: 512, bulk: true });
  assert.equal(tableBlocks(48 * KiB, 1), { order: 4, blocks: 1, bulk: false });
  assert.equal(tableBlocks(16 * MiB, 1), { order: 9, blocks: 8, bulk: false });
});

test("DMA pools take 128 KiB for each GiB, 4 MiB at most", () => {
  assert.equal(
    [1, 2, 4, 16, 1024].map((gib) => dmaPoolOrder(gib * GiB)),
    [5, 6, 7, 9, 10],
  );
});

test("memory blocks are 128 MiB, and above 64 GiB what divides the memory", () => {
  assert.equal(
    [4 * GiB, 63 * GiB, 64 * GiB, 65 * GiB, 96.5 * GiB].map((bytes) => memoryBlockBytes(bytes) / MiB),
    [128, 128, 2048, 1024, 512],
  );
});

test.run();
