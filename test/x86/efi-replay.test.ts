// Takes 1 s.
import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { E820Type } from "../../src/efistub/setup-e820.js";
import { type EfiMemoryDescriptor, EfiMemoryType } from "../../src/firmware/efi-memory-map.js";
import { GiB, MiB } from "../../src/units.js";
import { e820OfBootLog, machineFromBootLog, stubOfBootLog } from "../../src/x86/boot-log.js";
import { type EfiBootLog, efiOfBootLog } from "../../src/x86/efi-boot-log.js";
import { repeatStub, romCopies } from "../../src/x86/efi-replay.js";

const test = suite("x86: what the stub makes of a recorded map");

const RECORDED = new URL("../../workloads/recorded/efi-ovmf/", import.meta.url);
const logs: ReadonlyMap<string, string> = new Map(
  readdirSync(RECORDED)
    .filter((name) => name.endsWith(".log.gz"))
    .map((name) => [name, gunzipSync(readFileSync(new URL(name, RECORDED))).toString()]),
);

test("62 maps of seven builds become the e820 maps that the kernels print", () => {
  assert.is(logs.size, 62);
  for (const [name, log] of logs) assert.equal(stubOfBootLog(log)!.e820, e820OfBootLog(log), name);
});

test("where the firmware has random numbers the stub's seed lies where the kernel found it", () => {
  let seeds = 0;
  for (const [name, log] of logs) {
    const { places } = stubOfBootLog(log)!;
    assert.is(places.seed?.start, efiOfBootLog(log)!.tables.get("RNG"), name);
    if (places.seed !== undefined) seeds++;
  }
  // OVMF 2022.11 has none.
  assert.is(seeds, 53);
});

test("the kernel begins at the memory for code that is a multiple of 2 MiB", () => {
  const start = (name: string): number => machineFromBootLog(logs.get(`ovmf-${name}.log.gz`)!)!.kernelStart;
  assert.is(start("2022.11-4G-k7.3-rd32"), 0x1_3900_0000);
  assert.is(start("2026.08-4G-k7.3-rd1-lowmem1G"), 0x1_ab40_0000);
  assert.is(start("biosgen-4G-k7.3-rd1-coco"), 0x180_0000);
  // No firmware volume lies below 24 MiB there.
  assert.is(start("inteltdxnosb-4G-k7.3-rd1-coco"), 0x100_0000);
});

function map(
  ...descriptors: readonly (readonly [type: EfiMemoryType, start: number, end: number])[]
): EfiBootLog {
  return {
    descriptors: descriptors.map(([type, start, end]) => ({
      type,
      start,
      end,
      isRuntime: false,
    })),
    tables: new Map([["RNG", 0]]),
    memoryAttributes: 0,
    runtimeMap: [],
  };
}

const LOW: readonly [EfiMemoryType, number, number][] = [
  [EfiMemoryType.CONVENTIONAL, 0x10_0000, 0x7fed_0000],
  [EfiMemoryType.ACPI_RECLAIM, 0x7fed_0000, 0x7fef_4000],
];
const ACPI_TABLES = [{ start: 0x7fee_a000, end: 0x7fee_a078 }];

test("the seed is at the head of a page, and a table of up to 41 GiB in its rest", () => {
  for (const [gib, offset] of [
    [1, 0xf18],
    [3, 0xf18],
    [3.25, 0xb18],
    [15, 0xb18],
    [15.25, 0x98],
    [41, 0x98],
  ] as const) {
    const efi = map(...LOW, [EfiMemoryType.UNACCEPTED, 4 * GiB, (4 + gib) * GiB]);
    const { places } = repeatStub(efi, ACPI_TABLES);
    assert.is(places.seed?.start, 0x7fee_9018);
    assert.is(places.table?.start, 0x7fee_9000 + offset, `${gib} GiB`);
  }
});

test("a larger table has pages of its own, below that of the seed", () => {
  for (const [gib, start] of [
    [42, 0x7fee_8018],
    [62, 0x7fee_8018],
    [63.25, 0x7fee_7018],
    [510, 0x7fee_1018],
  ] as const) {
    const efi = map(...LOW, [EfiMemoryType.UNACCEPTED, 4 * GiB, (4 + gib) * GiB]);
    assert.is(repeatStub(efi, ACPI_TABLES).places.table?.start, start, `${gib} GiB`);
  }
});

