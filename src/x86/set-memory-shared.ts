import type { AcceptMemory } from "../accept/accept-memory.js";
import { chargeOtherCpus } from "../accept/other-cpus.js";
import type { CocoPlatform } from "../coco/platform.js";
import type { GuestMemory } from "../host/guest-memory.js";
import type { GuestClock } from "../sim/guest-clock.js";
import { PAGE_SIZE, type PhysRange } from "../units.js";
import type { EarlyBoot } from "./early-machine.js";
import type { EarlyMap } from "./early-map.js";

export interface MapWatchers {
  readonly platform: CocoPlatform;
  readonly host: GuestMemory;
  readonly clock: GuestClock;
}

/**
 * The running kernel makes memory of its direct map shared with the host, in the order of 6.12
 * arch/x86/mm/pat/set_memory.c: __set_memory_enc_pgtable: TLBs lose the old attribute; SNP takes
 * validation back and asks for the page state change (snp_set_memory_shared is its prepare hook);
 * entries change, with splits; TLBs lose the old entries; TDX asks for MapGPA (its finish hook,
 * arch/x86/coco/tdx/tdx.c: tdx_enc_status_change_finish).
 *
 * Where no page is left for a table, a guest that prepares has told the host already: the memory is lost to it.
 *
 * @param onlineCpus CPUs whose TLBs are flushed
 * @param unaccepted parts of the range that were never accepted, ascending
 * @throws GuestEnded
 */
export function setMemoryShared(
  range: PhysRange,
  { platform, host, clock }: MapWatchers,
  early: EarlyMap,
  onlineCpus: number,
  unaccepted: readonly PhysRange[] = [],
): void {
  const prepares = platform.type.statusChange === "prepare";
  const share = (): void => {
    const others = clock.idle.othersAt(clock.running, clock.nowNs);
    host.share(range.start, range.end, unaccepted);
    chargeOtherCpus(clock.ledger, platform.done, others);
  };
  if (prepares) share();
  early.convert(range, onlineCpus);
  early.charge(clock.ledger);
  if (!prepares) share();
  early.neverAccepted(unaccepted);
  host.directMapBytes = early.tables.total * PAGE_SIZE;
}

/**
 * Makes the DMA bounce buffer shared, in one go, once the page allocator runs (6.12
 * init/main.c: start_kernel -> arch_cpu_finalize_init -> mem_encrypt_init;
 * kernel/dma/swiotlb.c: swiotlb_update_mem_attributes -> set_memory_decrypted). memblock allocated
 * the buffer, so it was accepted before; the kernel even zeroed it while it was private
 * (swiotlb_init_io_tlb_pool). Only the boot CPU is online then, in releases; a kernel may also wait until CPUs
 * are up and idle, before any device is probed.
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
 * @throws GuestEnded when no page is left for a table
 */
export function memEncryptInit(
  watchers: MapWatchers,
  early: EarlyBoot,
  acceptance: AcceptMemory,
  onlineCpus: number,
): void {
  const { machine, swiotlb, earlyMap } = early;
  if (!machine.memoryEncrypted || swiotlb === undefined) return;
  const { start, end } = swiotlb;
  const unaccepted = machine.shareWithoutAccept === true ? acceptance.takeUnaccepted(start, end) : [];
  setMemoryShared(swiotlb, watchers, earlyMap, onlineCpus, unaccepted);
  watchers.clock.settle(0);
}
