import type { PlatformKind } from "../coco/platform.js";
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
  /**
   * Whether the last page of a table can be left unreserved (drivers/firmware/efi/efi.c:
   * reserve_unaccepted; commit 8dbe33956d96, 6.6-rc3, to commit 0862438c9048, 7.0 and 6.12 stable).
   */
  readonly tableReservedShort: boolean;
  /** Whether the stub leaves the unpacking to the decompressor (before commit a1b87d54f4e4, 6.6). */
  readonly unpacksAfterExit: boolean;
  readonly acceptMemory: AcceptRules;
  readonly kexec: KexecRules;
}

/** What a kernel does for the next one. */
export interface KexecRules {
  /** Whether kexec looks for a place in the highest range of RAM first (6.8). */
  readonly highestFirst: boolean;
  /** Whether kexec accepts where the next kernel goes (commit caeb8ba598f0 in linux-next, 6.15). */
  readonly acceptsSegments: boolean;
  /**
   * Platforms on which shared memory becomes private again (commits 859e63b789d6, 6.11, and
   * 3074152e56c9, 6.13).
   */
  readonly unshares: readonly PlatformKind[];
  /** Whether /proc/vmcore leaves unaccepted memory out (6.7). */
  readonly vmcoreAsks: boolean;
}

/** How CPUs that accept at the same time get along (drivers/firmware/efi/unaccepted_memory.c). */
export interface AcceptRules {
  /**
   * `single`: one spinlock, held with interrupts off for the whole request. `list`: a list of
   * ranges in flight; only overlapping ones wait (commit 50e782a86c98, 6.6). `list-touching`: the
   * same, but a range also waits for one that ends where it begins (corrected in 6.7: Michael Roth,
   * "efi/unaccepted: Fix off-by-one when checking for overlapping ranges", 2023-11-03).
   */
  readonly lock: "single" | "list" | "list-touching";
  /** Whether a request excuses its CPU from the soft lockup detector (commit 1c5a1627f481, 6.9). */
  readonly touchesWatchdog: boolean;
}

const { ACPI_RECLAIM, LOADER_DATA } = EfiMemoryType;

const ACCEPT_6_5: AcceptRules = { lock: "single", touchesWatchdog: false };
const ACCEPT_6_6: AcceptRules = { lock: "list-touching", touchesWatchdog: false };
const ACCEPT_6_9: AcceptRules = { lock: "list", touchesWatchdog: true };

const KEXEC_6_5: KexecRules = {
  highestFirst: false,
  acceptsSegments: false,
  unshares: [],
  vmcoreAsks: false,
};
const KEXEC_6_11: KexecRules = {
  highestFirst: true,
  acceptsSegments: false,
  unshares: ["tdx"],
  vmcoreAsks: true,
};
const KEXEC_6_15: KexecRules = { ...KEXEC_6_11, acceptsSegments: true, unshares: ["tdx", "snp"] };

/**
 * The rules of every version a scenario can name. 6.15 differs from 6.12 stable in kexec and in
 * the table's reservation; its allocations that must not take a lock (ALLOC_TRYLOCK) are left out.
 */
export const KERNEL_RULES: Readonly<Record<KernelVersion, KernelRules>> = {
  "6.5": {
    pageAlloc: LINUX_6_5,
    tableMemory: LOADER_DATA,
    tableReservedShort: false,
    unpacksAfterExit: true,
    acceptMemory: ACCEPT_6_5,
    kexec: KEXEC_6_5,
  },
  "6.6": {
    pageAlloc: LINUX_6_5,
    tableMemory: ACPI_RECLAIM,
    tableReservedShort: true,
    unpacksAfterExit: false,
    acceptMemory: ACCEPT_6_6,
    kexec: KEXEC_6_5,
  },
  "6.11": {
    pageAlloc: LINUX_6_11,
    tableMemory: ACPI_RECLAIM,
    tableReservedShort: true,
    unpacksAfterExit: false,
    acceptMemory: ACCEPT_6_9,
    kexec: KEXEC_6_11,
  },
  "6.12.0": {
    pageAlloc: LINUX_6_12_0,
    tableMemory: ACPI_RECLAIM,
    tableReservedShort: true,
    unpacksAfterExit: false,
    acceptMemory: ACCEPT_6_9,
    kexec: KEXEC_6_11,
  },
  "6.12": {
    pageAlloc: LINUX_6_12,
    tableMemory: ACPI_RECLAIM,
    tableReservedShort: false,
    unpacksAfterExit: false,
    acceptMemory: ACCEPT_6_9,
    kexec: KEXEC_6_11,
  },
  "6.15": {
    pageAlloc: LINUX_6_12,
    tableMemory: ACPI_RECLAIM,
    tableReservedShort: true,
    unpacksAfterExit: false,
    acceptMemory: ACCEPT_6_9,
    kexec: KEXEC_6_15,
  },
};
