/**
 * The memory map that an image of edk2 has made by the time it starts a kernel: what lies at fixed addresses
 * below 32 MiB, and what it takes from the top of the memory below 4 GiB down. The order and sizes of the latter
 * are those of recorded boots (`edk2-maps-*.ts`), since they follow from its drivers and
 * not from a rule; where they lie follows from the machine, the kernel and the initrd.
 */

import { type AddressRange, GiB, MiB, PAGE_SIZE } from "../units.js";
import type { Edk2Build } from "./edk2.js";
import { BIOS_2026_08 } from "./edk2-maps-bios-2026.js";
import { FLASH_2026_08 } from "./edk2-maps-flash-2026.js";
import { INTELTDX_2026_08 } from "./edk2-maps-inteltdx.js";
import { BIOS_2022_11, BIOS_2025_02, FLASH_2022_11, FLASH_2025_02 } from "./edk2-maps-older.js";
import { EFI_DESCRIPTOR_BYTES, type EfiMemoryDescriptor, EfiMemoryType } from "./efi-memory-map.js";
import { MAP_TYPES, type RecordedMap, type Run, runsOf } from "./recorded-map.js";
import type { VmmKind } from "./vmm-ram.js";

/** Free pages that only requests for one type get, before those of the default window. */
export interface Bin {
  readonly type: EfiMemoryType;
  readonly free: readonly AddressRange[];
}

export interface MapRequest {
  readonly build: Edk2Build;
  readonly image: "flash" | "bios";
  readonly s3: boolean;
  readonly hasInitrd: boolean;
  readonly vcpus: number;
  /** RAM that is accepted and free, ascending. */
  readonly free: readonly AddressRange[];
  readonly hasHighRam: boolean;
  readonly physicalBits: number;
  /** The machine has the hole of AMD's IOMMUs below 1 TiB. */
  readonly isAmd: boolean;
  readonly vmm: VmmKind;
  /** What the platform holds at addresses of its own, and how many reserved pages wherever there is room. */
  readonly holds: readonly EfiMemoryDescriptor[];
  readonly reservedPages: number;
}

export interface FirmwareMap {
  /** Everything but free RAM, and what is no RAM. */
  readonly descriptors: readonly EfiMemoryDescriptor[];
  readonly bins: readonly Bin[];
  /** Requests without an address or a bin are served below. */
  readonly windowEnd: number;
  /** Entries of the firmware's own list beyond those of its map. */
  readonly hiddenEntries: number;
  /** What comes below the files of kernel and initrd, from the top down. */
  readonly below: readonly Run[];
  /** Tables of ACPI. */
  readonly acpi: AddressRange;
  /** The table of memory attributes: its size, and its start or how far that is below the end of `below`. */
  readonly attributesTable?: { readonly start?: number; readonly below?: number; readonly sizeBytes: number };
}

/** The stub's copy of the map takes three pages there, for 47 entries that it shows: that many make 91 to 175 more. */
const HIDDEN_ENTRIES_OF_INTELTDX = 100;
/** Bytes before the entries of the table of memory attributes (efi_memory_attributes_table_t). */
const ATTRIBUTES_HEADER_BYTES = 16;
/** Pages of boot services at the lower end of PEI's heap. */
const HEAP_END_PAGES = 32;
/** NVS at the top of memory for a resume from S3: of the firmware, and of each CPU. */
const S3_PAGES = 128;
const S3_PAGES_PER_CPU = 8;
/** Boot services data that each further CPU takes, and by how much it makes PEI's heap larger. */
const PAGES_PER_CPU: Readonly<Record<"generic" | "inteltdx", number>> = { generic: 17, inteltdx: 8 };
const HEAP_PAGES_PER_CPU = 8;
/** ECAM of q35, as the firmware sets it up (PcdPciExpressBaseAddress). */
const ECAM_BYTES: number = 256 * MiB;
const FLASH: AddressRange = { start: 0xffc00000, end: 0x100000000 };
const AMD_HOLE: AddressRange = { start: 0xfd00000000, end: 0x10000000000 };

/** Most recent maps first; a version has those of the latest one that was recorded up to it. */
const GENERIC: readonly (readonly [
  version: string,
  Readonly<Record<"flash" | "bios", readonly RecordedMap[]>>,
])[] = [
  ["2026.08", { flash: FLASH_2026_08, bios: BIOS_2026_08 }],
  ["2025.02", { flash: FLASH_2025_02, bios: BIOS_2025_02 }],
  ["2022.11", { flash: FLASH_2022_11, bios: BIOS_2022_11 }],
];

/** What lies at fixed addresses, as start and number of pages. */
type Fixed = readonly (readonly [type: string, start: number, pages: number])[];
const PEI_DXE: readonly [string, number, number] = ["BD", 0x820000, 0xf60];
const PEI_DXE_S3: readonly [string, number, number] = ["BD", 0x900000, 0xe80];
/** The lock box and the work area, of boot services where nothing is kept for S3. */
const LOCK_BOX_AND_WORK_AREA: Fixed = [
  ["BD", 0x806000, 1],
  ["BD", 0x80b000, 1],
];
/** Where other CPUs wake up: in 2026.08 with one CPU too. */
const WAKE_UP: readonly [string, number, number] = ["BD", 0x87000, 1];
const IGVM: readonly [string, number, number] = ["RD", 0x812000, 1];
const KEPT_FOR_S3: Fixed = [
  ["NVS", 0x800000, 8],
  ["NVS", 0x80b000, 1],
];

