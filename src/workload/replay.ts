import type { AllocationWaits } from "../accept/waits.js";
import type { VmallocRules } from "../linux/rules.js";
import {
  failureReport,
  formatGfp,
  Gfp,
  gfpMigrateType,
  MigrateType,
  NO_PAGE,
  type PageAllocator,
} from "../page-alloc/index.js";
import { CostEvent } from "../sim/cost-events.js";
import type { GuestClock } from "../sim/guest-clock.js";
import { GuestEnded } from "../sim/guest-ended.js";
import { asPage, PAGE_SHIFT, PAGE_SIZE, type Page, type PageArray, pageArray, pfnDown } from "../units.js";
import { rangeOrders } from "./freed-ranges.js";
import { RequestKind, type Requests } from "./requests.js";
import { allocLargestFirst, isAreaRequest, VmallocAreas } from "./vmalloc.js";

/** Where a reserved range of the recorded machine lies on the simulated one, in bytes. */
export interface ReservedRange {
  readonly start: number;
  readonly end: number;
}

export interface ReplayOptions {
  readonly requests: Requests;
  readonly allocator: PageAllocator;
  readonly clock: GuestClock;
  readonly waits: AllocationWaits;
  /** How the simulated kernel's vmalloc asks for pages, and gives them back. */
  readonly vmalloc: VmallocRules;
  /** Guest work here for each nanosecond recorded; the ledger's price of guest work. */
  readonly timeScale: number;
  /** Node of each CPU of the simulated machine that is online. */
  readonly cpuNodes: readonly number[];
  /** By index in the recording's reserved ranges; undefined where this machine has no such range. */
  readonly reserved: readonly (ReservedRange | undefined)[];
}

/**
 * Replays recorded requests on a simulated machine. Each runs on its CPU, after the guest's own
 * work that the recording has in front of it, in the order of the scheduler. A page is freed only
 * after it was allocated, however the CPUs drift apart.
 */
export class Replay {
  readonly counts: { allocations: number; frees: number; failed: number; reservedFrees: number } = {
    allocations: 0,
    frees: 0,
    failed: 0,
    reservedFrees: 0,
  };
  readonly #options: ReplayOptions;
  /**
   * Page of each handle: NO_PAGE when the allocation failed; before it NOT_YET, or the last CPU that
   * has come to wait for it.
   */
  readonly #pages: Int32Array;
  /** For each request the next one on the same CPU, or the number of requests. */
  readonly #nextOnCpu: Int32Array;
  /** The request up to which the replay goes now. */
  #end = 0;
  /** Next request of each CPU. */
  readonly #heads: Int32Array;
  /** By CPU: what it has done already of the work in front of its next request, in recorded nanoseconds. */
  readonly #doneNs: Float64Array;
  /** For a CPU that waits for a page: the CPU that began to wait for it before, or NOT_YET. */
  readonly #waitsAfter: Int32Array;
  /** Where the kernel frees what lies one after the other at once. */
  readonly #areas: VmallocAreas | undefined;
  /** CPUs whose next request waits for an allocation of another one. */
  #waiting = 0;

  constructor(options: ReplayOptions) {
    this.#options = options;
    const { requests, cpuNodes, vmalloc } = options;
    this.#pages = new Int32Array(requests.handleCount).fill(NOT_YET);
    this.#nextOnCpu = new Int32Array(requests.count);
    this.#heads = new Int32Array(cpuNodes.length).fill(requests.count);
    for (let at = requests.count - 1; at >= 0; at--) {
      const cpu = this.#cpuOf(at);
      this.#nextOnCpu[at] = this.#heads[cpu]!;
      this.#heads[cpu] = at;
    }
    this.#areas = vmalloc.freesRanges ? new VmallocAreas(requests.handleCount, cpuNodes.length) : undefined;
    this.#doneNs = new Float64Array(cpuNodes.length);
    this.#waitsAfter = new Int32Array(cpuNodes.length);
  }

