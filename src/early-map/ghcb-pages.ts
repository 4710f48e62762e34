import type { GuestMemory } from "../host/guest-memory.js";
import { MEMBLOCK_ALLOC_ACCESSIBLE, type Memblock } from "../memblock/memblock.js";
import { PAGE_SIZE } from "../units.js";
import type { EarlyMap } from "./early-map.js";

/** sizeof(struct sev_es_runtime_data): GHCB page, its backup, two flags, a debug register. */
const RUNTIME_DATA_BYTES = 2 * PAGE_SIZE + 16;

/**
 * What an SNP kernel allocates for each possible CPU to talk to the hypervisor, before the page
 * allocator runs (6.12 init/main.c: start_kernel -> trap_init -> sev_es_init_vc_handling;
 * arch/x86/coco/sev/core.c: alloc_runtime_data). Below an SVSM a page for its calling area comes
 * with it. Each page is shared in the direct map as soon as it is there (init_ghcb), so the next
 * CPU's data may come to lie beside the page tables that this took.
 *
 * @param cpuNodes node of every possible CPU
 * @returns physical addresses of the GHCB pages, by CPU
 */
export function allocRuntimeData(
  memblock: Memblock,
  cpuNodes: readonly number[],
  svsm: boolean,
  early: EarlyMap,
): number[] {
  return cpuNodes.map((nid) => {
    const data = memblock.allocTryNid(RUNTIME_DATA_BYTES, PAGE_SIZE, 0, MEMBLOCK_ALLOC_ACCESSIBLE, nid);
    if (data === 0) throw new Error("early-map: the kernel panics without memory for its GHCBs");
    if (svsm) memblock.alloc(PAGE_SIZE, PAGE_SIZE);
    early.shareEarly({ start: data, end: data + PAGE_SIZE });
    return data;
  });
}

/**
 * Asks the host to make the GHCB pages shared, one after another, and zeroes them. Before the runtime
 * GHCBs exist the state change goes through the MSR protocol, which for a single page takes what
 * a request through the GHCB takes.
 */
export function shareGhcbPages(pages: readonly number[], memory: GuestMemory): void {
  for (const page of pages) {
    memory.share(page, page + PAGE_SIZE);
    memory.touch(PAGE_SIZE);
  }
}
