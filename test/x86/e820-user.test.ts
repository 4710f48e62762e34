import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type E820Entry, E820Type } from "../../src/efistub/setup-e820.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import { type KernelE820Entry, KernelE820Type, sanitise } from "../../src/x86/e820-table.js";
import { ramBytes, userE820 } from "../../src/x86/memory-options.js";
import { loggedBoot, plainMachine, runTo } from "../guest/machines.js";

const test = suite("guest: user-defined e820 table");

const { RAM, RESERVED, ACPI } = E820Type;
const { PRAM } = KernelE820Type;
const MAP: readonly E820Entry[] = [
  { start: 0x1000, end: 640 * KiB, type: RAM },
  { start: MiB, end: 2 * GiB - 64 * KiB, type: RAM },
  { start: 2 * GiB - 64 * KiB, end: 2 * GiB, type: ACPI },
  { start: 4 * GiB, end: 18 * GiB, type: RAM },
];

function edited(line: string, table: readonly KernelE820Entry[] = MAP): readonly KernelE820Entry[] {
  const user = userE820(table, line);
  if (user.outcome === "panic") throw new Error(user.reason);
  return user.e820;
}

test("without options the table is the same one", () => {
  assert.is(edited("quiet nosave"), MAP);
});

test("mem= cuts RAM off at an address, other types stay", () => {
  assert.equal(edited("mem=6G"), [...MAP.slice(0, 3), { start: 4 * GiB, end: 6 * GiB, type: RAM }]);
  assert.equal(edited("mem=1G"), [MAP[0], { start: MiB, end: GiB, type: RAM }, MAP[2]]);
  assert.equal(edited("mem=3G"), MAP.slice(0, 3));
  assert.equal(edited("mem=64G"), MAP);
});

test("of several limits the lowest holds", () => {
  assert.equal(edited("mem=6G mem=1G memmap=8G"), edited("mem=1G"));
});

test("memmap=nn$ss reserves, for the higher type wins", () => {
  assert.equal(edited("memmap=1G$8G").slice(3), [
    { start: 4 * GiB, end: 8 * GiB, type: RAM },
    { start: 8 * GiB, end: 9 * GiB, type: RESERVED },
    { start: 9 * GiB, end: 18 * GiB, type: RAM },
  ]);
});

test("memmap=nn@ss adds RAM where nothing was, and does not win over other types", () => {
  assert.equal(edited("memmap=3G@2G"), [...MAP.slice(0, 3), { start: 2 * GiB, end: 18 * GiB, type: RAM }]);
  assert.equal(edited(`memmap=64K@0x7fff0000`), MAP);
});

test("RAM added after a limit stays, before it goes", () => {
  assert.equal(edited("mem=4G memmap=1G@8G").at(-1), { start: 8 * GiB, end: 9 * GiB, type: RAM });
  assert.equal(edited("memmap=1G@8G mem=4G"), MAP.slice(0, 3));
});

test("neighbours that the user made persistent memory do not join", () => {
  const pram = edited("memmap=1G!8G,1G!9G").filter(({ type }) => type === PRAM);
  assert.equal(
    pram.map(({ start, end }) => [start / GiB, end / GiB]),
    [
      [8, 9],
      [9, 10],
    ],
  );
});

test("memmap=nn%ss turns one type into another, or drops it", () => {
  assert.equal(edited("memmap=2G%2G-3+2").slice(1, 3), MAP.slice(1, 3));
  assert.equal(edited("memmap=64K%0x7fff0000-3+2")[2], { ...MAP[2], type: RESERVED });
  assert.equal(edited("memmap=64K%0x7fff0000-3"), [MAP[0], MAP[1], MAP[3]]);
  assert.equal(edited("memmap=4G%0"), [MAP[3]]);
});

test("exactmap forgets the firmware's table; one range alone is no table", () => {
  assert.equal(edited("memmap=exactmap memmap=640K@0,1G@1M"), [
    { start: 0, end: 640 * KiB, type: RAM },
    { start: MiB, end: GiB + MiB, type: RAM },
  ]);
  assert.equal(userE820(MAP, "memmap=exactmap,1G@1M"), {
    outcome: "panic",
    reason: "Invalid user supplied memory map",
  });
});

test("the table is cut before memblock and the end of RAM come from it", () => {
  const machine = plainMachine(4 * GiB, { commandLine: "mem=5G" });
  const { boot, lines } = runTo(loggedBoot(machine), "e820__memblock_setup");
  assert.is(lines.at(-1), "memblock_add: [0x0000000100000000-0x000000013fffffff]");
  assert.is(boot.maxPfn, (5 * GiB) / 4096);
  // What the firmware said is kept for /sys/firmware/memmap.
  assert.is(boot.machine.e820.at(-1)!.end, 6 * GiB);
});

test("an initrd that lost its memory is copied below the limit", () => {
  const initrd = { start: GiB + 512 * MiB, end: GiB + 520 * MiB + 5 };
  const { boot } = runTo(
    loggedBoot(plainMachine(2 * GiB, { initrd, commandLine: "mem=1G" })),
    "reserve_initrd",
  );
  assert.is(boot.initrd!.end - boot.initrd!.start, 8 * MiB + 5);
  assert.ok(boot.initrd!.end <= GiB);
  assert.ok(boot.memblock.isRegionReserved(boot.initrd!.start, 8 * MiB + 5));
  assert.not.ok(boot.memblock.isRegionReserved(initrd.start, 8 * MiB));
});

test("an initrd in mapped memory stays", () => {
  const initrd = { start: 512 * MiB, end: 520 * MiB + 5 };
  const { boot, lines } = runTo(loggedBoot(plainMachine(2 * GiB, { initrd })), "reserve_initrd");
  assert.equal(boot.initrd, initrd);
  assert.equal(lines, []);
});

test("property: every address of a sanitised table has the highest type that was given to it", () => {
  const entry = fc
    .tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 8 }), fc.constantFrom(1, 2, 3, 5, 12))
    .map(([start, length, type]) => ({ start, end: start + length, type }) as KernelE820Entry);
  const property = fc.property(fc.array(entry, { maxLength: 8 }), (entries) => {
    const table = sanitise(entries);
    for (let at = 0; at < 30; at++) {
      const types = entries.filter(({ start, end }) => start <= at && at < end).map(({ type }) => type);
      const found = table.filter(({ start, end }) => start <= at && at < end).map(({ type }) => type);
      assert.equal(found, types.length === 0 ? [] : [Math.max(...types)]);
    }
    for (const [index, { start, type }] of table.entries()) {
      const before = table[index - 1];
      if (before?.end === start && type !== PRAM) assert.is.not(before.type, type);
    }
  });
  fc.assert(property, { numRuns: 200, seed: 11 });
});

test("ramBytes counts what becomes memory", () => {
  assert.is(ramBytes(edited("mem=6G")), 636 * KiB + 2047 * MiB - 64 * KiB + 2 * GiB);
});

test.run();
