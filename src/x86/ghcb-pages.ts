import type { GuestMemory } from "../host/guest-memory.js";
import { MEMBLOCK_ALLOC_ACCESSIBLE, type Memblock, panicIfNull } from "../memblock/memblock.js";
import { asPhys, MiB, PAGE_SIZE, type PhysAddr, type PhysRange, physRange, roundUp } from "../units.js";
import type { EarlyMap } from "./early-map.js";

/** sizeof(struct sev_es_runtime_data) after the GHCB page: its backup, two flags, a debug register. */
const PRIVATE_DATA_BYTES = PAGE_SIZE + 16;
/** A section is shared by whole entries of the second level. */
const SECTION_ALIGN = 2 * MiB;

export interface RuntimeDataRules {
  /** Below an SVSM a page for its calling area comes with it. */
  readonly svsm: boolean;
  /**
   * The GHCB pages of all CPUs lie in one section that is shared as a whole, as Borislav Petkov
   * proposed in place of splits ("RFC PATCH v2 14/32", LKML, March 2017) and as .bss..decrypted does
   * for what is static; otherwise each is shared by itself.
   */
  readonly decryptedSection: boolean;
}

export interface RuntimeData {
  readonly pages: readonly number[];
  readonly shared: readonly PhysRange[];
}

/**
 * Memory of an SNP kernel for each possible CPU to talk to the hypervisor, before the page
 * allocator runs (6.12 init/main.c: start_kernel -> trap_init -> sev_es_init_vc_handling;
 * arch/x86/coco/sev/core.c: alloc_runtime_data). Each piece is shared in the direct map as soon as it
 * is there (init_ghcb), so the next CPU's data may lie next to the page tables that this took.
 *
 * @param cpuNodes node of every possible CPU
 */
export function allocRuntimeData(
  memblock: Memblock,
  cpuNodes: readonly number[],
  { svsm, decryptedSection }: RuntimeDataRules,
  early: EarlyMap,
): RuntimeData {
  const shared: PhysRange[] = [];
  const share = (start: PhysAddr, bytes: number): void => {
    const range = physRange(start, bytes);
    early.shareEarly(range);
    shared.push(range);
  };
  let section = asPhys(0);
  if (decryptedSection) {
    const bytes = roundUp(cpuNodes.length * PAGE_SIZE, SECTION_ALIGN);
    section = panicIfNull(memblock.alloc(bytes, SECTION_ALIGN), "its GHCBs");
    share(section, bytes);
  }
  const pages = cpuNodes.map((nid, cpu) => {
    const bytes = decryptedSection ? PRIVATE_DATA_BYTES : PAGE_SIZE + PRIVATE_DATA_BYTES;
    const data = panicIfNull(
      memblock.allocTryNid(bytes, PAGE_SIZE, 0, MEMBLOCK_ALLOC_ACCESSIBLE, nid),
      "its GHCBs",
    );
    if (svsm) memblock.alloc(PAGE_SIZE, PAGE_SIZE);
    if (decryptedSection) return section + cpu * PAGE_SIZE;
    share(data, PAGE_SIZE);
    return data;
  });
  return { pages, shared };
}

/**
 * Asks the host to make the GHCB pages shared, one piece after another, and zeroes them. Before the
 * runtime GHCBs exist the state change goes through the MSR protocol, which for a single page takes
 * what a request through the GHCB takes; a section is one request through the boot GHCB.
 */
export function shareGhcbPages({ pages, shared }: RuntimeData, memory: GuestMemory): void {
  for (const { start, end } of shared) memory.share(start, end);
  memory.touch(pages.length * PAGE_SIZE);
}
