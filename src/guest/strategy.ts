/** What a policy adds to a guest's kernel beside the rules of its version. */

import {
  aheadOfWatermark,
  BackgroundAcceptor,
  type BackgroundPlan,
  type CpuWork,
  upToTarget,
} from "../accept/background-acceptor.js";
import { FaultAcceptance, TOUCH_PLACES } from "../accept/fault-acceptance.js";
import type { UnacceptedTable } from "../efistub/unaccepted-table.js";
import type { PageAllocator } from "../page-alloc/index.js";
import type { Strategy } from "../policy/parameters.js";
import { CostEvent } from "../sim/cost-events.js";
import { GuestEnded } from "../sim/guest-ended.js";
import { PAGE_SIZE } from "../units.js";
import type { Guest } from "./guest.js";
import type { Kernel, KernelStart } from "./kernel.js";

/** How the kernel differs from one that only has its version's rules. */
export function kernelOptions(
  { policy, options }: Guest,
  faults: FaultAcceptance | undefined,
): Partial<KernelStart> {
  const { acceptingCpus, batchBytes } = options.strategy;
  return {
    ...(acceptingCpus === undefined ? {} : { acceptingCpus }),
    ...(policy.kernel === "allocation" && batchBytes !== undefined
      ? { acceptAtOncePages: batchBytes / PAGE_SIZE }
      : {}),
    ...(faults === undefined ? {} : { faults }),
  };
}

/** The table by the units that the kernel accepts: a fault that accepts less than a unit needs smaller ones. */
export function kernelTable(
  { policy, options }: Guest,
  table: UnacceptedTable | undefined,
): UnacceptedTable | undefined {
  const { batchBytes } = options.strategy;
  if (table === undefined || policy.kernel !== "fault" || batchBytes === undefined) return table;
  return batchBytes < table.unitSizeBytes ? table.splitInto(batchBytes) : table;
}

/** How first touches accept, for a policy that leaves it to them. */
export function faultAcceptance(
  { policy, options, platform, kernelAccept, clock }: Guest,
  table: UnacceptedTable | undefined,
): FaultAcceptance | undefined {
  if (policy.kernel !== "fault") return undefined;
  const { firstTouch } = options.guest;
  const { batchBytes = PAGE_SIZE, batchMaxBytes = batchBytes, adaptive = false } = options.strategy;
  return new FaultAcceptance(
    table,
    {
      acceptMemory: (start, end) => kernelAccept.acceptMemory(start, end),
      exception(start) {
        if (platform.access(start, start + PAGE_SIZE) === "td-exit") {
          throw new GuestEnded(
            "terminated",
            `page 0x${start.toString(16)} was touched before it was accepted, and the TD has asked for no ` +
              "exception (guest.septVeDisable); the host cannot mend that",
          );
        }
        clock.ledger.charge(CostEvent.exception, 1);
        if (firstTouch !== undefined) {
          throw new GuestEnded(
            "terminated",
            `page 0x${start.toString(16)} was touched before it was accepted, ${TOUCH_PLACES[firstTouch]}; the ` +
              "exception finds no handler that can run",
          );
        }
      },
    },
    { batchBytes, batchMaxBytes: adaptive ? Math.max(batchMaxBytes, batchBytes) : batchBytes },
    kernelAccept,
  );
}

/** The threads of a policy that has some, from now on. */
export function backgroundAcceptor(
  { policy, options, clock }: Guest,
  { allocator, cpuNodes }: Kernel,
  work: CpuWork,
): BackgroundAcceptor | undefined {
  const plan = backgroundPlan(policy.threads, options.strategy, allocator, cpuNodes.length);
  return plan === undefined ? undefined : new BackgroundAcceptor(plan, allocator, clock, work);
}

function backgroundPlan(
  threads: "rate" | "watermark" | undefined,
  strategy: Strategy,
  allocator: PageAllocator,
  cpus: number,
): BackgroundPlan | undefined {
  if (threads === undefined) return undefined;
  const { idleOnly = false, rateBytes = Number.POSITIVE_INFINITY } = strategy;
  const { targetBytes = Number.POSITIVE_INFINITY, aheadBytes = 0 } = strategy;
  return {
    threads: strategy.threads ?? 1,
    cpus,
    bytesPerSecond: rateBytes,
    idleOnly,
    wantedPages:
      threads === "rate" ? upToTarget(allocator, targetBytes) : aheadOfWatermark(allocator, aheadBytes),
  };
}
