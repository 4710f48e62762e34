import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { Memblock } from "../../src/memblock/memblock.js";
import { DENTRY_HASH, INODE_HASH, largeSystemHash, nrKernelPages } from "../../src/mm/large-hash.js";
import { type SparseOptions, sparseInit } from "../../src/mm/sparse.js";
import { GiB, MiB, TiB } from "../../src/units.js";
import { type MemoryRegion, RECORDED_MEMORY } from "./recorded-machines.js";

const test = suite("mm: sparse");
const PLAIN: SparseOptions = {
  rules: kernelRules("6.12").boot,
  fiveLevelPaging: false,
  pageExtension: false,
  memoryIsolation: true,
};

/** A memblock in a given state, and the address and size of everything allocated from it. */
function state(
  memory: readonly MemoryRegion[],
  reserved: readonly (readonly [number, number])[],
): { memblock: Memblock; allocated: [number, number][] } {
  const allocated: [number, number][] = [];
  const memblock = new Memblock({ accept: (start, size) => allocated.push([start, size]) });
  for (const { start, end, nid } of memory) memblock.addNode(start, end - start, nid);
  for (const [start, end] of reserved) memblock.reserve(start, end - start);
  memblock.currentLimit = memory.at(-1)!.end;
  return { memblock, allocated };
}

function guest(memoryBytes: number): MemoryRegion[] {
  return [
    { start: 0x1000, end: 0x9f000, nid: 0 },
    { start: MiB, end: 2 * GiB, nid: 0 },
    { start: 4 * GiB, end: 4 * GiB + memoryBytes - 2 * GiB, nid: 0 },
  ];
}

const LOW = [0, 0x100000] as const;
const LAB_KERNEL = [0x1000000, 0x4c07000] as const;

// States and addresses from dmesg (memblock=debug) of recorded boots in QEMU q35: Linux 6.12.107
// without CONFIG_MEMORY_HOTREMOVE, and Debian's 6.12.95 with it.
const FOUR_GIB_RESERVED = [
  LOW,
  LAB_KERNEL,
  [0x7fe47000, 0x7ffd8000],
  [0x7ffe0000, 0x7ffe2281],
  [0x17fffbdc0, 0x180000000],
] as const;

test("recorded: 4 GiB", () => {
  const { memblock, allocated } = state(RECORDED_MEMORY.fourGiB, FOUR_GIB_RESERVED);
  assert.is(sparseInit(memblock, PLAIN), 64 * MiB);
  assert.equal(allocated, [
    [0x17fff7dc0, 16384],
    [0x17fff6dc0, 4096],
    [0x17fff66c0, 1792],
    [0x17be00000, 64 * MiB],
    [0x17fff5000, 4096],
    [0x17fff4000, 4096],
  ]);
});

test("recorded: 1 GiB", () => {
  const { memblock, allocated } = state(RECORDED_MEMORY.oneGiB, [
    LOW,
    LAB_KERNEL,
    [0x3fe47000, 0x3ffd8000],
    [0x3ffdddc0, 0x3ffe2281],
  ]);
  assert.is(sparseInit(memblock, PLAIN), 16 * MiB);
  assert.equal(allocated, [
    [0x3ffd9dc0, 16384],
    [0x3ffd8dc0, 4096],
    [0x3ffd8c00, 448],
    [0x3ee00000, 16 * MiB],
    [0x3fe46000, 4096],
    [0x3fe45000, 4096],
  ]);
});

test("recorded: two nodes, where both usage maps go to node 0", () => {
  const { memblock, allocated } = state(RECORDED_MEMORY.twoNodes, [
    LOW,
    LAB_KERNEL,
    [0x7fe47000, 0x7ffd8000],
    [0x7ffdddc0, 0x7ffe23d8],
    [0x17fffbdc0, 0x180000000],
  ]);
  assert.is(sparseInit(memblock, PLAIN), 64 * MiB);
  assert.equal(allocated, [
    [0x17fff7dc0, 16384],
    [0x7ffdcdc0, 4096],
    [0x7ffdca40, 896],
    [0x7de00000, 32 * MiB],
    [0x7ffdb000, 4096],
    [0x7ffda000, 4096],
    [0x7ffdc6c0, 896],
    [0x17de00000, 32 * MiB],
  ]);
});

test("recorded: two nodes with memory hot-remove, where usage maps go near each pglist_data", () => {
  const nodeData = [0x7fe24680, 0x17ffd3680];
  const { memblock, allocated } = state(RECORDED_MEMORY.twoNodes, [
    LOW,
    [0x1000000, 0x3c11000],
    [0x7fe24680, 0x7ffe23d8],
    [0x17ffd3680, 0x180000000],
  ]);
  sparseInit(memblock, { ...PLAIN, nodeDataAddress: (nid) => nodeData[nid]! });
  assert.equal(allocated, [
    [0x17ffcf680, 16384],
    [0x7fe23680, 4096],
    [0x7fe23300, 896],
    [0x7de00000, 32 * MiB],
    [0x7fe22000, 4096],
    [0x7fe21000, 4096],
    [0x17ffcf300, 896],
    [0x17de00000, 32 * MiB],
  ]);
});

// "Dentry cache hash table entries: 524288", "Inode-cache hash table entries: 262144".
test("recorded: what is free behind it sizes the large hashes of 4 GiB", () => {
  const { memblock } = state(RECORDED_MEMORY.fourGiB, FOUR_GIB_RESERVED);
  sparseInit(memblock, PLAIN);
  const pages = nrKernelPages(memblock.freeMemRanges());
  assert.equal(largeSystemHash(pages, pages, DENTRY_HASH), { entries: 524288, bytes: 4194304 });
  assert.equal(largeSystemHash(pages, pages, INODE_HASH), { entries: 262144, bytes: 2097152 });
});

