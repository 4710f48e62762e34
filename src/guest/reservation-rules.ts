import type { KernelVersion } from "../scenario/kernel-versions.js";

/** What differs between kernel versions in how the command line sets memory aside, one rule each. */
export interface ReservationRules {
  /**
   * `crashkernel=` as all architectures do it (kernel/crash_reserve.c; Baoquan He, "x86: kdump: use
   * generic interface to simplify crashkernel reservation code", 6.7). Before, a fixed address could
   * be any whole MiB, without a suffix whatever lay above 4 GiB took a low part too.
   */
  readonly genericCrashkernel: boolean;
  /** `numa_cma=` (Yajun Deng, "dma-contiguous: support numa CMA for specified node", 6.6). */
  readonly numaCma: boolean;
  /** Two threads fill the pool of 2 MiB pages (Gang Li, "hugetlb: parallelize 2M hugetlb allocation and initialization", 6.9). */
  readonly parallelHugePages: boolean;
  /** `reserve_mem=` (Steven Rostedt, "mm/memblock: Add "reserve_mem" to reserved named memory at boot up", 6.11). */
  readonly namedReservations: boolean;
}

/** The rules of a version. */
export function reservationRules(kernel: KernelVersion): ReservationRules {
  const [major = 0, minor = 0] = kernel.split(".").map(Number);
  const since = (release: number): boolean => major > 6 || (major === 6 && minor >= release);
  return {
    genericCrashkernel: since(7),
    numaCma: since(6),
    parallelHugePages: since(9),
    namedReservations: since(11),
  };
}
