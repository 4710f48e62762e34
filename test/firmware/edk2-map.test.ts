// Takes 2 s.
import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bootMemoryMapBytes, SEED_BYTES } from "../../src/efistub/exit-boot-services.js";
import { type E820Entry, E820Type, setupE820 } from "../../src/efistub/setup-e820.js";
import { edk2Build } from "../../src/firmware/edk2.js";
import { type EfiMemoryDescriptor, EfiMemoryType } from "../../src/firmware/efi-memory-map.js";
import type { Firmware } from "../../src/firmware/firmware.js";
import { ovmf, ovmfSnp } from "../../src/firmware/ovmf-snp.js";
import { q35Ram } from "../../src/firmware/q35.js";
import { type StartedFirmware, startFirmware } from "../../src/firmware/start.js";
import { tdvf } from "../../src/firmware/tdvf.js";
import { vmmRam } from "../../src/firmware/vmm-ram.js";
import { buildOf } from "../../src/linux/kernel-build.js";
import { type AddressRange, GiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { type EfiBootLog, efiOfBootLog } from "../../src/x86/efi-boot-log.js";

const test = suite("firmware: the map of edk2");

const DIRECTORIES = ["efi-ovmf", "efi-ovmf-variants"].map(
  (name) => new URL(`../../workloads/recorded/${name}/`, import.meta.url),
);
/** Bytes of the two initrds of the recordings. */
const INITRD: Readonly<Record<string, number>> = { "0": 0, "1": 1_028_412, "32": 35_538_432 };
/** Images of the recordings, by the word in their names. */
const IMAGES: Readonly<Record<string, Parameters<typeof edk2Build>>> = {
  biosgen: ["2026.08", "generic"],
  inteltdxnosb: ["2026.08", "inteltdx"],
  biosgen2502: ["2025.02", "generic"],
  bios2211: ["2022.11", "generic"],
};

const { LOADER_CODE, ACPI_RECLAIM, ACPI_NVS, RESERVED, CONVENTIONAL } = EfiMemoryType;

function pages({ start, end }: AddressRange): number {
  return (end - start) / PAGE_SIZE;
}

interface Recording {
  readonly name: string;
  readonly text: string;
  readonly efi: EfiBootLog;
  /** Ascending. */
  readonly map: readonly EfiMemoryDescriptor[];
}

const RECORDINGS: readonly Recording[] = DIRECTORIES.flatMap((directory) =>
  readdirSync(directory)
    .filter((file) => file.endsWith(".log.gz"))
    .map((file) => {
      const text = gunzipSync(readFileSync(new URL(file, directory))).toString();
      const efi = efiOfBootLog(text)!;
      const map = efi.descriptors.map(({ type, start, end }) => ({ type, start, end }));
      return {
        name: file.replace(/^ovmf-|\.log\.gz$/g, ""),
        text,
        efi,
        map: map.toSorted((a, b) => a.start - b.start),
      };
    }),
);

/** The machine and the image of a recording, from its name; the place of its kernel is an input. */
function simulated({ name, map }: Recording): StartedFirmware {
  const [, word, memory, kernel, rd = "0", tag] = /^(.+?)-(\d+[GM])-k(\d+\.\d+)(?:-rd(\d+))?(.*)$/.exec(
    name,
  )!;
  const build = edk2Build(...(IMAGES[word!] ?? ([word!] as const)));
  const bytes = Number.parseInt(memory!, 10) * (memory!.endsWith("G") ? GiB : MiB);
  const { start, end } = kernelOf(map);
  const image = IMAGES[word!] === undefined ? "flash" : "bios";
  const vmm = tag === "-pc" ? "i440fx" : "q35";
  const firmware: Firmware = { ...ovmf, edk2: { ...ovmf.edk2!, image, s3: () => !tag!.includes("coco") } };
  const started = startFirmware(
    firmware,
    {
      build,
      ram: vmmRam(vmm, {
        memoryBytes: bytes,
        isAmd: true,
        lowMemoryBytes: tag!.includes("lowmem1G") ? GiB : undefined,
      }),
      vmm,
      vcpus: Number(/smp(\d+)/.exec(tag!)?.[1] ?? 1),
      isAmd: true,
      ...(tag!.includes("1tb") ? { physicalBits: 46 } : {}),
      preAcceptLimit: Number.POSITIVE_INFINITY,
    },
    {
      ...buildOf("cloud", kernel!).file,
      initrdBytes: INITRD[rd]!,
      loadKernel: (boot) => (boot.allocateAt(LOADER_CODE, { start, end }) ? { start, end } : undefined),
    },
    false,
    { firmwareAccept: () => {} },
  );
  assert.is(started.outcome, "started", name);
  const { boot } = started as StartedFirmware;
  // OVMF of 2022.11 has no random numbers.
  if (build.version !== "2022.11") boot.allocatePool(ACPI_RECLAIM, SEED_BYTES);
  boot.allocatePool(ACPI_RECLAIM, bootMemoryMapBytes(boot.askedEntries));
  return started as StartedFirmware;
}

function kernelOf(map: readonly EfiMemoryDescriptor[]): AddressRange {
  return map.find(
    ({ type, start, end }) => type === LOADER_CODE && start % (2 * MiB) === 0 && end - start > 32 * MiB,
  )!;
}

/** Descriptors that differ: of the recorded map, of the simulated one. */
const DIFFERENT: Readonly<Record<string, readonly [number, number]>> = {
  /**
   * One page of a driver lies one page lower in this boot than in that of Linux 7.3 on the same machine, from
   * which the model has it, and parts the small holes there in another way.
   */
  "2026.08-4G-k6.12-rd1": [4, 3],
  // The stub takes no pages to switch to five levels.
  "biosgen-4G-k7.3-nola57": [2, 2],
  // Devices with ROMs, of which the firmware and the stub have copies.
  "biosgen-4G-k7.3-vga": [3, 3],
  "biosgen-4G-k6.12-nokaslr-vga-memblock": [3, 3],
  "biosgen-4G-k7.3-nokaslr-net-memblock": [6, 5],
  // An i440fx, whose few drivers of other devices differ by a page or two.
  "2026.08-4G-k7.3-rd1-pc": [39, 35],
};

test("72 boots of eight images: the same descriptors, of the same types, in the same order", () => {
  const equal = RECORDINGS.filter(({ name }) => DIFFERENT[name] === undefined);
  assert.is(equal.length, 72);
  for (const recording of equal) {
    const { name, efi, map, text } = recording;
    const { boot, initrd, memoryAttributes } = simulated(recording);
    assert.equal(boot.getMemoryMap().descriptors, map, name);
    assert.is(memoryAttributes!.start, efi.tables.get("MEMATTR"), name);
    // The kernel of the 32 CPUs did not get as far as to print the table's entries.
    const { memoryAttributes: entries } = efi;
    if (entries > 0) assert.is(memoryAttributes!.end - memoryAttributes!.start, 16 + 48 * entries, name);
    const ramdisk = /RAMDISK: \[mem 0x([0-9a-f]+)/.exec(text);
    assert.is(initrd?.start, ramdisk === null ? undefined : Number.parseInt(ramdisk[1]!, 16), name);
  }
});

test("in six others some descriptors end elsewhere", () => {
  const has = (list: readonly EfiMemoryDescriptor[], one: EfiMemoryDescriptor): boolean =>
    list.some(({ type, start, end }) => type === one.type && start === one.start && end === one.end);
  for (const [name, differences] of Object.entries(DIFFERENT)) {
    const recording = RECORDINGS.find((one) => one.name === name)!;
    const { descriptors } = simulated(recording).boot.getMemoryMap();
    assert.equal(
      [
        recording.map.filter((one) => !has(descriptors, one)).length,
        descriptors.filter((one) => !has(recording.map, one)).length,
      ],
      differences,
      name,
    );
  }
});

test("with 3 GiB below 4 GiB the e820 map of an i440fx is the recorded one", () => {
  const recording = RECORDINGS.find(({ name }) => name === "2026.08-4G-k7.3-rd1-pc")!;
  const e820 = (map: readonly EfiMemoryDescriptor[]): readonly E820Entry[] =>
    setupE820(map, 0, undefined, { acceptMemory: () => {} }).entries;
  const { descriptors } = simulated(recording).boot.getMemoryMap();
  assert.equal(e820(descriptors), e820(recording.map));
  assert.ok(descriptors.some(({ end }) => end === 3 * GiB));
});

interface Confidential {
  readonly firmware?: Firmware;
  readonly version?: string;
  readonly memoryBytes?: number;
  readonly vcpus?: number;
  readonly initrdBytes?: number;
  readonly s3?: boolean;
}

/** A guest that leaves memory unaccepted, started with a kernel of 7.3 at the lowest place. */
function confidential({
  firmware = tdvf,
  version = "2026.08",
  memoryBytes = 4 * GiB,
  vcpus = 1,
  initrdBytes = 1_028_412,
  s3,
}: Confidential = {}): StartedFirmware {
  const kernel = { start: 0x2000000, end: 0x5c00000 };
  const started = startFirmware(
    firmware,
    {
      build: edk2Build(version, firmware === tdvf ? "inteltdx" : "generic"),
      ram: q35Ram(memoryBytes, firmware === ovmfSnp),
      vcpus,
      isAmd: firmware === ovmfSnp,
      preAcceptLimit: 4 * GiB,
      ...(s3 === undefined ? {} : { s3 }),
    },
    {
      ...buildOf("cloud", "7.3").file,
      initrdBytes,
      loadKernel: (boot) => (boot.allocateAt(LOADER_CODE, kernel) ? kernel : undefined),
    },
    false,
    { firmwareAccept: () => {} },
  );
  assert.is(started.outcome, "started");
  return started as StartedFirmware;
}

function ofType(
  { boot }: StartedFirmware,
  ...types: readonly EfiMemoryType[]
): readonly EfiMemoryDescriptor[] {
  return boot.getMemoryMap().descriptors.filter(({ type }) => types.includes(type));
}

function sum(list: readonly AddressRange[]): number {
  return list.reduce((total, one) => total + pages(one), 0);
}

test("boot services keep 71 MiB of a TD and 51 MiB of an SNP guest", () => {
  const { BOOT_SERVICES_CODE: code, BOOT_SERVICES_DATA: data } = EfiMemoryType;
  assert.is(sum(ofType(confidential(), code, data)), 962 + 17_289 - 1);
  assert.is(sum(ofType(confidential({ firmware: ovmfSnp }), code, data)), 1218 + 11_753);
});

test("a TD has no hole below 1 MiB, and keeps page tables, work area and mailbox as NVS", () => {
  const td = confidential();
  const [first, wakeUp, second] = td.boot.getMemoryMap().descriptors;
  assert.equal([first!.start, second!.end], [0, 0x800000]);
  assert.is(wakeUp!.type, EfiMemoryType.BOOT_SERVICES_DATA);
  const nvs = ofType(td, ACPI_NVS).map(({ start, end }) => [start, end]);
  assert.equal(nvs.slice(0, 2), [
    [0x800000, 0x806000],
    [0x80b000, 0x80d000],
  ]);
  const old = ofType(confidential({ version: "2024.05" }), ACPI_NVS);
  assert.equal([old[0]!.start, old[0]!.end], [0x80c000, 0x80d000]);
});

test("the e820 table of a TD of 2023 begins as public logs of such guests show it", () => {
  const { boot } = confidential({ version: "2023.02" });
  const { descriptors } = boot.getMemoryMap();
  const [first, second] = setupE820(descriptors, 32, undefined, { acceptMemory: () => {} }).entries;
  assert.equal(first, { type: E820Type.RAM, start: 0, end: 0x80c000 });
  assert.equal(second, { type: E820Type.NVS, start: 0x80c000, end: 0x80d000 });
});

test("an SNP guest loses three pages of secrets, two for each CPU and a buffer", () => {
  const reserved = (vcpus: number): number =>
    sum(ofType(confidential({ firmware: ovmfSnp, vcpus }), RESERVED).filter(({ end }) => end < 2 * GiB));
  assert.is(reserved(1), 128 + 3 + 2 + 1);
  assert.is(reserved(8), 128 + 3 + 16 + 1);
});

test("before 2026.02 a guest keeps NVS for S3 in four places, 2 MiB and 32 KiB for each CPU", () => {
  const nvs = (version: string, vcpus = 1): readonly EfiMemoryDescriptor[] =>
    ofType(confidential({ firmware: ovmfSnp, version, vcpus }), ACPI_NVS);
  const before = nvs("2025.11");
  assert.equal(before.slice(0, 3).map(pages), [8, 1, 239]);
  assert.is(pages(before.at(-1)!), 136);
  assert.is(pages(nvs("2025.11", 4).at(-1)!), 160);
  assert.is(sum(before) - sum(nvs("2026.02")), 8 + 1 + 239 + 136);
  assert.ok(nvs("2026.02").every(({ start }) => start > GiB));
});

test("up to 2025.11 free pages that span two bins are free, later they are of the bins' types", () => {
  const reported = (version: string): number[] => {
    const started = confidential({ firmware: ovmfSnp, version, s3: false });
    const at = started.acpiTables;
    const { descriptors } = started.boot.getMemoryMap();
    const of = descriptors.findIndex(({ end }) => end === at.end);
    return [descriptors[of]!, descriptors[of - 1]!, descriptors[of - 2]!].flatMap((one) => [
      one.type,
      pages(one),
    ]);
  };
  // The block of SNP has a page of its own.
  assert.equal(reported("2025.11").slice(0, 4), [ACPI_RECLAIM, 11, CONVENTIONAL, 135]);
  assert.equal(reported("2026.02").slice(0, 4), [ACPI_RECLAIM, 18, RESERVED, 128]);
});

test("the top of low memory carries the map along, unaccepted memory above does not move it", () => {
  const shape = (memoryBytes: number): string =>
    confidential({ memoryBytes })
      .boot.getMemoryMap()
      .descriptors.filter(({ start }) => start > 256 * MiB && start < 2 * GiB)
      .map(({ type, start, end }) => `${type} ${start} ${end}`)
      .join("\n");
  assert.is(shape(16 * GiB), shape(4 * GiB));
  assert.is(shape(512 * GiB), shape(4 * GiB));
});

test("more CPUs take more: 32 KiB each in a TD, 68 KiB elsewhere", () => {
  const { BOOT_SERVICES_CODE: code, BOOT_SERVICES_DATA: data } = EfiMemoryType;
  const held = (firmware: Firmware, vcpus: number): number =>
    sum(ofType(confidential({ firmware, vcpus }), code, data));
  assert.is(held(tdvf, 64) - held(tdvf, 8), 56 * 8);
  assert.is(held(ovmfSnp, 96) - held(ovmfSnp, 32), 64 * 17);
});

test("the stub's pool: seed and table in the pages that are recorded or follow from the rule", () => {
  const places = (firmware: Firmware, memoryBytes: number): number[] => {
    const { boot } = confidential({ firmware, memoryBytes });
    const seed = boot.allocatePool(ACPI_RECLAIM, SEED_BYTES)!;
    const high = memoryBytes - 2 * GiB;
    return [seed.start, boot.allocatePool(ACPI_RECLAIM, 24 + Math.ceil(high / (16 * MiB)))!.start];
  };
  assert.equal(places(tdvf, 16 * GiB), [0x7b30b018, 0x7b30bb18]);
  assert.equal(places(tdvf, 64 * GiB), [0x7b30b018, 0x7b30a018]);
  // The block of SNP comes first in its page.
  assert.equal(
    places(ovmfSnp, 3 * GiB).map((at) => at % PAGE_SIZE),
    [0xf18, 0xf98],
  );
  assert.equal(
    places(ovmfSnp, 16 * GiB).map((at) => at % PAGE_SIZE),
    [0xf18, 0xb18],
  );
});

test.run();
