import type { GuestMemory } from "../host/guest-memory.js";
import type { AddressRange } from "../units.js";

/**
 * Makes the DMA bounce buffer shared, in one go, once the page allocator runs (6.12
 * init/main.c: start_kernel -> arch_cpu_finalize_init -> mem_encrypt_init;
 * kernel/dma/swiotlb.c: swiotlb_update_mem_attributes -> set_memory_decrypted). memblock allocated
 * the buffer, so it was accepted before; the kernel even zeroed it while it was private
 * (swiotlb_init_io_tlb_pool).
 *
 * The conversion touches nothing: the memset() behind it went (Kirill Shutemov, "swiotlb: Do not
 * zero buffer in set_memory_decrypted()", 2022-01-25). So the host has no shared memory here until
 * devices bounce data through it, slot after slot in turn (swiotlb_search_pool_area moves
 * area->index on).
 *
 * @param swiotlb nothing happens without a buffer
 */
export function convertBounceBuffer(swiotlb: AddressRange | undefined, memory: GuestMemory): void {
  if (swiotlb !== undefined) memory.share(swiotlb.start, swiotlb.end);
}
