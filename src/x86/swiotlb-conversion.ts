import type { AcceptMemory } from "../accept/accept-memory.js";
import type { EarlyBoot } from "./early-machine.js";
import { type MapWatchers, setMemoryShared } from "./set-memory-shared.js";

/**
 * Makes the DMA bounce buffer shared, in one go, once the page allocator runs (6.12
 * init/main.c: start_kernel -> arch_cpu_finalize_init -> mem_encrypt_init;
 * kernel/dma/swiotlb.c: swiotlb_update_mem_attributes -> set_memory_decrypted). memblock allocated
 * the buffer, so it was accepted before; the kernel even zeroed it while it was private
 * (swiotlb_init_io_tlb_pool). Only the boot CPU is online then.
 *
 * The conversion touches nothing: the memset() behind it went (Kirill Shutemov, "swiotlb: Do not
 * zero buffer in set_memory_decrypted()", 2022-01-25). So the host has no shared memory here until
 * devices bounce data through it, slot after slot in turn (swiotlb_search_pool_area moves
 * area->index on).
 *
 * A kernel that does not accept the buffer takes its units off the record instead: a shared page
 * needs no acceptance on either platform (TDX: MapGPA of an absent page; SNP: a page state change
 * without a PVALIDATE).
 *
 * @param acceptance the kernel's record
 * @throws GuestEnded when no page is left for a table
 */
export function memEncryptInit(watchers: MapWatchers, early: EarlyBoot, acceptance: AcceptMemory): void {
  const { machine, swiotlb, earlyMap } = early;
  if (!machine.memoryEncrypted || swiotlb === undefined) return;
  const { start, end } = swiotlb;
  const unaccepted = machine.shareWithoutAccept === true ? acceptance.takeUnaccepted(start, end) : [];
  setMemoryShared(swiotlb, watchers, earlyMap, 1, unaccepted);
  watchers.clock.settle(0);
}
