import { suite } from "uvu";
import * as assert from "uvu/assert";
import { E820Type } from "../../src/efistub/setup-e820.js";
import { GiB, MiB } from "../../src/units.js";
import { e820OfMap, type MemoryMapEntry, memoryOfMap, ramOfMap } from "../../src/x86/memory-map.js";

const test = suite("x86: memory maps");

/** As SeaBIOS leaves it in a q35 machine of 4 GiB. */
const SEABIOS: readonly MemoryMapEntry[] = [
  { start: 0, end: 0x9fc00, type: "usable" },
  { start: 0x9fc00, end: 0xa0000, type: "reserved" },
  { start: 0xf0000, end: 0x100000, type: "reserved" },
  { start: 0x100000, end: 0x7ffdf000, type: "usable" },
  { start: 0x7ffdf000, end: 0x80000000, type: "reserved" },
  { start: 0xb0000000, end: 0xc0000000, type: "reserved" },
  { start: 0xfed1c000, end: 0xfed20000, type: "reserved" },
  { start: 0x100000000, end: 0x180000000, type: "usable" },
  { start: 0xfd00000000, end: 0x10000000000, type: "reserved" },
];

test("what is reserved beside memory is RAM, and neither ROMs, ECAM nor flash", () => {
  assert.equal(ramOfMap(SEABIOS), [
    { start: 0, end: 0xa0000 },
    { start: MiB, end: 2 * GiB },
    { start: 4 * GiB, end: 6 * GiB },
  ]);
  assert.is(memoryOfMap(SEABIOS), 4 * GiB);
});

test("a reserved range beside another one that touches memory is RAM too", () => {
  const map: MemoryMapEntry[] = [
    { start: MiB, end: 2 * MiB, type: "usable" },
    { start: 2 * MiB, end: 3 * MiB, type: "reserved" },
    { start: 3 * MiB, end: 4 * MiB, type: "reserved" },
    { start: 5 * MiB, end: 6 * MiB, type: "reserved" },
  ];
  assert.equal(ramOfMap(map), [{ start: MiB, end: 4 * MiB }]);
});

test("the hole of AMD's IOMMUs is none, although RAM begins behind it", () => {
  const map: MemoryMapEntry[] = [
    { start: 0xfd00000000, end: 0x10000000000, type: "reserved" },
    { start: 0x10000000000, end: 0x10040000000, type: "usable" },
  ];
  assert.equal(ramOfMap(map), [{ start: 0x10000000000, end: 0x10040000000 }]);
});

test("RAM is in whole pages, also where an entry ends inside one", () => {
  const map: MemoryMapEntry[] = [{ start: 0, end: 0x9fc00, type: "usable" }];
  assert.equal(ramOfMap(map), [{ start: 0, end: 0xa0000 }]);
});

test("in an e820 table unaccepted memory is RAM like its neighbours", () => {
  const map: MemoryMapEntry[] = [
    { start: 0, end: MiB, type: "usable" },
    { start: MiB, end: 2 * MiB, type: "boot services" },
    { start: 2 * MiB, end: 4 * MiB, type: "unaccepted" },
    { start: 4 * MiB, end: 5 * MiB, type: "ACPI NVS" },
    { start: 5 * MiB, end: 6 * MiB, type: "MMIO" },
    { start: 6 * MiB, end: 7 * MiB, type: "reserved" },
  ];
  assert.equal(e820OfMap(map), [
    { start: 0, end: 4 * MiB, type: E820Type.RAM },
    { start: 4 * MiB, end: 5 * MiB, type: E820Type.NVS },
    { start: 5 * MiB, end: 7 * MiB, type: E820Type.RESERVED },
  ]);
});

test.run();
