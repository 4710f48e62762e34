import { parseReleaseName } from "./release-name.js";

/**
 * Differences between kernel versions in how the command line sets memory aside, one rule each. Those of
 * 6.12 were read there; the releases at which they changed are an assumption, from the history of the subjects.
 */
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
  /**
   * CMA areas at a fixed address are accepted as they are reserved (Mike Rapoport, f8f9cbc34a30 of the series cma-multi-v1,
   * a fix for the commit of 2023, during the candidates of 7.4). Stable series that took it over are not known.
   */
  readonly acceptsFixedCma: boolean;
  /** `reserve_mem=` (Steven Rostedt, "mm/memblock: Add "reserve_mem" to reserved named memory at boot up", 6.11). */
  readonly namedReservations: boolean;
}

/**
 * The rules of a release; each came with the merge window, so candidates have it too.
 *
 * @param kernel a name that `parseReleaseName` reads
 */
export function reservationRules(kernel: string): ReservationRules {
  const { major, minor } = parseReleaseName(kernel)!;
  const since = (release: number, of = 6): boolean => major > of || (major === of && minor >= release);
  return {
    genericCrashkernel: since(7),
    numaCma: since(6),
    parallelHugePages: since(9),
    acceptsFixedCma: since(4, 7),
    namedReservations: since(11),
  };
}
