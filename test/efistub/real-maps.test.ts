import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { e820ExtSlots, setupE820 } from "../../src/efistub/setup-e820.js";
import { allocateUnacceptedBitmap, allocateZeroPageBitmap } from "../../src/efistub/unaccepted-memory.js";
import { type EfiMemoryDescriptor, EfiMemoryType } from "../../src/firmware/efi-memory-map.js";
import { GiB, MiB, TiB, UNIT_SIZE } from "../../src/units.js";
import { e820OfBootLog } from "../../src/x86/boot-log.js";
import { efiOfBootLog } from "../../src/x86/efi-boot-log.js";
import { Recorder } from "./recorder.js";

const test = suite("efistub: memory maps of real firmware");

interface RealMap {
  readonly descriptors: readonly EfiMemoryDescriptor[];
  /** What the real stub made of them. */
  readonly e820: ReturnType<typeof e820OfBootLog>;
}

function realMap(memory: "2g" | "4g"): RealMap {
  const file = `workloads/recorded/efi-ovmf/ovmf-2025.02-${memory.toUpperCase()}-k7.3-rd0.log.gz`;
  const log = gunzipSync(readFileSync(file)).toString();
  const descriptors = efiOfBootLog(log)!.descriptors.map(({ type, start, end }) => ({ type, start, end }));
  return { descriptors: descriptors.sort((a, b) => a.start - b.start), e820: e820OfBootLog(log) };
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
