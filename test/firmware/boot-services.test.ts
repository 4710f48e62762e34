import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AcceptanceProtocol, BootServices } from "../../src/firmware/boot-services.js";
import {
  type EfiMemoryDescriptor,
  EfiMemoryType,
  mergeDescriptors,
} from "../../src/firmware/efi-memory-map.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import { FirmwareRecorder } from "./recorder.js";

const test = suite("firmware: boot services");

const { CONVENTIONAL, UNACCEPTED, LOADER_DATA, ACPI_RECLAIM } = EfiMemoryType;
const LOW: EfiMemoryDescriptor = { type: CONVENTIONAL, start: MiB, end: 2 * GiB };
const HIGH: EfiMemoryDescriptor = { type: UNACCEPTED, start: 4 * GiB, end: 10 * GiB };

test("mergeDescriptors sorts, and joins neighbours of one type only", () => {
  const map = mergeDescriptors([
    { type: UNACCEPTED, start: 12 * KiB, end: 16 * KiB },
    { type: CONVENTIONAL, start: 4 * KiB, end: 8 * KiB },
    { type: CONVENTIONAL, start: 0, end: 4 * KiB },
    { type: CONVENTIONAL, start: 8 * KiB, end: 12 * KiB },
  ]);
  assert.equal(map, [
    { type: CONVENTIONAL, start: 0, end: 12 * KiB },
    { type: UNACCEPTED, start: 12 * KiB, end: 16 * KiB },
  ]);
});

test("mergeDescriptors refuses overlaps, empty ranges and parts of pages", () => {
  const one = (start: number, end: number): EfiMemoryDescriptor => ({ type: CONVENTIONAL, start, end });
  assert.throws(() => mergeDescriptors([one(0, 8 * KiB), one(4 * KiB, 12 * KiB)]), /overlap/);
  assert.throws(() => mergeDescriptors([one(4 * KiB, 4 * KiB)]), /whole page/);
  assert.throws(() => mergeDescriptors([one(0, 100)]), /whole page/);
});

test("pages come from the top of the highest free memory that is large enough", () => {
  const boot = new BootServices([LOW, { type: CONVENTIONAL, start: 3 * GiB, end: 3 * GiB + 8 * KiB }]);
  const any = Number.POSITIVE_INFINITY;
  assert.equal(boot.allocatePages(LOADER_DATA, 5000, any), { start: 3 * GiB, end: 3 * GiB + 8 * KiB });
  assert.equal(boot.allocatePages(LOADER_DATA, 5000, any), { start: 2 * GiB - 8 * KiB, end: 2 * GiB });
  assert.equal(boot.allocatePages(ACPI_RECLAIM, MiB, GiB), { start: GiB - MiB, end: GiB });
  assert.equal(boot.getMemoryMap().descriptors, [
    { type: CONVENTIONAL, start: MiB, end: GiB - MiB },
    { type: ACPI_RECLAIM, start: GiB - MiB, end: GiB },
    { type: CONVENTIONAL, start: GiB, end: 2 * GiB - 8 * KiB },
    { type: LOADER_DATA, start: 2 * GiB - 8 * KiB, end: 2 * GiB },
    { type: LOADER_DATA, start: 3 * GiB, end: 3 * GiB + 8 * KiB },
  ]);
});

test("unaccepted memory is never allocated from", () => {
  const boot = new BootServices([LOW, HIGH]);
  assert.is(boot.allocatePages(LOADER_DATA, 3 * GiB, Number.POSITIVE_INFINITY), undefined);
  assert.not(boot.allocateAt(LOADER_DATA, { start: 4 * GiB, end: 4 * GiB + MiB }));
});