  /** Replays the requests before `end`, on all CPUs. @throws GuestEnded when the guest cannot go on */
  runUntil(end: number): void {
    const { scheduler } = this.#options.clock;
    const begin = this.#end;
    this.#end = end;
    if (end - begin < this.#heads.length) {
      for (let at = begin; at < end; at++) {
        const cpu = this.#cpuOf(at);
        if (this.#heads[cpu] === at) this.#goOn(cpu);
      }
    } else for (let cpu = 0; cpu < this.#heads.length; cpu++) this.#goOn(cpu);
    for (let cpu = scheduler.next(); cpu >= 0; cpu = scheduler.next()) {
      const at = this.#heads[cpu]!;
      this.#heads[cpu] = this.#nextOnCpu[at]!;
      this.#perform(at, cpu);
      this.#goOn(cpu);
    }
    if (this.#waiting > 0) throw new Error("workload: every CPU waits for an allocation of another one");
  }

  /** A machine with fewer CPUs than the recorded one runs the work of several on each. */
  #cpuOf(at: number): number {
    return this.#options.requests.cpu[at]! % this.#heads.length;
  }

  /** Work that a CPU still has in front of its next request, in recorded nanoseconds. */
  #leftNs(at: number, cpu: number): number {
    return this.#options.requests.thinkNs[at]! - this.#doneNs[cpu]!;
  }

  isBusy(cpu: number): boolean {
    return this.#heads[cpu]! < this.#options.requests.count;
  }

  /** A CPU does of the work in front of its next request what lies before a time; one that sleeps has none. */
  workUntil(cpu: number, timeNs: number): void {
    const { clock, requests, timeScale } = this.#options;
    const at = this.#heads[cpu]!;
    const untilNs = timeNs - clock.cpus.timeNs[cpu]!;
    if (at >= requests.count || untilNs <= 0 || requests.kind[at] === RequestKind.sleep) return;
    const ns = Math.min(this.#leftNs(at, cpu), untilNs / timeScale);
    clock.ledger.charge(CostEvent.guestWork, ns);
    clock.settle(cpu);
    this.#done(at, cpu, ns);
  }

  /** Something else has had a CPU since a time; one that sleeps has gone on with that. */
  sleptSince(cpu: number, timeNs: number): void {
    const { clock, requests, timeScale } = this.#options;
    const at = this.#heads[cpu]!;
    if (at >= this.#end || requests.kind[at] !== RequestKind.sleep) return;
    this.#done(at, cpu, (clock.cpus.timeNs[cpu]! - timeNs) / timeScale);
  }

  #done(at: number, cpu: number, ns: number): void {
    const { clock, requests, timeScale } = this.#options;
    this.#doneNs[cpu] = Math.min(this.#doneNs[cpu]! + ns, requests.thinkNs[at]!);
    clock.scheduler.setAhead(cpu, this.#leftNs(at, cpu) * timeScale);
  }

  /** The next request of a CPU is to run, unless it has to wait for another one. */
  #goOn(cpu: number): void {
    const { clock, requests, timeScale } = this.#options;
    const at = this.#heads[cpu]!;
    if (at >= this.#end) return;
    const handle = requests.handle[at]!;
    const leftNs = this.#leftNs(at, cpu) * timeScale;
    if (requests.kind[at] === RequestKind.free && this.#pages[handle]! <= NOT_YET) {
      this.#waitsAfter[cpu] = this.#pages[handle]!;
      this.#pages[handle] = waiter(cpu);
      this.#waiting++;
      clock.scheduler.setAhead(cpu, leftNs);
    } else if (requests.kind[at] === RequestKind.sleep) clock.scheduler.addSleeping(cpu, leftNs);
    else clock.scheduler.add(cpu, leftNs);
  }

  /** An allocation has ended. Those that waited for it could not begin before now. */
  #allocated(handle: number, page: number): void {
    const { clock, timeScale } = this.#options;
    let waiting = this.#pages[handle]!;
    this.#pages[handle] = page;
    while (waiting < NOT_YET) {
      const cpu = waiter(waiting);
      const leftNs = this.#leftNs(this.#heads[cpu]!, cpu) * timeScale;
      clock.cpus.waitUntil(cpu, clock.nowNs - leftNs);
      clock.scheduler.add(cpu, leftNs);
      this.#waiting--;
      waiting = this.#waitsAfter[cpu]!;
    }
  }

  #perform(at: number, cpu: number): void {
    const { requests, clock, timeScale } = this.#options;
    const leftNs = this.#leftNs(at, cpu);
    if (requests.kind[at] === RequestKind.sleep) {
      clock.cpus.waitUntil(cpu, clock.cpus.timeNs[cpu]! + leftNs * timeScale);
    } else {
      clock.ledger.charge(CostEvent.guestWork, leftNs);
      clock.settle(cpu);
    }
    clock.begin(cpu);
    this.#doneNs[cpu] = 0;
    switch (requests.kind[at]) {
      case RequestKind.alloc:
        this.#allocate(at, cpu);
        break;
      case RequestKind.allocBulk:
        this.#allocateBulk(at, cpu);
        break;
      case RequestKind.free:
        this.#free(at, cpu);
        break;
      case RequestKind.freeReserved:
        this.#freeReserved(at, cpu);
        break;
      default:
      // Work or sleep alone; and what failed on the recorded machine left nothing to free.
    }
  }

  #allocate(at: number, cpu: number): void {
    const { requests, allocator, clock, waits, cpuNodes } = this.#options;
    const gfp = requests.gfp[at]!;
    const order = requests.order[at]!;
    const page = allocator.allocPages(gfp, order, cpuNodes[cpu]!, cpu);
    waits.record(clock.settle(cpu));
    this.counts.allocations++;
    if (page === NO_PAGE) {
      this.counts.failed++;
      if (!canDoWithout(gfp)) throw new GuestEnded("oom", this.#failure(at, gfp, order, cpu));
      clock.observer?.moment("no page found, its caller goes on", cpu, clock.nowNs, {
        order,
        gfp: formatGfp(gfp),
      });
    }
    if (isAreaRequest(gfp)) this.#markArea(at, 1, cpu, order);
    this.#allocated(requests.handle[at]!, page);
  }

  /**
   * A run of pages that one caller took in bulk. Its requests lie one after another on the CPU;
   * what one call left over is asked for page by page.
   */
  #allocateBulk(first: number, cpu: number): void {
    const { requests, allocator, clock, waits, cpuNodes, vmalloc } = this.#options;
    const gfp = requests.gfp[first]!;
    const isArea = vmalloc.largestFirst && gfpMigrateType(gfp) === MigrateType.UNMOVABLE;
    const areaPages = requests.offsetBytes[first]! / PAGE_SIZE;
    const lengthMax = !isArea ? BULK_PAGES_MAX : areaPages > 0 ? areaPages : requests.count;
    let length = 1;
    let next = this.#nextOnCpu[first]!;
    while (length < lengthMax && next < this.#end && requests.kind[next] === RequestKind.allocBulk) {
      next = this.#nextOnCpu[next]!;
      length++;
    }
    const pages = pageArray(length);
    let filled = isArea ? allocLargestFirst(allocator, gfp, pages, cpuNodes[cpu]!, cpu) : 0;
    while (filled < length) {
      const rest = pages.subarray(filled, filled + BULK_PAGES_MAX) as PageArray;
      const got = allocator.allocPagesBulk(gfp, rest, cpuNodes[cpu]!, cpu);
      filled += got;
      if (got < rest.length) break;
    }
    for (; filled < length; filled++) {
      const page = allocator.allocPages(gfp, 0, cpuNodes[cpu]!, cpu);
      if (page === NO_PAGE) {
        this.counts.failed++;
        throw new GuestEnded("oom", this.#failure(first, gfp, 0, cpu));
      }
      pages[filled] = page;
    }
    waits.record(clock.settle(cpu));
    this.counts.allocations += length;
    this.#workBetween(first, length, cpu);
    this.#heads[cpu] = next;
    if (gfpMigrateType(gfp) === MigrateType.UNMOVABLE) this.#markArea(first, length, cpu, 0);
    for (let at = first, i = 0; i < length; i++, at = this.#nextOnCpu[at]!) {
      this.#allocated(requests.handle[at]!, pages[i]!);
    }
  }

  #markArea(first: number, length: number, cpu: number, order: number): void {
    if (this.#areas === undefined) return;
    const { handle } = this.#options.requests;
    let next = first;
    for (let left = length; left > 0; left--) next = this.#nextOnCpu[next]!;
    const area = this.#areas.areaFor(first, next, cpu, order);
    for (let at = first; at !== next; at = this.#nextOnCpu[at]!) this.#areas.add(handle[at]!, area);
  }

  /** What the guest did of its own between requests that one call serves. */
  #workBetween(first: number, length: number, cpu: number): void {
    const { requests, clock } = this.#options;
    for (let at = this.#nextOnCpu[first]!, i = 1; i < length; i++, at = this.#nextOnCpu[at]!) {
      clock.ledger.charge(CostEvent.guestWork, requests.thinkNs[at]!);
    }
    clock.settle(cpu);
  }

  #free(at: number, cpu: number): void {
    const { requests, allocator, clock } = this.#options;
    if (this.#pages[requests.handle[at]!] === NO_PAGE) return;
    const length = this.#rangeFrom(at);
    const page = this.#pageOf(at);
    if (length === 1) allocator.freePages(page, requests.order[at]!, cpu);
    else this.#freeRange(at, length, cpu);
    clock.settle(cpu);
    this.counts.frees += length;
  }

  #pageOf(at: number): Page {
    const { requests } = this.#options;
    return asPage(this.#pages[requests.handle[at]!]! + (requests.offsetBytes[at]! >> PAGE_SHIFT));
  }

  /** How many frees from one on give back pages of one area of vmalloc() that lie one after the other. */
  #rangeFrom(first: number): number {
    const { requests, allocator } = this.#options;
    const area = this.#areas?.of(requests.handle[first]!) ?? 0;
    if (area === 0 || requests.order[first]! > 0) return 1;
    const firstPfn = allocator.frames.pfnOf(this.#pageOf(first));
    let length = 1;
    for (let at = this.#nextOnCpu[first]!; at < this.#end; at = this.#nextOnCpu[at]!, length++) {
      if (requests.kind[at] !== RequestKind.free || requests.order[at]! > 0) break;
      if (this.#areas!.of(requests.handle[at]!) !== area) break;
      if (allocator.frames.pfnOf(this.#pageOf(at)) !== firstPfn + length) break;
    }
    return length;
  }

  #freeRange(first: number, length: number, cpu: number): void {
    const { allocator } = this.#options;
    let at = first;
    for (const order of rangeOrders(allocator.frames.pfnOf(this.#pageOf(first)), length)) {
      allocator.freePages(this.#pageOf(at), order, cpu);
      for (let left = 2 ** order; left > 0; left--) at = this.#nextOnCpu[at]!;
    }
    this.#workBetween(first, length, cpu);
    this.#heads[cpu] = at;
  }

  /** Init sections and initrd: pages of this machine's own, at the same place in them. */
  #freeReserved(at: number, cpu: number): void {
    const { requests, allocator, reserved } = this.#options;
    const range = reserved[requests.handle[at]!];
    if (range === undefined) return;
    const start = Math.floor(range.start / PAGE_SIZE) * PAGE_SIZE + requests.offsetBytes[at]!;
    if (start + PAGE_SIZE > range.end) return;
    allocator.freeReservedPage(pfnDown(start), cpu);
    this.counts.reservedFrees++;
  }

  #failure(at: number, gfp: number, order: number, cpu: number): string {
    const { allocator, cpuNodes } = this.#options;
    return `request ${at} of ${failureReport(allocator, gfp, order, cpuNodes[cpu]!)}`;
  }
}

/** Pages that vmalloc asks for in one call (mm/vmalloc.c:vm_area_alloc_pages, 6.12). */
const BULK_PAGES_MAX = 100;

/** An allocation that has not happened yet; no page is as low as this. */
const NOT_YET = -2;

/** A CPU that waits, as a number below NOT_YET; or which CPU such a number is. */
function waiter(cpu: number): number {
  return NOT_YET - 1 - cpu;
}

/** Whether callers with such flags have a fallback: they asked not to try hard, or must not wait. */
function canDoWithout(gfp: number): boolean {
  const atomic = (gfp & Gfp.KSWAPD_RECLAIM) !== 0 && (gfp & Gfp.DIRECT_RECLAIM) === 0;
  return atomic || (gfp & Gfp.NORETRY) !== 0;
}