const FIXED: Readonly<Record<string, Readonly<Record<"s3" | "none", Fixed>>>> = {
  "2026.08": {
    s3: [...KEPT_FOR_S3, IGVM, ["NVS", 0x814000, 236], PEI_DXE_S3],
    none: [...LOCK_BOX_AND_WORK_AREA, IGVM, PEI_DXE],
  },
  "2025.02": {
    s3: [...KEPT_FOR_S3, ["NVS", 0x811000, 239], PEI_DXE_S3],
    none: [...LOCK_BOX_AND_WORK_AREA, PEI_DXE],
  },
  "2022.11": {
    s3: [...KEPT_FOR_S3, ["NVS", 0x810000, 240], ["BD", 0x900000, 0xc00]],
    // Not recorded.
    none: [...LOCK_BOX_AND_WORK_AREA, ["BD", 0x820000, 0xce0]],
  },
};
/** Debian's image in flash of 2022.11 has other pages than the one without. */
const FIXED_FLASH_2022_11: Fixed = [
  ["NVS", 0x806000, 2],
  ["NVS", 0x810000, 240],
  ["BD", 0x900000, 0xc00],
];

/** The image for TDX has no PEI and DXE volumes there, and no code for S3. */
function fixedOf(recorded: string, { build, image, vcpus }: MapRequest, s3: boolean): Fixed {
  const wakeUp = recorded === "2026.08" || vcpus > 1 ? [WAKE_UP] : [];
  if (build.flavour === "inteltdx") return [WAKE_UP, ...LOCK_BOX_AND_WORK_AREA];
  if (recorded === "2022.11" && image === "flash") return [...wakeUp, ...FIXED_FLASH_2022_11];
  return [...wakeUp, ...FIXED[recorded]![s3 ? "s3" : "none"]];
}

/** @returns undefined where the memory below 4 GiB has no room for it */
export function edk2Map(request: MapRequest): FirmwareMap | undefined {
  const { build, image, vcpus, free } = request;
  const inteltdx = build.flavour === "inteltdx";
  const s3 = request.s3 && !inteltdx;
  const [recorded, generic] = GENERIC.find(([version]) => version <= build.version) ?? GENERIC.at(-1)!;
  const map = nearest(inteltdx ? INTELTDX_2026_08 : generic[image], request, s3);
  const low = free.findLast(({ start, end }) => start < 4 * GiB && end <= 4 * GiB);
  if (low === undefined) return undefined;

  const fixedDescriptors = fixedOf(recorded, request, s3)
    .map(([type, start, pages]) => ({ type: MAP_TYPES[type]!, start, end: start + pages * PAGE_SIZE }))
    .filter(({ start, end }) => request.holds.every((held) => held.end <= start || end <= held.start));

  const s3Pages = s3 ? S3_PAGES + S3_PAGES_PER_CPU * vcpus : 0;
  const moreCpus = Math.max(0, vcpus - map.vcpus);
  const perCpu = PAGES_PER_CPU[inteltdx ? "inteltdx" : "generic"];
  const top = low.end - s3Pages * PAGE_SIZE;
  const bins = runsOf(map.bins);
  const window = [
    ...runsOf(map.above),
    run(EfiMemoryType.BOOT_SERVICES_DATA, perCpu * moreCpus),
    run(EfiMemoryType.RESERVED, request.reservedPages),
  ].filter(({ pages }) => pages > 0);
  const { start: windowEnd, ...upper } = layOut(bins, top, build.rules.binsLeak);
  const lower = layOut(window, windowEnd, false);
  const atAddresses = [...request.holds, ...fixedDescriptors];
  const floor = Math.max(low.start, ...atAddresses.map(({ end }) => end));
  const isFree = ({ start, end }: AddressRange): boolean =>
    free.some((range) => range.start <= start && end <= range.end);
  if (lower.start < floor || !atAddresses.every(isFree)) return undefined;
  const descriptors: EfiMemoryDescriptor[] = [
    ...atAddresses,
    ...upper.descriptors,
    ...lower.descriptors,
    ...noRam(recorded, request),
  ];
  if (s3Pages > 0) descriptors.push({ type: EfiMemoryType.ACPI_NVS, start: top, end: low.end });
  const heapStart = top - (map.heapPages + HEAP_PAGES_PER_CPU * moreCpus) * PAGE_SIZE;
  const heapEnd = { start: heapStart - HEAP_END_PAGES * PAGE_SIZE, end: heapStart };
  if (map.heapPages > 0 && heapEnd.start >= floor && heapEnd.end <= lower.start) {
    descriptors.push({ type: EfiMemoryType.BOOT_SERVICES_DATA, ...heapEnd });
  }
  return {
    descriptors,
    bins: upper.bins,
    windowEnd,
    hiddenEntries: inteltdx ? HIDDEN_ENTRIES_OF_INTELTDX : 0,
    below: runsOf(map.below),
    acpi: upper.acpi,
    attributesTable: attributesTable(map, top),
  };
}

