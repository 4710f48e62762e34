import { suite } from "uvu";
import * as assert from "uvu/assert";
import { discardedArrays } from "../../src/memblock/hand-over.js";
import { Memblock } from "../../src/memblock/memblock.js";
import { GiB, MiB } from "../../src/units.js";
import { ranges } from "./helpers.js";

const test = suite("memblock: acceptance and growing arrays");

interface Recorder {
  readonly memblock: Memblock;
  readonly accepted: [start: number, sizeBytes: number][];
}

function recorder(): Recorder {
  const accepted: [number, number][] = [];
  const memblock = new Memblock({
    accept: (start, sizeBytes) => {
      accepted.push([start, sizeBytes]);
    },
  });
  return { memblock, accepted };
}

test("every allocation accepts exactly the bytes it returns", () => {
  const { memblock, accepted } = recorder();
  memblock.add(GiB, GiB);
  memblock.alloc(100, 64);
  memblock.physAllocRange(2 * MiB, 2 * MiB, 0, 2 * GiB);
  assert.equal(accepted, [
    [2 * GiB - 128, 100],
    [2 * GiB - 4 * MiB, 2 * MiB],
  ]);
});

test("adding, reserving, removing and freeing accept nothing", () => {
  const { memblock, accepted } = recorder();
  memblock.add(GiB, GiB);
  memblock.reserve(GiB, MiB);
  memblock.remove(GiB, 2 * MiB);
  memblock.free(GiB, MiB);
  assert.equal(accepted, []);
});

test("a failed allocation accepts nothing", () => {
  const { memblock, accepted } = recorder();
  memblock.add(GiB, MiB);
  assert.is(memblock.alloc(2 * MiB, 64), 0);
  assert.equal(accepted, []);
});

test("what was freed is accepted again when it is allocated again", () => {
  // The bitmap behind the callback makes the second call free of charge, not memblock.
  const { memblock, accepted } = recorder();
  memblock.add(GiB, GiB);
  const probe = memblock.physAlloc(2 * MiB, 2 * MiB);
  memblock.free(probe, 2 * MiB);
  memblock.alloc(4096, 4096);
  assert.equal(accepted, [
    [2 * GiB - 2 * MiB, 2 * MiB],
    [2 * GiB - 4096, 4096],
  ]);
});

/** 128 reservations of one page with holes between them, from 1 GiB on. */
function fillReserved(memblock: Memblock): void {
  for (let i = 0; i < 128; i++) memblock.reserve(GiB + i * 0x2000, 0x1000);
  assert.is(memblock.reserved.regions.length, 128);
}

test("the 129th reservation doubles the array with an accepted allocation above it", () => {
  const { memblock, accepted } = recorder();
  memblock.add(GiB, GiB);
  memblock.allowResize();
  fillReserved(memblock);
  assert.equal(accepted, []);
  memblock.reserve(GiB + 0x200000, 0x1000);
  assert.is(memblock.reserved.max, 256);
  // 256 regions of 24 bytes are 6144 bytes, two pages.
  assert.equal(accepted, [[2 * GiB - 8192, 8192]]);
  assert.equal(ranges(memblock.reserved).at(-1), [2 * GiB - 8192, 2 * GiB]);
  assert.is(memblock.reserved.regions.length, 130);
  assert.equal(discardedArrays(memblock), [{ start: 2 * GiB - 8192, end: 2 * GiB }]);
});

test("the array goes below the range being reserved if there is no room above", () => {
  const { memblock, accepted } = recorder();
  memblock.add(GiB, GiB);
  memblock.allowResize();
  fillReserved(memblock);
  memblock.reserve(2 * GiB - 4096, 4096);
  assert.equal(accepted, [[2 * GiB - 4096 - 8192, 8192]]);
});

test("splitting needs room for two more regions", () => {
  const { memblock } = recorder();
  memblock.add(GiB, GiB);
  memblock.allowResize();
  fillReserved(memblock);
  memblock.free(GiB, 0x1000);
  assert.is(memblock.reserved.max, 256);
});

test("a moved array is given back when it moves again", () => {
  const { memblock, accepted } = recorder();
  memblock.add(GiB, GiB);
  memblock.allowResize();
  for (let i = 0; i < 257; i++) memblock.reserve(GiB + i * 0x2000, 0x1000);
  assert.is(memblock.reserved.max, 512);
  assert.equal(accepted, [
    [2 * GiB - 8192, 8192],
    [2 * GiB - 8192 - 12288, 12288],
  ]);
  assert.is(memblock.reserved.search(2 * GiB - 8192), -1);
  assert.is(memblock.reserved.search(2 * GiB - 8193) >= 0, true);
});

test("the memory array grows into memory, too", () => {
  const { memblock, accepted } = recorder();
  memblock.allowResize();
  for (let i = 0; i < 129; i++) memblock.add(GiB + i * 0x4000, 0x3000);
  assert.is(memblock.memory.max, 256);
  assert.equal(accepted, [[GiB + 127 * 0x4000 + 0x1000, 8192]]);
});

test("before e820 is read a full array is the end", () => {
  const { memblock } = recorder();
  memblock.add(GiB, GiB);
  fillReserved(memblock);
  assert.throws(() => memblock.reserve(GiB + 0x200000, 0x1000), "cannot resize reserved array");
});

test("an array that cannot move is an error", () => {
  const { memblock } = recorder();
  memblock.add(GiB, 0x1000);
  memblock.allowResize();
  fillReserved(memblock);
  assert.throws(() => memblock.reserve(GiB + 0x200000, 0x1000), "no room for a larger reserved array");
});

test.run();
