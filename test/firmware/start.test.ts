import { suite } from "uvu";
import * as assert from "uvu/assert";
import { exitBoot, type StubResult, type UnacceptedSupport } from "../../src/efistub/exit-boot-services.js";
import { E820Type } from "../../src/efistub/setup-e820.js";
import { edk2Build, NEWEST_EDK2 } from "../../src/firmware/edk2.js";
import { EfiMemoryType } from "../../src/firmware/efi-memory-map.js";
import type { Firmware } from "../../src/firmware/firmware.js";
import { ovmf, ovmfSnp } from "../../src/firmware/ovmf-snp.js";
import { q35Ram } from "../../src/firmware/q35.js";
import { type FirmwareOutcome, startFirmware } from "../../src/firmware/start.js";
import { tdShim } from "../../src/firmware/td-shim.js";
import { tdvf } from "../../src/firmware/tdvf.js";
import { GiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { Recorder } from "../efistub/recorder.js";
import { FirmwareRecorder } from "./recorder.js";

const test = suite("firmware: start of a guest");

/** Behind the volumes of the generic image. */
const KERNEL = { start: 0x1800000, end: 0x4600000 };
const { CONVENTIONAL, LOADER_DATA, BOOT_SERVICES_CODE, BOOT_SERVICES_DATA, UNACCEPTED } = EfiMemoryType;

interface Options {
  readonly limit?: number;
  readonly protocol?: boolean;
  readonly initrdBytes?: number;
}

function start(
  firmware: Firmware,
  memoryBytes: number,
  options: Options = {},
): [FirmwareOutcome, FirmwareRecorder] {
  const sink = new FirmwareRecorder();
  const outcome = startFirmware(
    firmware,
    {
      build: edk2Build(NEWEST_EDK2, firmware === tdvf ? "inteltdx" : "generic"),
      ram: q35Ram(memoryBytes),
      vcpus: 8,
      preAcceptLimit: options.limit ?? 4 * GiB,
    },
    {
      loadKernel: (services) => (services.allocateAt(LOADER_DATA, KERNEL) ? KERNEL : undefined),
      initrdBytes: options.initrdBytes ?? 0x190419,
      fileBytes: 12 * MiB,
      programBytes: 12 * MiB,
    },
    options.protocol ?? firmware.acceptanceProtocol,
    sink,
  );
  return [outcome, sink];
}

/** Firmware and EFI stub of one boot. */
function boot(
  firmware: Firmware,
  support: UnacceptedSupport,
  memoryBytes: number,
  options: Options = {},
): { result: StubResult; atExit: [number, number][]; stub: Recorder } {
  const [outcome, sink] = start(firmware, memoryBytes, options);
  if (outcome.outcome !== "started") throw new Error(outcome.reason);
  const before = sink.calls.length;
  const stub = new Recorder();
  const result = exitBoot(outcome.boot, support, stub);
  if (result.outcome !== "exited") throw new Error(result.reason);
  return { result, atExit: sink.ranges().slice(before), stub };
}

test("TDVF, 4 GiB: kernel and initrd as recorded for files of their size, type 15 high", () => {
  const [outcome] = start(tdvf, 4 * GiB);
  assert.is(outcome.outcome, "started");
  if (outcome.outcome !== "started") return;
  // Below the drivers, and in place of the freed copy of the kernel's file.
  const file = { start: 0x7b61a000, end: 0x7c21a000 };
  const drivers = { start: file.start - 200 * PAGE_SIZE, end: file.start };
  // Two pages for the switch to five levels and one more; another has found a hole above.
  const initrdEnd = drivers.start - 3 * PAGE_SIZE;
  const initrd = { start: initrdEnd - 0x191000, end: initrdEnd };
  assert.equal(outcome.initrd, initrd);
  const { descriptors } = outcome.boot.getMemoryMap();
  const at = descriptors.findIndex(({ end }) => end === file.end);
  assert.equal(descriptors.slice(at - 2, at + 1), [
    { type: LOADER_DATA, start: initrd.start, end: drivers.start },
    { type: BOOT_SERVICES_CODE, ...drivers },
    { type: BOOT_SERVICES_DATA, ...file },
  ]);
  assert.equal(descriptors.filter(({ type }) => type === LOADER_DATA).slice(0, 1), [
    { type: LOADER_DATA, ...KERNEL },
  ]);
  assert.equal(
    descriptors.filter(({ type }) => type === UNACCEPTED),
    [{ type: UNACCEPTED, start: 0x1_0000_0000, end: 0x1_8000_0000 }],
  );
  assert.equal(descriptors[0], { type: CONVENTIONAL, start: 0, end: 0x87000 });
});

test("TDVF, 16 GiB: a table of 896 bytes for 7168 units", () => {
  const { result, stub } = boot(tdvf, "asks", 16 * GiB);
  assert.is(result.table!.physBase, 4 * GiB);
  assert.is(result.table!.bitmapBytes, 896);
  assert.is(result.table!.countSet(), 7168);
  assert.is(result.tableRange!.end - result.tableRange!.start, 920);
  assert.equal(stub.calls, []);
});

test("a limit of 512 MiB moves tables and initrd below it, the rest is in the bitmap", () => {
  const { result, stub } = boot(tdvf, "asks", 4 * GiB, { limit: 512 * MiB });
  assert.is(result.table!.physBase, 512 * MiB);
  assert.is(result.table!.countSet(), (1536 + 2048) / 2);
  assert.ok(result.tableRange!.end <= 512 * MiB);
  assert.equal(stub.calls, []);
  assert.ok(
    result.entries.some(
      ({ type, start, end }) => type === E820Type.RAM && start === 512 * MiB && end === 2 * GiB,
    ),
  );
});

test("an initrd goes below 4 GiB while there is room for its file and its copy, and above otherwise", () => {
  const [low] = start(ovmf, 8 * GiB, { initrdBytes: 64 * MiB });
  assert.ok(low.outcome === "started" && low.initrd!.end < 2 * GiB);
  const [high] = start(ovmf, 16 * GiB, { initrdBytes: 3 * GiB });
  // The file is at the top.
  assert.equal(high.outcome === "started" && high.initrd, { start: 12 * GiB, end: 15 * GiB });
});

test("td-shim loads an initrd below 2 GiB while there is room, and above otherwise", () => {
  const [low] = start(tdShim, 2.5 * GiB, { initrdBytes: 64 * MiB, limit: Number.POSITIVE_INFINITY });
  assert.equal(low.outcome === "started" && low.initrd, { start: 2 * GiB - 64 * MiB, end: 2 * GiB });
  const [high] = start(tdShim, 8 * GiB, { initrdBytes: 3 * GiB, limit: Number.POSITIVE_INFINITY });
  assert.equal(high.outcome === "started" && high.initrd, { start: 7 * GiB, end: 10 * GiB });
});

test("no initrd, none in the map", () => {
  const [outcome] = start(tdvf, 4 * GiB, { initrdBytes: 0 });
  assert.is(outcome.outcome === "started" && outcome.initrd, undefined);
});

test("firmware that accepts too little cannot load the kernel or the initrd", () => {
  const reason = (options: Options): string => {
    const [outcome] = start(tdvf, 4 * GiB, options);
    return outcome.outcome === "out-of-resources" ? outcome.reason : "";
  };
  assert.match(reason({ limit: 0 }), /the firmware itself/);
  assert.match(reason({ limit: 64 * MiB }), /the firmware itself/);
  assert.match(reason({ limit: 100 * MiB, initrdBytes: 4096 }), /the kernel/);
  assert.match(reason({ limit: 256 * MiB, initrdBytes: 80 * MiB }), /the initrd/);
});

/** Firmware and kernel against each other: what becomes of the 14 GiB above 4 GiB. */
type Fate = "lazy" | "lost" | "accepted at exit" | "accepted before";

function fate(firmware: Firmware, support: UnacceptedSupport, options: Options): Fate {
  const { result, atExit } = boot(firmware, support, 16 * GiB, options);
  if (result.lostBytes > 0) {
    assert.is(result.lostBytes, 14 * GiB);
    return "lost";
  }
  assert.equal(result.entries.at(-1), { type: E820Type.RAM, start: 4 * GiB, end: 18 * GiB });
  if (atExit.length > 0) {
    assert.equal(atExit, [[4 * GiB, 18 * GiB]]);
    return "accepted at exit";
  }
  return (result.table?.countSet() ?? 0) > 0 ? "lazy" : "accepted before";
}

const KERNELS: readonly UnacceptedSupport[] = ["drops", "knows", "asks"];
const MATRIX: readonly [string, Firmware, Options, readonly Fate[]][] = [
  [
    "old firmware that accepts all",
    tdvf,
    { limit: Infinity },
    ["accepted before", "accepted before", "accepted before"],
  ],
  ["TDVF", tdvf, {}, ["lost", "lazy", "lazy"]],
  ["OVMF without the protocol", ovmfSnp, { protocol: false }, ["lost", "lazy", "lazy"]],
  ["OVMF", ovmfSnp, {}, ["accepted at exit", "accepted at exit", "lazy"]],
  [
    "TDVF as if it had the protocol",
    tdvf,
    { protocol: true },
    ["accepted at exit", "accepted at exit", "lazy"],
  ],
];

for (const [name, firmware, options, fates] of MATRIX) {
  test(`${name}: what three kinds of kernels get`, () => {
    assert.equal(
      KERNELS.map((support) => fate(firmware, support, options)),
      fates,
    );
  });
}

test("a plain guest has all its memory and no table", () => {
  assert.is(fate(ovmf, "asks", {}), "accepted before");
});

test.run();