function attributesTable(
  { attributesTable: { top: fromTop, below, entries } }: RecordedMap,
  top: number,
): NonNullable<FirmwareMap["attributesTable"]> {
  const sizeBytes = ATTRIBUTES_HEADER_BYTES + entries * EFI_DESCRIPTOR_BYTES;
  return {
    sizeBytes,
    ...(fromTop === undefined ? {} : { start: top - fromTop }),
    ...(below === undefined ? {} : { below }),
  };
}

function run(type: EfiMemoryType, pages: number): Run {
  return { type, pages, usedPages: pages };
}

/**
 * What is no RAM: ECAM of a q35, flash, and the addresses of HyperTransport, as firmware in machines of QEMU tells.
 * Nothing is recorded in those of other VMMs.
 */
function noRam(recorded: string, { image, isAmd, vmm }: MapRequest): EfiMemoryDescriptor[] {
  if (vmm !== "q35" && vmm !== "i440fx") return [];
  const reserved: AddressRange[] = [];
  const ecam = recorded === "2022.11" ? 0xb0000000 : 0xe0000000;
  if (vmm === "q35") reserved.push({ start: ecam, end: ecam + ECAM_BYTES });
  if (isAmd && recorded !== "2022.11") reserved.push(AMD_HOLE);
  const descriptors: EfiMemoryDescriptor[] = reserved.map((range) => ({
    type: EfiMemoryType.RESERVED,
    ...range,
  }));
  if (image === "flash") descriptors.push({ type: EfiMemoryType.MEMORY_MAPPED_IO, ...FLASH });
  return descriptors;
}

/** The recorded machine that is most like this one; of fewer CPUs, since more can be added. */
function nearest(maps: readonly RecordedMap[], request: MapRequest, s3: boolean): RecordedMap {
  const { hasInitrd, vcpus, free, hasHighRam, physicalBits } = request;
  const lowMiB = (free.findLast(({ end }) => end <= 4 * GiB)?.end ?? 0) / MiB;
  const isLong = physicalBits > PHYSICAL_BITS_MIN;
  // What changes more counts more: CPUs beyond those that can be added, page tables, S3, files, RAM.
  const distance = (map: RecordedMap): number =>
    (map.vcpus > vcpus ? 1e6 : Math.log2(vcpus / map.vcpus) * 8) +
    (map.s3 === s3 ? 0 : 30) +
    (map.physicalBits > PHYSICAL_BITS_MIN === isLong ? 0 : 50) +
    (map.initrd === hasInitrd ? 0 : 20) +
    (map.high === hasHighRam ? 0 : 10) +
    (map.lowMiB === lowMiB ? 0 : map.lowMiB === 2048 ? 2 : 1);
  return maps.reduce((best, map) => (distance(map) < distance(best) ? map : best));
}
const PHYSICAL_BITS_MIN = 40;

interface LaidOut {
  readonly descriptors: readonly EfiMemoryDescriptor[];
  readonly bins: readonly Bin[];
  readonly start: number;
  readonly acpi: AddressRange;
}

/** Types whose free pages in a bin are reported as of that type (mMemoryTypeStatistics: Special). */
const SPECIAL: readonly EfiMemoryType[] = [
  EfiMemoryType.RESERVED,
  EfiMemoryType.RUNTIME_SERVICES_CODE,
  EfiMemoryType.RUNTIME_SERVICES_DATA,
  EfiMemoryType.ACPI_RECLAIM,
  EfiMemoryType.ACPI_NVS,
];

/**
 * Runs from an address down.
 *
 * @param leaks whether free pages that span two bins are reported as free, and not as of the bins' types
 */
function layOut(runs: readonly Run[], top: number, leaks: boolean): LaidOut {
  const descriptors: EfiMemoryDescriptor[] = [];
  const bins: Bin[] = [];
  let end = top;
  let acpi = { start: top, end: top };
  for (const [index, { type, pages, usedPages }] of runs.entries()) {
    const start = end - pages * PAGE_SIZE;
    const used = end - usedPages * PAGE_SIZE;
    if (type !== EfiMemoryType.CONVENTIONAL && used < end) descriptors.push({ type, start: used, end });
    if (usedPages < pages) {
      bins.push({ type, free: [{ start, end: used }] });
      const before = runs[index - 1];
      const spans =
        runs[index + 1]?.usedPages === 0 ||
        (usedPages === 0 && before !== undefined && before.usedPages < before.pages);
      if (SPECIAL.includes(type) && !(leaks && spans)) descriptors.push({ type, start, end: used });
    }
    if (type === EfiMemoryType.ACPI_RECLAIM && acpi.end === acpi.start) acpi = { start: used, end };
    end = start;
  }
  return { descriptors, bins, start: end, acpi };
}