test("given pages can be taken once, and only where all of them are free", () => {
  const boot = new BootServices([LOW]);
  const kernel = { start: 16 * MiB, end: 80 * MiB };
  assert.ok(boot.allocateAt(LOADER_DATA, kernel));
  assert.not(boot.allocateAt(LOADER_DATA, kernel));
  assert.not(boot.allocateAt(LOADER_DATA, { start: 8 * MiB, end: 24 * MiB }));
  assert.not(boot.allocateAt(LOADER_DATA, { start: 0, end: 2 * MiB }));
});

test("an allocation after the map was read makes its key stale", () => {
  const boot = new BootServices([LOW]);
  const { mapKey } = boot.getMemoryMap();
  boot.allocatePages(LOADER_DATA, MiB, GiB);
  assert.is(boot.exitBootServices(mapKey), "invalid-parameter");
  assert.is(boot.exitBootServices(boot.getMemoryMap().mapKey), "success");
});

test("a kernel that does not ask: the first exit accepts all and fails, the second succeeds", () => {
  const sink = new FirmwareRecorder();
  const second: EfiMemoryDescriptor = { type: UNACCEPTED, start: 12 * GiB, end: 13 * GiB };
  const boot = new BootServices([LOW, HIGH, second], new AcceptanceProtocol(sink));
  assert.is(boot.exitBootServices(boot.getMemoryMap().mapKey), "invalid-parameter");
  assert.equal(sink.calls, [
    { start: 4 * GiB, end: 10 * GiB, cpu: 0 },
    { start: 12 * GiB, end: 13 * GiB, cpu: 0 },
  ]);
  const map = boot.getMemoryMap();
  assert.ok(map.descriptors.every(({ type }) => type === CONVENTIONAL));
  assert.is(boot.exitBootServices(map.mapKey), "success");
  assert.is(sink.calls.length, 2, "nothing is accepted twice");
});

test("a kernel that asks: the first exit succeeds and type 15 stays", () => {
  const sink = new FirmwareRecorder();
  const protocol = new AcceptanceProtocol(sink);
  const boot = new BootServices([LOW, HIGH], protocol);
  protocol.allowUnacceptedMemory();
  protocol.allowUnacceptedMemory();
  assert.is(boot.exitBootServices(boot.getMemoryMap().mapKey), "success");
  assert.equal(sink.calls, []);
  assert.equal(boot.getMemoryMap().descriptors, [LOW, HIGH]);
});

test("asking after the first exit comes too late", () => {
  const sink = new FirmwareRecorder();
  const protocol = new AcceptanceProtocol(sink);
  const boot = new BootServices([LOW, HIGH], protocol);
  boot.exitBootServices(boot.getMemoryMap().mapKey);
  protocol.allowUnacceptedMemory();
  assert.is(sink.calls.length, 1);
  assert.is(boot.exitBootServices(boot.getMemoryMap().mapKey), "success");
});

test("accepted memory joins its neighbours in the map", () => {
  const boot = new BootServices(
    [LOW, { type: UNACCEPTED, start: 2 * GiB, end: 3 * GiB }],
    new AcceptanceProtocol(new FirmwareRecorder()),
  );
  boot.exitBootServices(0);
  assert.equal(boot.getMemoryMap().descriptors, [{ type: CONVENTIONAL, start: MiB, end: 3 * GiB }]);
});

test("with nothing unaccepted the protocol changes nothing", () => {
  const boot = new BootServices([LOW], new AcceptanceProtocol(new FirmwareRecorder()));
  assert.is(boot.exitBootServices(boot.getMemoryMap().mapKey), "success");
});

test("a firmware that accepts on demand goes on from the lowest unaccepted memory, 32 MiB at least", () => {
  const sink = new FirmwareRecorder();
  const boot = new BootServices(
    [
      { type: CONVENTIONAL, start: 0, end: 4 * MiB },
      { type: UNACCEPTED, start: 16 * MiB, end: 116 * MiB },
      { type: UNACCEPTED, start: 4 * GiB, end: 5 * GiB },
    ],
    undefined,
    sink,
  );
  assert.equal(boot.allocatePages(LOADER_DATA, 8 * MiB, Infinity), { start: 40 * MiB, end: 48 * MiB });
  assert.equal(sink.ranges(), [[16 * MiB, 48 * MiB]]);
  // The 68 MiB that are left there do not do, so it goes on above.
  const large = boot.allocatePages(LOADER_DATA, 80 * MiB, Infinity);
  assert.equal(large, { start: 4 * GiB, end: 4 * GiB + 80 * MiB });
  assert.equal(sink.ranges().slice(1), [
    [48 * MiB, 116 * MiB],
    [4 * GiB, 4 * GiB + 80 * MiB],
  ]);
});