test("the kernel's copy of the map comes after the table, behind the stub's header", () => {
  const efi = map(...LOW, [EfiMemoryType.UNACCEPTED, 4 * GiB, 5 * GiB]);
  const { places } = repeatStub(efi, ACPI_TABLES);
  // 40 bytes and 35 descriptors of 48 do not fit behind the table, but in a block of 2688 of that page.
  assert.equal(places.memoryMap, {
    start: 0x7fee_9000 + 0x80 + 24 + 40,
    end: 0x7fee_9000 + 0x80 + 24 + 40 + 3 * 48,
  });
});

test("outside of the firmware's pages for ACPI the copy has all that the seed leaves", () => {
  const { places } = repeatStub(
    map(
      [EfiMemoryType.ACPI_RECLAIM, 0x7b3f_f000, 0x7b40_3000],
      [EfiMemoryType.CONVENTIONAL, 0x7b40_3000, 0x7d70_3000],
      [EfiMemoryType.ACPI_RECLAIM, 0x7d70_3000, 0x7d70_b000],
    ),
    [{ start: 0x7d70_3000, end: 0x7d70_3038 }],
  );
  assert.is(places.seed?.start, 0x7b40_2018);
  // Three pages, as the log of a boot with memblock=debug says.
  assert.is(places.memoryMap?.start, 0x7b3f_f040);
});

test("the stub accepts what the bitmap cannot express, and the map is RAM all the same", () => {
  const unaccepted: readonly [EfiMemoryType, number, number] = [
    EfiMemoryType.UNACCEPTED,
    4 * GiB + MiB,
    5 * GiB,
  ];
  const { accepted, table, e820 } = repeatStub(map(...LOW, unaccepted), ACPI_TABLES);
  assert.equal(accepted, [{ start: 4 * GiB + MiB, end: 4 * GiB + 2 * MiB }]);
  assert.is(table?.countSet(), 511);
  assert.equal(e820.at(-1), { type: 1, start: 4 * GiB + MiB, end: 5 * GiB });
});

test("loader data beyond the initrd and four pages of the stub are copies of ROMs", () => {
  const data = (...ranges: readonly (readonly [number, number])[]): EfiBootLog =>
    map(...ranges.map(([start, end]) => [EfiMemoryType.LOADER_DATA, start, end] as const));
  const initrd = { start: 0x7d79_2000, end: 0x7d88_d500 };
  const ofInitrd = [0x7d79_2000, 0x7d88_e000] as const;
  assert.equal(romCopies(data([0x7db0_9000, 0x7db1_7000]), undefined), [
    { start: 0x7db0_9000, end: 0x7db1_3000 },
  ]);
  assert.equal(romCopies(data(ofInitrd, [0x7da3_4000, 0x7da3_6000], [0x7da3_7000, 0x7da3_9000]), initrd), []);
  assert.equal(romCopies(data(ofInitrd, [0x7da3_1000, 0x7da3_3000], [0x7da3_7000, 0x7da3_d000]), initrd), [
    { start: 0x7da3_1000, end: 0x7da3_3000 },
    { start: 0x7da3_7000, end: 0x7da3_9000 },
  ]);
});

test("none of the recorded machines has a ROM", () => {
  for (const [name, log] of logs) assert.equal(machineFromBootLog(log)!.setupData, [], name);
});

test("RAM of a special purpose is no RAM, and stays apart from it", () => {
  const efi = map(...LOW, [EfiMemoryType.CONVENTIONAL, 4 * GiB, 5 * GiB]);
  const { e820 } = repeatStub(
    {
      ...efi,
      descriptors: [
        ...efi.descriptors,
        {
          type: EfiMemoryType.CONVENTIONAL,
          start: 5 * GiB,
          end: 6 * GiB,
          isRuntime: false,
          isSpecialPurpose: true,
        },
      ],
    },
    ACPI_TABLES,
  );
  assert.equal(e820.slice(2), [
    { type: E820Type.RAM, start: 4 * GiB, end: 5 * GiB },
    { type: E820Type.SOFT_RESERVED, start: 5 * GiB, end: 6 * GiB },
  ]);
});

test("a map in any order becomes a sorted table", () => {
  const high: EfiMemoryDescriptor = { type: EfiMemoryType.CONVENTIONAL, start: 4 * GiB, end: 5 * GiB };
  const efi = map([high.type, high.start, high.end], ...LOW);
  assert.equal(
    repeatStub(efi, ACPI_TABLES).e820.map(({ start }) => start),
    [0x10_0000, 0x7fed_0000, 4 * GiB],
  );
});

test.run();
