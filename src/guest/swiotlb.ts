/**
 * The DMA bounce buffer (kernel/dma/swiotlb.c: swiotlb_init_remap; arch/x86/kernel/pci-dma.c:
 * pci_swiotlb_detect; arch/x86/mm/mem_encrypt.c: mem_encrypt_setup_arch; Linux 6.12).
 */
import { SMP_CACHE_BYTES } from "../memblock/memblock.js";
import { GiB, KiB, MiB, PAGE_SIZE, roundUp } from "../units.js";
import type { EarlyBoot } from "./early-machine.js";

const IO_TLB_SIZE = 2 * KiB;
/** Slots of a segment: the longest mapping (IO_TLB_SEGSIZE). */
const IO_TLB_SEGSIZE = 128;
const IO_TLB_DEFAULT_BYTES = 64 * MiB;
const IO_TLB_MIN_SLOTS = MiB / IO_TLB_SIZE;
const SLOT_BYTES = 24; // sizeof(struct io_tlb_slot)
const AREA_BYTES = 16; // sizeof(struct io_tlb_area)

function roundUpPowerOfTwo(value: number): number {
  return 2 ** Math.ceil(Math.log2(value));
}

/**
 * Bytes of the bounce buffer a kernel sets aside when the command line says nothing: none while
 * all RAM is below 4 GiB, 64 MiB above, and 6 % of RAM, at least 64 MiB and at most 1 GiB, when
 * guest memory is encrypted.
 *
 * @param memoryBytes RAM known to memblock
 * @param endOfRam first byte behind RAM
 */
export function defaultSwiotlbBytes(memoryBytes: number, endOfRam: number, memoryEncrypted: boolean): number {
  if (memoryEncrypted) {
    return Math.min(Math.max(Math.floor((memoryBytes * 6) / 100), IO_TLB_DEFAULT_BYTES), GiB);
  }
  return endOfRam > 4 * GiB ? IO_TLB_DEFAULT_BYTES : 0;
}

/**
 * Slots of the buffer: whole segments, a power of two, and a segment for each area
 * (swiotlb_adjust_size, round_up_default_nslabs).
 *
 * @param areaCount a power of two
 */
export function swiotlbSlots(bytes: number, areaCount: number): number {
  const segments = roundUp(Math.ceil(bytes / IO_TLB_SIZE), IO_TLB_SEGSIZE);
  return roundUpPowerOfTwo(Math.max(segments, IO_TLB_SEGSIZE * areaCount));
}

/** swiotlb_init(): the buffer below 4 GiB, halved until it fits, its slots, and one area a CPU. */
export function swiotlbInit(boot: EarlyBoot): void {
  const { memblock, machine, maxPfn } = boot;
  const byRule = defaultSwiotlbBytes(memblock.physMemSize(), maxPfn * PAGE_SIZE, machine.memoryEncrypted);
  const bytes = machine.swiotlbBytes ?? byRule;
  if (bytes === 0) return;
  const areaCount = roundUpPowerOfTwo(boot.cpuCount);
  let slots = swiotlbSlots(bytes, areaCount);
  memblock.accepts = machine.shareWithoutAccept !== true;
  let address = memblock.allocLow(slots * IO_TLB_SIZE, PAGE_SIZE);
  while (address === 0 && slots > IO_TLB_MIN_SLOTS) {
    slots = roundUp(slots / 2, IO_TLB_SEGSIZE);
    address = memblock.allocLow(slots * IO_TLB_SIZE, PAGE_SIZE);
  }
  memblock.accepts = true;
  if (address === 0) return;
  boot.swiotlb = { start: address, end: address + slots * IO_TLB_SIZE };
  memblock.alloc(roundUp(slots * SLOT_BYTES, PAGE_SIZE), PAGE_SIZE);
  memblock.alloc(Math.min(areaCount, slots / IO_TLB_SEGSIZE) * AREA_BYTES, SMP_CACHE_BYTES);
}
