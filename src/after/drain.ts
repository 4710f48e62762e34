import type { AllocationWaits } from "../accept/waits.js";
import type { SettledOf } from "../fields/field.js";
import { failureReport, GfpMask, NO_PAGE, type PageAllocator } from "../page-alloc/index.js";
import { CostEvent } from "../sim/cost-events.js";
import type { GuestClock } from "../sim/guest-clock.js";
import { GuestEnded } from "../sim/guest-ended.js";
import { PAGE_SIZE } from "../units.js";
import type { Feature } from "./feature.js";

/** A drain in a scenario; workers take CPUs in turn. */
export const DRAIN = {
  workers: { is: "count", min: 1, max: 4096, default: 1, what: "processes that touch memory, 1 to 4096" },
} as const;
export type DrainPlan = SettledOf<typeof DRAIN>;

/** Processes that use up unaccepted memory, after the workload. */
export const drain: Feature<"drain", DrainPlan, DrainResult> = {
  name: "drain",
  begin({ guest, kernel, waits }, plan) {
    if (plan === undefined) return undefined;
    const { allocator, cpuNodes } = kernel;
    let drained: DrainResult | undefined;
    return {
      run() {
        drained = drainMemory(plan.workers, { allocator, cpuNodes, clock: guest.clock, waits });
      },
      get result() {
        return drained === undefined ? undefined : { ...drained, timeNs: Math.round(drained.timeNs) };
      },
    };
  },
};

export interface DrainOptions {
  readonly allocator: PageAllocator;
  readonly clock: GuestClock;
  readonly waits: AllocationWaits;
  readonly cpuNodes: readonly number[];
}

export interface DrainResult {
  readonly workers: number;
  /** Left to accept when the workers started. */
  readonly unacceptedBytes: number;
  /** From the start of the workers until the last block was accepted. */
  readonly timeNs: number;
}

/**
 * Uses up unaccepted memory as Intel's LKVS measures it (github.com/intel/lkvs
 * BM/tdx-guest/tdx_mem_test.sh: mem_accepted_time): workers read /dev/zero into anonymous memory
 * until nr_unaccepted of /proc/vmstat is 0. Every new page is a page fault
 * (mm/memory.c: alloc_anon_folio, with order 0); none is freed before the end.
 *
 * A worker stays on CPU number `worker % CPUs`; those that share one add nothing, as they want the
 * same pages in the same order. The script's own polling is not simulated.
 *
 * @param workers 1 or more
 * @throws GuestEnded when memory ends first
 */
export function drainMemory(workers: number, options: DrainOptions): DrainResult {
  const { allocator, clock, waits, cpuNodes } = options;
  const { scheduler } = clock;
  const unacceptedBytes = unacceptedPages(allocator) * PAGE_SIZE;
  clock.joinAll();
  const startNs = clock.bootCpuNs;
  const cpus = Math.min(workers, cpuNodes.length);
  for (let cpu = 0; cpu < cpus; cpu++) {
    clock.wake(cpu);
    scheduler.add(cpu);
  }

  for (let cpu = scheduler.next(); unacceptedPages(allocator) > 0; cpu = scheduler.next()) {
    clock.begin(cpu);
    const page = allocator.allocPages(GfpMask.HIGHUSER_MOVABLE, 0, cpuNodes[cpu]!, cpu);
    waits.record(clock.settle(cpu));
    if (page === NO_PAGE) {
      const asked = failureReport(allocator, GfpMask.HIGHUSER_MOVABLE, 0, cpuNodes[cpu]!);
      throw new GuestEnded("oom", `the drain's request of ${asked}`);
    }
    clock.ledger.charge(CostEvent.userTouch4k, 1);
    clock.settle(cpu);
    scheduler.add(cpu);
  }
  scheduler.clear();
  const endNs = Math.max(...clock.cpus.timeNs.subarray(0, cpus));
  return { workers, unacceptedBytes, timeNs: endNs - startNs };
}

function unacceptedPages(allocator: PageAllocator): number {
  let pages = 0;
  for (let at = 0; at < allocator.zones.length; at++) pages += allocator.zones[at]!.unacceptedPages;
  return pages;
}