test("on demand nothing is accepted above a limit", () => {
  const sink = new FirmwareRecorder();
  const boot = new BootServices([{ ...HIGH, start: MiB, end: GiB }, { ...HIGH }], undefined, sink);
  assert.is(boot.allocatePages(LOADER_DATA, 2 * GiB, 4 * GiB), undefined);
  assert.equal(sink.ranges(), [[MiB, GiB]]);
});

test("a firmware that does not accept on demand accepts nothing", () => {
  assert.not(new BootServices([LOW, HIGH]).acceptMore(MiB, Infinity));
});

test("a request goes to the bin of its type, from the top, and the map stays", () => {
  const boot = new BootServices(
    [
      { type: CONVENTIONAL, start: 0, end: 16 * MiB },
      { type: ACPI_RECLAIM, start: 16 * MiB, end: 17 * MiB },
    ],
    undefined,
    undefined,
    {
      windowEnd: 16 * MiB,
      bins: [{ type: ACPI_RECLAIM, free: [{ start: 16 * MiB, end: 16 * MiB + 8 * KiB }] }],
    },
  );
  const before = boot.getMemoryMap().descriptors;
  const pages = (type: EfiMemoryType): number => boot.allocatePages(type, 4 * KiB, Infinity)!.start;
  assert.is(pages(ACPI_RECLAIM), 16 * MiB + 4 * KiB);
  assert.is(pages(ACPI_RECLAIM), 16 * MiB);
  assert.equal(boot.getMemoryMap().descriptors, before);
  // Now the bin is full.
  assert.is(pages(ACPI_RECLAIM), 16 * MiB - 4 * KiB);
});

test("free pages of a bin are for its type only, and the window comes before what lies above", () => {
  const boot = new BootServices(
    [
      { type: CONVENTIONAL, start: 0, end: 4 * MiB },
      { type: CONVENTIONAL, start: 8 * MiB, end: 16 * MiB },
    ],
    undefined,
    undefined,
    { windowEnd: 4 * MiB, bins: [{ type: ACPI_RECLAIM, free: [{ start: 8 * MiB, end: 9 * MiB }] }] },
  );
  const pages = (type: EfiMemoryType, sizeBytes: number): number | undefined =>
    boot.allocatePages(type, sizeBytes, Infinity)?.end;
  assert.is(pages(LOADER_DATA, MiB), 4 * MiB);
  assert.is(pages(ACPI_RECLAIM, 4 * KiB), 9 * MiB);
  assert.is(pages(LOADER_DATA, 4 * MiB), 16 * MiB);
  assert.is(pages(LOADER_DATA, 4 * MiB), undefined);
});

test("the map is written entry by entry, and before 2025.11 asked for without those of type 15", () => {
  const map = [
    { type: CONVENTIONAL, start: 0, end: MiB },
    { type: UNACCEPTED, start: MiB, end: 2 * MiB },
  ];
  const counts = (places: ConstructorParameters<typeof BootServices>[3]): number[] => {
    const boot = new BootServices(map, undefined, undefined, places);
    return [boot.writtenEntries, boot.askedEntries];
  };
  assert.equal(counts({}), [2, 2]);
  assert.equal(counts({ hiddenEntries: 7 }), [9, 9]);
  assert.equal(counts({ hiddenEntries: 7, countsUnaccepted: false }), [9, 8]);
});

test.run();
