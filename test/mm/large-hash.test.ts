import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DENTRY_HASH, INODE_HASH, type LargeHashRequest, largeSystemHash } from "../../src/mm/large-hash.js";

const test = suite("mm: large hash");
const GIB_PAGES = 262144;

function size(pages: number, request: LargeHashRequest): number[] {
  const { entries, bytes } = largeSystemHash(pages, pages, request);
  return [entries, bytes];
}

/**
 * "... hash table entries" in dmesg of recorded boots (Linux 6.12.95 of Debian and 6.12.107,
 * QEMU q35). Pages: memory less what was reserved when zones were set up.
 */
const RECORDED = [
  { memory: "1 GiB", pages: 242000, dentry: 131072, inode: 65536, mount: 2048 },
  { memory: "2 GiB", pages: 500000, dentry: 262144, inode: 131072, mount: 4096 },
  { memory: "4 GiB", pages: 1016000, dentry: 524288, inode: 262144, mount: 8192 },
] as const;
const MOUNT_HASH: LargeHashRequest = { scale: 19, bucketBytes: 8 };

for (const { memory, pages, dentry, inode, mount } of RECORDED) {
  test(`recorded: ${memory}`, () => {
    assert.equal(size(pages, DENTRY_HASH), [dentry, dentry * 8]);
    assert.equal(size(pages, INODE_HASH), [inode, inode * 8]);
    assert.equal(size(pages, MOUNT_HASH), [mount, mount * 8]);
  });
}

test("recorded: tables with a limit and with larger buckets", () => {
  // TCP established, MPTCP token and UDP of Debian's kernel with 4 GiB.
  assert.equal(size(1016000, { scale: 17, bucketBytes: 8, highLimit: 524288 }), [32768, 262144]);
  assert.equal(size(1016000, { scale: 20, bucketBytes: 24, highLimit: 65536 }), [4096, 98304]);
  assert.equal(size(1016000, { scale: 21, bucketBytes: 32, highLimit: 65536 }), [2048, 65536]);
});

test("a table without a limit grows half as fast for every quadrupling above 64 GiB", () => {
  const perBucket = (gib: number) => (gib * GIB_PAGES * 4096) / size(gib * GIB_PAGES, DENTRY_HASH)[0]!;
  assert.is(perBucket(64), 8192);
  assert.is(perBucket(128), 16384);
  assert.is(perBucket(256), 16384);
  assert.is(perBucket(512), 32768);
  assert.is(perBucket(4096), 65536);
});

test("a limit cuts to a power of two and keeps the scale above 64 GiB", () => {
  assert.is(size(256 * GIB_PAGES, { scale: 17, bucketBytes: 8, highLimit: 600000 })[0], 524288);
  assert.is(size(256 * GIB_PAGES, { scale: 17, bucketBytes: 8, highLimit: 2 ** 40 })[0], 2 ** 21);
});

test("a table takes at least a page and at most a sixteenth of memory", () => {
  assert.equal(size(256, { scale: 20, bucketBytes: 8 }), [512, 4096]);
  // 65536 bytes are a sixteenth of 1 MiB: 1024 buckets of 64 bytes.
  assert.equal(size(256, { scale: 8, bucketBytes: 64 }), [1024, 65536]);
});

test("memory is counted in whole MiB", () => {
  // A page more than 2 GiB would not need more buckets of 16 KiB each, but a MiB more does.
  assert.is(size(524288, INODE_HASH)[0], 131072);
  assert.is(size(524289, INODE_HASH)[0], 262144);
});

test.run();
