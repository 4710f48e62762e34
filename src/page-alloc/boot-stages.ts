import type { PageAllocator } from "./page-allocator.js";
import {
  type CpuNodes,
  cpuComesOnline,
  hugePagesInUse,
  initPerZoneWmarkMin,
  noteCaches,
  raiseForHugePages,
  recalculateWithoutHugePages,
  setupPerCpuPageset,
} from "./zone-setup.js";

/**
 * The moments of boot at which the zones of an allocator are tuned, in the order of the kernel, and what
 * one leaves for the next. When each is reached is up to the caller.
 */
export class BootStages {
  readonly #allocator: PageAllocator;
  readonly #cpuNodes: CpuNodes;
  readonly #wantsHugePages: boolean;
  #online = 1;
  #minFreeKbytes = 0;
  #hugePages = false;

  /**
   * @param cpuNodes node of each CPU that comes online at boot, the one that boots first
   * @param wantsHugePages whether transparent huge pages are on, where there is enough memory for them
   */
  constructor(allocator: PageAllocator, cpuNodes: CpuNodes, wantsHugePages: boolean) {
    this.#allocator = allocator;
    this.#cpuNodes = cpuNodes;
    this.#wantsHugePages = wantsHugePages;
  }

  /** start_kernel(), with one CPU. */
  setupPerCpuPageset(): void {
    setupPerCpuPageset(this.#allocator, this.#cpuNodes.slice(0, 1));
  }

  /** smp_init() brings the next CPU up. */
  pageAllocCpuOnline(): void {
    cpuComesOnline(this.#allocator, this.#cpuNodes.slice(0, this.#online));
    this.#online++;
  }

  /** A postcore initcall. */
  initPerZoneWmarkMin(): void {
    this.#minFreeKbytes = initPerZoneWmarkMin(this.#allocator, this.#cpuNodes);
  }

  /** A subsys initcall. Whether huge pages stay on is not looked at again. */
  hugepageInit(): void {
    const staysOn = hugePagesInUse(this.#allocator);
    this.#hugePages = this.#wantsHugePages && staysOn;
    if (this.#hugePages) raiseForHugePages(this.#allocator, this.#minFreeKbytes, this.#cpuNodes);
    else if (staysOn) recalculateWithoutHugePages(this.#allocator, this.#cpuNodes);
  }

  /** A module initcall; the caches of the CPUs are known by then. */
  kswapdInit(): void {
    this.#allocator.kswapdRunning = true;
    noteCaches(this.#allocator);
  }

  /** Memory has come online (6.12 mm/memory_hotplug.c: online_pages): watermarks are computed anew from all that is managed. */
  onlinePages(): void {
    this.initPerZoneWmarkMin();
    if (this.#hugePages) raiseForHugePages(this.#allocator, this.#minFreeKbytes, this.#cpuNodes);
  }
}