test("the memory map of 1 TiB is one block of 16 GiB", () => {
  const { memblock, allocated } = state(guest(TiB), [LOW]);
  assert.is(sparseInit(memblock, PLAIN), 16 * GiB);
  assert.is(allocated.filter(([, size]) => size === 16 * GiB).length, 1);
});

const RULES_7_3: SparseOptions = { ...PLAIN, rules: kernelRules("7.3").boot };

test("7.3: the maps of 128 sections one by one, from the top down", () => {
  const memory = { start: 4 * GiB, end: 0x4_8000_0000, nid: 0 };
  const { memblock, allocated } = state([{ start: 0, end: 2 * GiB, nid: 0 }, memory], [LOW]);
  assert.is(sparseInit(memblock, { ...RULES_7_3, pageExtension: true }), 256 * MiB);
  assert.equal(allocated.slice(0, 6), [
    [0x4_7fff_8000, 32768],
    [0x4_7fff_7000, 4096],
    [0x4_7fff_6000, 4096],
    [0x4_7fff_3400, 128 * 88],
    [0x4_7fff_2000, 4096],
    [0x4_7fff_1000, 4096],
  ]);
  assert.equal(allocated[6], [0x4_7fc0_0000, 2 * MiB]);
  assert.equal(allocated[7], [0x4_7fa0_0000, 2 * MiB]);
  assert.equal(allocated.slice(133), [[0x4_6fe0_0000, 2 * MiB]]);
});

test("7.3: a node without room has its map on another one", () => {
  const nodes = [
    { start: 0, end: 2 * GiB, nid: 0 },
    { start: 4 * GiB, end: 4 * GiB + 128 * MiB, nid: 1 },
  ];
  const { memblock, allocated } = state(nodes, [LOW, [4 * GiB, 4 * GiB + 127 * MiB]]);
  sparseInit(memblock, RULES_7_3);
  const maps = allocated.filter(([, size]) => size === 2 * MiB);
  assert.is(maps.length, 17);
  assert.ok(maps[16]![0] < 2 * GiB);
});

test("7.3: each node prefers itself for its usage maps", () => {
  const { memblock, allocated } = state(RECORDED_MEMORY.twoNodes, []);
  sparseInit(memblock, RULES_7_3);
  const usage = allocated.filter(([, size]) => size === 16 * 88);
  assert.equal(
    usage.map(([start]) => memblock.searchPfnNid(Math.floor(start / 4096))!.nid),
    [0, 1],
  );
});

test("a page of descriptors holds 256 sections, or 128 with page extensions", () => {
  const rootPages = (pageExtension: boolean) => {
    const { memblock, allocated } = state(guest(64 * GiB), [LOW]);
    sparseInit(memblock, { ...PLAIN, pageExtension });
    const usage = allocated.findIndex(([, size]) => size === 512 * 56);
    return [allocated[0]![1], usage - 1];
  };
  // 66 GiB of addresses are 528 sections.
  assert.equal(rootPages(false), [16384, 3]);
  assert.equal(rootPages(true), [32768, 5]);
});

test("the page tables of the map take a page for every 64 GiB of addresses, and one above", () => {
  const { memblock, allocated } = state(guest(192 * GiB), [LOW]);
  sparseInit(memblock, PLAIN);
  const buffer = allocated.findIndex(([, size]) => size === 3 * GiB);
  assert.is(allocated.length - buffer - 1, 1 + 4);
});

test("five levels need a larger root array and one more table", () => {
  const { memblock, allocated } = state(guest(4 * GiB), [LOW]);
  sparseInit(memblock, { ...PLAIN, fiveLevelPaging: true });
  assert.equal(
    allocated.map(([, size]) => size),
    [MiB, 4096, 1792, 64 * MiB, 4096, 4096, 4096],
  );
});

test("without room for one block every section gets its own", () => {
  const memory = [{ start: MiB, end: 256 * MiB, nid: 0 }];
  const holes = Array.from(
    { length: 61 },
    (_, i) => [(12 + 4 * i) * MiB, (12 + 4 * i) * MiB + 4096] as const,
  );
  const { memblock, allocated } = state(memory, [[4 * MiB, 12 * MiB], ...holes]);
  assert.is(sparseInit(memblock, PLAIN), 4 * MiB);
  assert.equal(
    allocated.map(([, size]) => size),
    [16384, 4096, 112, 4096, 4096, 2 * MiB, 2 * MiB],
  );
});

test("memory map and tables go below 16 MiB only if there is nothing else", () => {
  const { memblock, allocated } = state([{ start: MiB, end: 128 * MiB, nid: 0 }], [[16 * MiB, 128 * MiB]]);
  sparseInit(memblock, PLAIN);
  assert.ok(allocated.every(([start, size]) => start + size <= 16 * MiB));
});

test("a section that two nodes share belongs to the lower", () => {
  const { memblock, allocated } = state(
    [
      { start: MiB, end: 320 * MiB, nid: 0 },
      { start: 320 * MiB, end: 512 * MiB, nid: 1 },
    ],
    [],
  );
  sparseInit(memblock, PLAIN);
  assert.equal(
    allocated.map(([, size]) => size).filter((size) => size >= 2 * MiB),
    [6 * MiB, 2 * MiB],
  );
});

test("running out of memory is an error", () => {
  const { memblock } = state([{ start: MiB, end: 128 * MiB, nid: 0 }], [[2 * MiB, 128 * MiB]]);
  assert.throws(() => sparseInit(memblock, PLAIN), /without memory for the memory map/);
});

test.run();
