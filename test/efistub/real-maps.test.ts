import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type E820Entry, E820Type, e820ExtSlots, setupE820 } from "../../src/efistub/setup-e820.js";
import { allocateUnacceptedBitmap, allocateZeroPageBitmap } from "../../src/efistub/unaccepted-memory.js";
import { type EfiMemoryDescriptor, EfiMemoryType } from "../../src/firmware/efi-memory-map.js";
import { GiB, MiB, TiB, UNIT_SIZE } from "../../src/units.js";
import { Recorder } from "./recorder.js";

const test = suite("efistub: memory maps of real firmware");

const EFI_TYPES: Readonly<Record<string, EfiMemoryType>> = {
  Reserved: EfiMemoryType.RESERVED,
  "Loader Code": EfiMemoryType.LOADER_CODE,
  "Loader Data": EfiMemoryType.LOADER_DATA,
  "Boot Code": EfiMemoryType.BOOT_SERVICES_CODE,
  "Boot Data": EfiMemoryType.BOOT_SERVICES_DATA,
  "Runtime Code": EfiMemoryType.RUNTIME_SERVICES_CODE,
  "Runtime Data": EfiMemoryType.RUNTIME_SERVICES_DATA,
  Conventional: EfiMemoryType.CONVENTIONAL,
  "ACPI Reclaim": EfiMemoryType.ACPI_RECLAIM,
  "ACPI Mem NVS": EfiMemoryType.ACPI_NVS,
  MMIO: EfiMemoryType.MEMORY_MAPPED_IO,
};
const E820_TYPES: Readonly<Record<string, E820Type>> = {
  "System RAM": E820Type.RAM,
  "device reserved": E820Type.RESERVED,
  "ACPI data": E820Type.ACPI,
  "ACPI NVS": E820Type.NVS,
};

interface RealMap {
  readonly descriptors: readonly EfiMemoryDescriptor[];
  /** What the real stub made of them. */
  readonly e820: readonly E820Entry[];
}

function realMap(memory: "2g" | "4g"): RealMap {
  const text = gunzipSync(readFileSync(`test/golden/efi/ovmf-2025.02-${memory}.txt.gz`)).toString();
  const descriptors = [
    ...text.matchAll(/^efi: mem\d+: \[([A-Za-z ]+?) *\|.*range=\[0x([0-9a-f]+)-0x([0-9a-f]+)\]/gm),
  ].map(([, type, start, last]) => ({
    type: EFI_TYPES[type!]!,
    start: Number.parseInt(start!, 16),
    end: Number.parseInt(last!, 16) + 1,
  }));
  const e820 = [...text.matchAll(/^BIOS-e820: \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\] +(.+)$/gm)].map(
    ([, start, last, type]) => ({
      type: E820_TYPES[type!]!,
      start: Number.parseInt(start!, 16),
      end: Number.parseInt(last!, 16) + 1,
    }),
  );
  return { descriptors: descriptors.sort((a, b) => a.start - b.start), e820 };
}

/** The highest free memory as a firmware would leave it that has not accepted it. */
function withUnaccepted(descriptors: readonly EfiMemoryDescriptor[]): EfiMemoryDescriptor[] {
  const free = descriptors.filter(
    ({ type, end, start }) => type === EfiMemoryType.CONVENTIONAL && end - start > 64 * MiB,
  );
  const top = free.at(-1)!;
  return descriptors.map((one) => (one === top ? { ...one, type: EfiMemoryType.UNACCEPTED } : one));
}

for (const [memory, count] of [
  ["2g", 132],
  ["4g", 135],
] as const) {
  test(`${memory}: ${count} descriptors become the table that the real stub made, and its extension stays empty`, () => {
    const { descriptors, e820 } = realMap(memory);
    assert.is(descriptors.length, count);
    const slots = e820ExtSlots(descriptors.length);
    assert.is(slots, count - 128 + 32);
    const made = setupE820(descriptors, slots, undefined, new Recorder());
    assert.equal(made.entries, e820);
    assert.is(made.extEntries, 0);
  });

  test(`${memory}: an unaccepted range among them is RAM like any other`, () => {
    const { descriptors, e820 } = realMap(memory);
    const map = withUnaccepted(descriptors);
    const arch = new Recorder();
    const made = setupE820(map, e820ExtSlots(map.length), allocateUnacceptedBitmap(map), arch);
    assert.equal(made.entries, e820);
    const lost = setupE820(map, e820ExtSlots(map.length), undefined, arch);
    const { start, end } = map.find(({ type }) => type === EfiMemoryType.UNACCEPTED)!;
    assert.is(lost.lostBytes, end - start);
  });
}

test("memory-mapped I/O above RAM raises the end of a bitmap that begins at 0", () => {
  const map = withUnaccepted(realMap("2g").descriptors);
  const ends = (wanted: readonly EfiMemoryType[]): EfiMemoryDescriptor[] =>
    map.filter(({ type, start }) => start < 2 * GiB || wanted.includes(type));
  const bytes = (end: number): number => end / UNIT_SIZE / 8;
  assert.is(allocateZeroPageBitmap(ends([])).bitmapBytes, bytes(2 * GiB));
  assert.is(allocateZeroPageBitmap(ends([EfiMemoryType.MEMORY_MAPPED_IO])).bitmapBytes, bytes(4 * GiB));
  // The processor's reserved addresses below 1 TiB are in the map of this firmware, too.
  assert.is(allocateZeroPageBitmap(map).bitmapBytes, bytes(TiB));
});

test("a table from the lowest to the highest unaccepted address takes no notice of them", () => {
  for (const memory of ["2g", "4g"] as const) {
    const map = withUnaccepted(realMap(memory).descriptors);
    const { start, end } = map.find(({ type }) => type === EfiMemoryType.UNACCEPTED)!;
    const table = allocateUnacceptedBitmap(map)!;
    assert.is(table.physBase, Math.floor(start / UNIT_SIZE) * UNIT_SIZE);
    assert.is(table.bitmapBytes, Math.ceil((end - table.physBase) / UNIT_SIZE / 8));
  }
});

test.run();
