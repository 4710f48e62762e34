import { suite } from "uvu";
import * as assert from "uvu/assert";
import { E820Type } from "../../src/efistub/setup-e820.js";
import { SMALL_6_12_107 } from "../../src/linux/kernel-build.js";
import { GiB, MiB, TiB } from "../../src/units.js";
import { brkArea } from "../../src/x86/init-mem-mapping.js";
import { loggedBoot, plainMachine, q35Map, runTo } from "../guest/machines.js";

const test = suite("guest: page tables of the direct map");

/** Requests for page tables: where they had to come from. */
function tableRequests(lines: readonly string[]): string[] {
  return lines
    .filter((line) => line.startsWith("memblock_phys_alloc_range: 4096 bytes"))
    .map((line) => line.replace(/.*(from=\S+ max_addr=\S+).*/, "$1"));
}

test("the brk area holds a page of DMI data and the first page tables", () => {
  const debian = brkArea(loggedBoot(plainMachine(GiB)).boot);
  assert.equal(debian, { start: 0x3c00000, pageTablesStart: 0x3c01000, end: 0x3c11000 });
  const small = brkArea(loggedBoot(plainMachine(GiB), SMALL_6_12_107).boot);
  assert.equal(small, { start: 0x4c00000, pageTablesStart: 0x4c01000, end: 0x4c07000 });
});

test("the 2 MiB probe at the top of memory is freed, but accepted", () => {
  const { lines, accepted } = runTo(loggedBoot(plainMachine(16 * GiB)), "init_mem_mapping");
  assert.equal(accepted[0], { start: 18 * GiB - 2 * MiB, sizeBytes: 2 * MiB });
  assert.is(lines[2], "memblock_phys_free: [0x000000047fe00000-0x000000047fffffff]");
});

test("the limit of allocations becomes the end of memory", () => {
  for (const memory of [GiB, 4 * GiB, 64 * GiB]) {
    const { boot } = runTo(loggedBoot(plainMachine(memory)), "init_mem_mapping");
    assert.is(boot.memblock.currentLimit, q35Map(memory).at(-1)!.end);
  }
});

/*
 * RAM [1M, 2G - 128K) [4G, 18G). Memory is mapped in steps of 2 MiB, 512 MiB, 128 GiB from the
 * top; the last step maps all of the rest, low memory with the buffer in it among it:
 *
 *   |  1M ... brk ... 2G |   | 4G ...       | 17.5G | 18G-2M | 18G
 *            step 3                 step 3    step 2   step 1
 *
 * Of that only low memory needs tables that do not exist: a table of 2 MiB entries for [1G, 2G)
 * and one of 4 KiB entries for its last 2 MiB, which are not all memory.
 */
test("the range with the buffer is mapped with tables from mapped memory", () => {
  const e820 = q35Map(16 * GiB).map((entry) =>
    entry.end === 2 * GiB ? { ...entry, end: 2 * GiB - 0x20000 } : entry,
  );
  const { lines } = runTo(loggedBoot(plainMachine(16 * GiB, { e820 })), "init_mem_mapping");
  const fromStepTwo = "from=0x0000000460000000 max_addr=0x0000000480000000";
  assert.equal(tableRequests(lines), [fromStepTwo, fromStepTwo]);
});

test("low memory that ends at a border of 1 GiB needs none", () => {
  const { lines } = runTo(loggedBoot(plainMachine(16 * GiB)), "init_mem_mapping");
  assert.equal(tableRequests(lines), []);
});

test("below 2 GiB the buffer is enough", () => {
  const { lines, accepted } = runTo(loggedBoot(plainMachine(2 * GiB)), "init_mem_mapping");
  assert.equal(tableRequests(lines), []);
  assert.is(accepted.length, 1);
});

test("a GiB with a hole in it needs a table of its own", () => {
  const holes = [6, 7, 8, 9].map((gib) => gib * GiB + 512 * MiB);
  const starts = [4 * GiB, ...holes.map((hole) => hole + 2 * MiB)];
  const ends = [...holes, 18 * GiB];
  const high = starts.map((start, index) => ({ start, end: ends[index]!, type: E820Type.RAM }));
  const machine = plainMachine(16 * GiB, { e820: [...q35Map(2 * GiB), ...high] });
  // This kernel's buffer has 6 pages: 3 go to the first MiB, 3 to the GiB with holes.
  const { lines } = runTo(loggedBoot(machine, SMALL_6_12_107), "init_mem_mapping");
  assert.is(tableRequests(lines).length, 4 - 3);
});

test("a table of the next level for each 512 GiB", () => {
  const few = runTo(loggedBoot(plainMachine(2 * TiB)), "init_mem_mapping");
  assert.equal(tableRequests(few.lines), []);
  // RAM ends 2 GiB above 32 TiB: 65 tables, and two lower ones for the first MiB; the buffer has 16.
  const many = runTo(loggedBoot(plainMachine(32 * TiB)), "init_mem_mapping");
  assert.is(tableRequests(many.lines).length, 65 + 2 - 16);
});

test("five levels take one more table for each 256 TiB", () => {
  const four = runTo(loggedBoot(plainMachine(32 * TiB)), "init_mem_mapping");
  const five = runTo(loggedBoot(plainMachine(32 * TiB, { fiveLevel: true })), "init_mem_mapping");
  assert.is(tableRequests(five.lines).length, tableRequests(four.lines).length + 1);
});

test("without a free 2 MiB block the mapping starts at the last 2 MiB border", () => {
  const e820 = [{ start: MiB, end: 64 * MiB + 0x5000, type: E820Type.RAM }];
  const initrd = { start: 2 * MiB, end: 62 * MiB };
  const machine = plainMachine(GiB, { e820, initrd });
  const { boot, accepted } = runTo(loggedBoot(machine), "init_mem_mapping");
  assert.is(boot.memblock.currentLimit, 64 * MiB + 0x5000);
  assert.equal(accepted, [{ start: 62 * MiB, sizeBytes: 2 * MiB }]);
});

test.run();
