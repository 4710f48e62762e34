import { EfiMemoryType } from "../firmware/efi-memory-map.js";
import {
  LINUX_6_5,
  LINUX_6_11,
  LINUX_6_12,
  LINUX_6_12_0,
  type PageAllocRules,
} from "../page-alloc/kernel-rules.js";
import type { KernelVersion } from "../scenario/kernel-versions.js";

/** What a kernel version means for the guest, by room. */
export interface KernelRules {
  readonly pageAlloc: PageAllocRules;
  /**
   * Memory the stub takes for the table of unaccepted memory (drivers/firmware/efi/libstub/
   * unaccepted_memory.c: allocate_unaccepted_bitmap). Loader data becomes RAM, and the kernel only
   * reserves the table in it; ACPI reclaim does not, and the kernel makes the table's pages known
   * as memory too (commits e7761d827e99 and 8dbe33956d96, in 6.6-rc2 and 6.6-rc3).
   */
  readonly tableMemory: typeof EfiMemoryType.LOADER_DATA | typeof EfiMemoryType.ACPI_RECLAIM;
}

const { ACPI_RECLAIM, LOADER_DATA } = EfiMemoryType;

/**
 * The rules of every version a scenario can name. 6.15 differs from 6.12 stable in nothing that
 * is modelled: its allocations that must not take a lock (ALLOC_TRYLOCK) and kexec are left out.
 */
export const KERNEL_RULES: Readonly<Record<KernelVersion, KernelRules>> = {
  "6.5": { pageAlloc: LINUX_6_5, tableMemory: LOADER_DATA },
  "6.6": { pageAlloc: LINUX_6_5, tableMemory: ACPI_RECLAIM },
  "6.11": { pageAlloc: LINUX_6_11, tableMemory: ACPI_RECLAIM },
  "6.12.0": { pageAlloc: LINUX_6_12_0, tableMemory: ACPI_RECLAIM },
  "6.12": { pageAlloc: LINUX_6_12, tableMemory: ACPI_RECLAIM },
  "6.15": { pageAlloc: LINUX_6_12, tableMemory: ACPI_RECLAIM },
};
