/**
 * The DMA bounce buffer (kernel/dma/swiotlb.c: swiotlb_init_remap; arch/x86/kernel/pci-dma.c:
 * pci_swiotlb_detect; arch/x86/mm/mem_encrypt.c: mem_encrypt_setup_arch; Linux 6.12).
 */
import { adjusted, SEGMENT_SLABS, SLAB_BYTES, type SwiotlbSize, withAreas } from "../command-line/swiotlb.js";
import { SMP_CACHE_BYTES } from "../memblock/memblock.js";
import { formatBytes, GiB, MiB, PAGE_SIZE, physRange, roundUp } from "../units.js";
import type { EarlyBoot } from "./early-machine.js";

const ENCRYPTED_PERCENT = 6;
const ENCRYPTED_LEAST_BYTES: number = 64 * MiB;
const ENCRYPTED_MOST_BYTES: number = GiB;
/** The least that a pool is worth. */
export const IO_TLB_MIN_BYTES: number = MiB;
const IO_TLB_MIN_SLABS: number = IO_TLB_MIN_BYTES / SLAB_BYTES;
const SLOT_BYTES = 24; // sizeof(struct io_tlb_slot)
/** What a pool's slots take for each byte of it. */
export const SLOT_BYTES_PER_BYTE: number = SLOT_BYTES / SLAB_BYTES;
const AREA_BYTES = 16; // sizeof(struct io_tlb_area)

/** @param memoryBytes RAM known to memblock */
export function encryptedSwiotlbBytes(memoryBytes: number): number {
  const share = Math.floor((memoryBytes * ENCRYPTED_PERCENT) / 100);
  return Math.min(Math.max(share, ENCRYPTED_LEAST_BYTES), ENCRYPTED_MOST_BYTES);
}

/** Size and kind of the buffer by command line and platform, before CPUs are counted. */
function configured({ options, machine, memblock }: EarlyBoot): SwiotlbSize {
  const { swiotlb } = options;
  return machine.memoryEncrypted ? adjusted(swiotlb, encryptedSwiotlbBytes(memblock.physMemSize())) : swiotlb;
}

/** swiotlb_size_or_default(): what the buffer will at least be, as code before swiotlb_init_remap() sees it. */
export function swiotlbBytesOrDefault(boot: EarlyBoot): number {
  return configured(boot).slabs * SLAB_BYTES;
}

/** Whether there is to be one: for encrypted guests, for RAM above 4 GiB now or later (max_possible_pfn), or because somebody asked. */
function isEnabled({ options, machine, maxPfn }: EarlyBoot): boolean {
  const { swiotlb, iommu } = options;
  if (swiotlb.disabled) return false;
  if (machine.memoryEncrypted || swiotlb.force || iommu === "soft") return true;
  return iommu !== "off" && Math.max(maxPfn * PAGE_SIZE, machine.possibleEnd ?? 0) > 4 * GiB;
}

/** swiotlb_init_remap(): the buffer below 4 GiB, halved until it fits, its slots, and one area a CPU. */
export function swiotlbInit(boot: EarlyBoot): void {
  if (!isEnabled(boot)) {
    if (boot.machine.memoryEncrypted)
      boot.remarks.push("swiotlb: no bounce buffer, so devices cannot be used");
    return;
  }
  const { memblock, machine } = boot;
  const before = configured(boot);
  const { slabs: wanted, areas } = before.areas === 0 ? withAreas(before, boot.cpuCount) : before;
  let slabs = wanted;
  memblock.accepts = machine.shareWithoutAccept !== true;
  let address = memblock.allocLow(slabs * SLAB_BYTES, PAGE_SIZE);
  while (address === 0 && slabs > IO_TLB_MIN_SLABS) {
    slabs = roundUp(Math.floor(slabs / 2), SEGMENT_SLABS);
    address = memblock.allocLow(slabs * SLAB_BYTES, PAGE_SIZE);
  }
  memblock.accepts = true;
  if (slabs < wanted && boot.options.words.some(({ name }) => name === "swiotlb")) {
    const got = address === 0 ? "nothing" : formatBytes(slabs * SLAB_BYTES);
    boot.remarks.push(`swiotlb: no room for ${formatBytes(wanted * SLAB_BYTES)} below 4 GiB, ${got} instead`);
  }
  if (address === 0) return;
  boot.swiotlb = physRange(address, slabs * SLAB_BYTES);
  memblock.alloc(roundUp(slabs * SLOT_BYTES, PAGE_SIZE), PAGE_SIZE);
  memblock.alloc(Math.min(areas, slabs / SEGMENT_SLABS) * AREA_BYTES, SMP_CACHE_BYTES);
}
