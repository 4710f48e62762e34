/** Where a VMM puts a guest's RAM: how much of it lies below 4 GiB, and where the rest begins. */

import { type AddressRange, GiB, MiB, PHYSICAL_ADDRESS_END } from "../units.js";
import { HIGH_RAM_START, pcHighStart, pcRam, Q35_HOLE64_BYTES, q35Ram } from "./q35.js";

/** Those of QEMU by their machine. */
export const VMM_KINDS = [
  "q35",
  "i440fx",
  "cloud-hypervisor",
  "firecracker",
  "firecracker-1.12",
  "crosvm",
  "libkrun",
] as const;
export type VmmKind = (typeof VMM_KINDS)[number];

export interface RamRequest {
  readonly memoryBytes: number;
  /** The processor is AMD's. */
  readonly isAmd: boolean;
  /** RAM below 4 GiB at most, where the VMM is told. */
  readonly lowMemoryBytes?: number | undefined;
  /** Addresses that it keeps behind the RAM for memory that is plugged in; absent: none. */
  readonly windowBytes?: number | undefined;
}

interface Layout {
  readonly ram: (request: RamRequest) => AddressRange[];
  /** It can be told how much RAM lies below 4 GiB at most. */
  readonly takesLowMemory: boolean;
  /** A machine of QEMU's, which can keep addresses for more memory: its window for devices behind them. */
  readonly hole64Bytes?: number;
}

/** QEMU's i440fx keeps this much below 4 GiB where nobody says otherwise (hw/i386/pc_piix.c: pc_init1, max_ram_below_4g). */
const I440FX_LOW: number = 3.5 * GiB;
/** And not more than this once it has to split, so that both parts start on a 1 GiB boundary (gigabyte_align). */
const I440FX_LOW_OF_A_SPLIT: number = 3 * GiB;
/** hw/pci-host/i440fx.c: I440FX_PCI_HOST_HOLE64_SIZE_DEFAULT. */
const I440FX_HOLE64_BYTES: number = 2 * GiB;
/** arch/src/x86_64/layout.rs: MEM_32BIT_RESERVED_START. */
const CLOUD_HYPERVISOR_LOW: number = 3 * GiB;
/** Below the gap of crosvm's first releases, which others took over with the code (MEM_32BIT_GAP_SIZE). */
const BELOW_GAP_OF_768_MIB: number = 4 * GiB - 768 * MiB;
/**
 * Firecracker since it has PCI (src/vmm/src/arch/x86_64/layout.rs: MMIO32_MEM_SIZE, MMIO64_MEM_START,
 * MMIO64_MEM_SIZE; arch_memory_regions in mod.rs).
 */
const FIRECRACKER_LOW: number = 3 * GiB;
const FIRECRACKER_HOLE64: AddressRange = { start: 256 * GiB, end: 512 * GiB };

function i440fx({
  memoryBytes,
  isAmd,
  lowMemoryBytes = I440FX_LOW,
  windowBytes = 0,
}: RamRequest): AddressRange[] {
  const lowBytes =
    memoryBytes < lowMemoryBytes ? lowMemoryBytes : Math.min(lowMemoryBytes, I440FX_LOW_OF_A_SPLIT);
  return pcRam(memoryBytes, lowBytes, { amd: isAmd, windowBytes, hole64Bytes: I440FX_HOLE64_BYTES });
}

/** All of it below a gap if it fits, and the rest behind 4 GiB, without a look at the processor. */
function belowGap(memoryBytes: number, gapStart: number): AddressRange[] {
  if (memoryBytes <= gapStart) return [{ start: 0, end: memoryBytes }];
  const end = Math.min(HIGH_RAM_START + memoryBytes - gapStart, PHYSICAL_ADDRESS_END);
  return [
    { start: 0, end: gapStart },
    { start: HIGH_RAM_START, end },
  ];
}

/** And once more, where what is high would reach the gap for devices of 64 bits. */
function firecracker({ memoryBytes }: RamRequest): AddressRange[] {
  const [low, high] = belowGap(memoryBytes, FIRECRACKER_LOW);
  const { start, end } = FIRECRACKER_HOLE64;
  if (high === undefined || high.end <= start) return high === undefined ? [low!] : [low!, high];
  const beyond = { start: end, end: Math.min(end + high.end - start, PHYSICAL_ADDRESS_END) };
  return [low!, { ...high, end: start }, beyond];
}

/** Read in the sources of QEMU 10, cloud-hypervisor 48, Firecracker 1.9 and 1.14, crosvm and libkrun of 2026. */
const LAYOUTS: Readonly<Record<VmmKind, Layout>> = {
  q35: {
    ram: ({ memoryBytes, isAmd, lowMemoryBytes, windowBytes }) =>
      q35Ram(memoryBytes, isAmd, lowMemoryBytes, windowBytes),
    takesLowMemory: true,
    hole64Bytes: Q35_HOLE64_BYTES,
  },
  i440fx: { ram: i440fx, takesLowMemory: true, hole64Bytes: I440FX_HOLE64_BYTES },
  // Guests in Google's cloud show the same map.
  "cloud-hypervisor": {
    ram: ({ memoryBytes }) => belowGap(memoryBytes, CLOUD_HYPERVISOR_LOW),
    takesLowMemory: false,
  },
  firecracker: { ram: firecracker, takesLowMemory: false },
  // src/vmm/src/arch/x86_64/mod.rs: arch_memory_regions, MEM_32BIT_GAP_SIZE.
  "firecracker-1.12": {
    ram: ({ memoryBytes }) => belowGap(memoryBytes, BELOW_GAP_OF_768_MIB),
    takesLowMemory: false,
  },
  // x86_64/src/lib.rs: arch_memory_regions; its window of PCI below 4 GiB can be moved down.
  crosvm: {
    ram: ({ memoryBytes, lowMemoryBytes = BELOW_GAP_OF_768_MIB }) =>
      belowGap(memoryBytes, Math.min(lowMemoryBytes, BELOW_GAP_OF_768_MIB)),
    takesLowMemory: true,
  },
  // src/arch/src/x86_64/mod.rs: arch_memory_regions of its builds for confidential guests; others have a kernel on top.
  libkrun: {
    ram: ({ memoryBytes }) => belowGap(memoryBytes, BELOW_GAP_OF_768_MIB),
    takesLowMemory: false,
  },
};

/** RAM of a guest, ascending, whole MiB; none at 2^52 or above. */
export function vmmRam(kind: VmmKind, request: RamRequest): AddressRange[] {
  return LAYOUTS[kind].ram(request);
}

/** Whether a VMM can be told how much RAM lies below 4 GiB at most. */
export function takesLowMemory(kind: VmmKind): boolean {
  return LAYOUTS[kind].takesLowMemory;
}

/** Whether a VMM can keep addresses for memory that is plugged in, as QEMU does with maxmem and slots. */
export function takesMoreMemory(kind: VmmKind): boolean {
  return LAYOUTS[kind].hole64Bytes !== undefined;
}

/** Where RAM above 4 GiB begins, or would if there were any. */
export function highRamStart(kind: VmmKind, request: RamRequest): number {
  const { hole64Bytes } = LAYOUTS[kind];
  if (hole64Bytes === undefined) return HIGH_RAM_START;
  const high = vmmRam(kind, request).slice(1);
  const highBytes = high.reduce((sum, { start, end }) => sum + end - start, 0);
  return pcHighStart(highBytes, { amd: request.isAmd, windowBytes: request.windowBytes ?? 0, hole64Bytes });
}
