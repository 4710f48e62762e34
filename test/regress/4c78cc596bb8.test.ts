import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { Memblock } from "../../src/memblock/memblock.js";
import { MemblockFlags } from "../../src/memblock/regions.js";
import { bootTo } from "./early-boot.js";

/**
 * "memblock: add MEMBLOCK_RSRV_KERN flag". Reservations knew neither their node nor who uses them, and all
 * neighbours merged.
 */
const test = suite("regress: 4c78cc596bb8");

function memblockOf(kernel: string): Memblock {
  const memblock = new Memblock({ rules: kernelRules(kernel).memblock });
  memblock.addNode(0x1000, 0x2000, 0);
  return memblock;
}

test("an allocation for any node below one for node 0", () => {
  for (const [kernel, nodes] of [
    ["6.15", [1024]],
    ["6.16", [-1, 0]],
    ["7.3", [-1, 0]],
  ] as const) {
    const memblock = memblockOf(kernel);
    memblock.allocNode(0x1000, 0x1000, 0);
    memblock.alloc(0x1000, 0x1000);
    assert.equal(
      memblock.reserved.regions.map(({ nid }) => nid),
      nodes,
      kernel,
    );
  }
});

test("what the firmware occupies does not merge with what the kernel takes", () => {
  const memblock = memblockOf("7.3");
  memblock.reserve(0x2000, 0x1000);
  memblock.alloc(0x1000, 0x1000);
  assert.equal(memblock.reserved.regions, [
    { base: 0x1000, size: 0x1000, nid: -1, flags: MemblockFlags.RSRV_KERN },
    { base: 0x2000, size: 0x1000, nid: -1, flags: MemblockFlags.NONE },
  ]);
});

test("what overlaps keeps the node and flags that it has", () => {
  const memblock = memblockOf("7.3");
  memblock.reserveKern(0x1000, 0x1000);
  memblock.reserve(0x1000, 0x2000);
  assert.equal(
    memblock.reserved.regions.map(({ flags }) => flags),
    [MemblockFlags.RSRV_KERN, MemblockFlags.NONE],
  );
});

test("image, brk and initrd are the kernel's, the first MiB is not", () => {
  const { memblock } = bootTo("7.3", "e820__memblock_setup", {
    initrd: { start: 0x70000000, end: 0x70100000 },
  }).boot;
  assert.equal(
    memblock.reserved.regions.map(({ base, flags }) => [base, flags]),
    [
      [0, 0],
      [0x9f000, 0],
      [0x1000000, 0x20],
      [0x70000000, 0x20],
    ],
  );
});

test("an array that has moved is the kernel's", () => {
  const memblock = new Memblock({ rules: kernelRules("7.3").memblock });
  memblock.addNode(0x100000, 0x400000, 0);
  memblock.allowResize();
  for (let page = 0; page < 130; page++) memblock.reserve(0x100000 + page * 0x2000, 0x1000);
  const array = memblock.reserved.regions.find(({ base }) => base === memblock.reserved.arrayAddress)!;
  assert.equal(array, { base: 0x4fe000, size: 0x2000, nid: -1, flags: MemblockFlags.RSRV_KERN });
});

test("a full array moves earlier, as fewer neighbours merge", () => {
  const moved = (kernel: string): boolean => {
    const memblock = new Memblock({ rules: kernelRules(kernel).memblock });
    memblock.addNode(0x100000, 0x400000, 0);
    memblock.allowResize();
    for (let page = 0; page < 130; page++) {
      const base = 0x100000 + page * 0x1000;
      if (page % 2 === 0) memblock.reserve(base, 0x1000);
      else memblock.reserveKern(base, 0x1000);
    }
    return memblock.reserved.arrayAddress !== undefined;
  };
  assert.is(moved("6.15"), false);
  assert.is(moved("6.16"), true);
});

test.run();
