import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { edk2Build, pscBufferEntries } from "../../src/firmware/edk2.js";
import { ovmf, ovmfSnp, pscBuffers } from "../../src/firmware/ovmf-snp.js";
import { q35Ram } from "../../src/firmware/q35.js";
import { type AddressRange, GiB, KiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { assertDisjoint, FirmwareRecorder, sizeOf } from "./recorder.js";

const test = suite("firmware: ovmf for SNP");

const BUILD = edk2Build();
const { sec: SEC_BUFFER_ENTRIES, later: DXE_BUFFER_ENTRIES } = BUILD.rules.pscEntries;
const MEASURED = ovmfSnp.launchRanges(BUILD);
const HOLE_BYTES = 384 * KiB;

function exits(range: AddressRange, bufferEntries: number): number {
  return [...pscBuffers(range, bufferEntries)].reduce((sum, { vmgexits }) => sum + vmgexits, 0);
}

test("buffers hold 127 entries early and 506 later, two exits of 253", () => {
  assert.is(SEC_BUFFER_ENTRIES, 127);
  assert.is(DXE_BUFFER_ENTRIES, 506);
  assert.is(pscBufferEntries(2032), 253);
});

test("2 GiB take two full buffers and 12 entries: 5 exits", () => {
  const buffers = [...pscBuffers({ start: 0, end: 2 * GiB }, DXE_BUFFER_ENTRIES)];
  assert.equal(
    buffers.map(({ entries }) => entries),
    [506, 506, 12],
  );
  assert.equal(
    buffers.map(({ vmgexits }) => vmgexits),
    [2, 2, 1],
  );
});

test("6 GiB at ExitBootServices take 3072 entries: 13 exits", () => {
  const buffers = [...pscBuffers({ start: 4 * GiB, end: 10 * GiB }, DXE_BUFFER_ENTRIES)];
  assert.is(
    buffers.reduce((sum, { entries }) => sum + entries, 0),
    3072,
  );
  assert.is(buffers.length, 7);
  assert.is(exits({ start: 4 * GiB, end: 10 * GiB }, DXE_BUFFER_ENTRIES), 13);
});

test("1 GiB takes 3 exits", () => {
  assert.is(exits({ start: 0, end: GiB }, DXE_BUFFER_ENTRIES), 3);
});

test("small entries up to 2 MiB alignment and behind the last whole 2 MiB", () => {
  const buffers = [...pscBuffers({ start: 2 * MiB - 8 * KiB, end: 6 * MiB + 4 * KiB }, DXE_BUFFER_ENTRIES)];
  assert.equal(buffers, [
    { start: 2 * MiB - 8 * KiB, end: 6 * MiB + 4 * KiB, entries: 2 + 2 + 1, vmgexits: 1 },
  ]);
  assert.is([...pscBuffers({ start: 4 * KiB, end: 3 * MiB }, 1000)][0]!.entries, 511 + 256);
});

test("8 GiB: below 4 GiB without what is valid already, no page twice", () => {
  const sink = new FirmwareRecorder();
  const left = ovmfSnp.preAccept(
    { build: BUILD, ram: q35Ram(8 * GiB), vcpus: 8, preAcceptLimit: 4 * GiB },
    sink,
  );
  assert.equal(left, [{ start: 4 * GiB, end: 10 * GiB }]);
  assertDisjoint([...sink.calls, ...MEASURED]);
  assert.is(sink.bytes(), 2 * GiB - HOLE_BYTES - sizeOf(MEASURED));
  assert.ok(
    sink.calls.every(({ cpu }) => cpu === 0),
    "one CPU does it all",
  );
});

test("the first phase validates its own range with the small buffer: 488 entries, 4 buffers", () => {
  const sink = new FirmwareRecorder();
  ovmfSnp.preAccept({ build: BUILD, ram: q35Ram(8 * GiB), vcpus: 1, preAcceptLimit: 4 * GiB }, sink);
  const sec = [...pscBuffers({ start: 0x830000, end: 0x1a10000 }, SEC_BUFFER_ENTRIES)];
  assert.equal(
    sec.map(({ entries }) => entries),
    [127, 127, 127, 107],
  );
  assert.equal(
    sink.ranges().slice(0, 4),
    sec.map(({ start, end }) => [start, end]),
  );
});

test("a lower limit splits low memory, no limit leaves nothing", () => {
  const ram = q35Ram(4 * GiB);
  const sink = new FirmwareRecorder();
  assert.equal(ovmfSnp.preAccept({ build: BUILD, ram, vcpus: 1, preAcceptLimit: 256 * MiB }, sink), [
    { start: 256 * MiB, end: 2 * GiB },
    { start: 4 * GiB, end: 6 * GiB },
  ]);
  const all = new FirmwareRecorder();
  assert.equal(
    ovmfSnp.preAccept({ build: BUILD, ram, vcpus: 1, preAcceptLimit: Number.POSITIVE_INFINITY }, all),
    [],
  );
  assert.is(all.bytes(), 4 * GiB - HOLE_BYTES - sizeOf(MEASURED));
});

test("any range: buffers follow each other, and hold what the entry rule says", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1024 }),
      fc.integer({ min: 1, max: 3000 }),
      fc.constantFrom(3, 127, 506),
      (firstPage, pages, size) => {
        const range = { start: firstPage * PAGE_SIZE, end: (firstPage + pages) * PAGE_SIZE };
        const buffers = [...pscBuffers(range, size)];
        let at = range.start;
        for (const buffer of buffers) {
          assert.is(buffer.start, at);
          let entries = 0;
          while (entries < size && at < range.end) {
            at += at % (2 * MiB) === 0 && range.end - at >= 2 * MiB ? 2 * MiB : PAGE_SIZE;
            entries++;
          }
          assert.is(buffer.end, at);
          assert.is(buffer.entries, entries);
          assert.is(buffer.vmgexits, Math.ceil(entries / 253));
        }
        assert.is(at, range.end);
      },
    ),
    { numRuns: 150 },
  );
});

test("plain OVMF accepts nothing and leaves nothing", () => {
  const sink = new FirmwareRecorder();
  assert.equal(
    ovmf.preAccept({ build: BUILD, ram: q35Ram(8 * GiB), vcpus: 4, preAcceptLimit: 4 * GiB }, sink),
    [],
  );
  assert.equal(sink.calls, []);
});

test.run();
