/** Changes a policy makes to a guest's kernel, besides the rules of its version. */

import { BackgroundAcceptor, type CpuWork } from "../accept/background-acceptor.js";
import { FaultAcceptance, TOUCH_PLACES } from "../accept/fault-acceptance.js";
import { chargeOtherCpus } from "../accept/other-cpus.js";
import type { UnacceptedTable } from "../efistub/unaccepted-table.js";
import { ACCEPTING_THREADS } from "../policy/accepting-threads.js";
import type { Behaviour } from "../policy/behaviour.js";
import { CostEvent } from "../sim/cost-events.js";
import { GuestEnded } from "../sim/guest-ended.js";
import { PAGE_SIZE } from "../units.js";
import type { Guest } from "./guest.js";
import type { Kernel, KernelStart } from "./kernel.js";

export function kernelOptions(
  { acceptingCpus, acceptAtOnceBytes }: Behaviour,
  faults: FaultAcceptance | undefined,
): Partial<KernelStart> {
  return {
    ...(acceptingCpus === undefined ? {} : { acceptingCpus }),
    ...(acceptAtOnceBytes === undefined ? {} : { acceptAtOncePages: acceptAtOnceBytes / PAGE_SIZE }),
    ...(faults === undefined ? {} : { faults }),
  };
}

/** The table by the units that the kernel accepts: a fault that accepts less than a unit needs smaller ones. */
export function kernelTable(
  { touch }: Behaviour,
  table: UnacceptedTable | undefined,
): UnacceptedTable | undefined {
  if (table === undefined || touch === undefined) return table;
  return touch.batchBytes < table.unitSizeBytes ? table.splitInto(touch.batchBytes) : table;
}

export function faultAcceptance(
  { behaviour, options, platform, kernelAccept, clock }: Guest,
  table: UnacceptedTable | undefined,
): FaultAcceptance | undefined {
  const { touch } = behaviour;
  if (touch === undefined) return undefined;
  const { firstTouch } = options.guest;
  return new FaultAcceptance(
    table,
    {
      acceptMemory: (start, end) => kernelAccept.acceptMemory(start, end),
      exception(start) {
        const others = clock.idle.othersAt(clock.running, clock.nowNs);
        const outcome = platform.access(start, start + PAGE_SIZE);
        chargeOtherCpus(clock.ledger, platform.done, others);
        if (outcome === "td-exit") {
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
    touch,
    kernelAccept,
  );
}

export function backgroundAcceptor(
  { behaviour, clock }: Guest,
  { allocator, cpuNodes }: Kernel,
  work: CpuWork,
): BackgroundAcceptor | undefined {
  const { threads } = behaviour;
  if (threads === undefined) return undefined;
  const plan = {
    nice: ACCEPTING_THREADS.nice.default,
    bound: ACCEPTING_THREADS.bound.default,
    ...threads,
    cpus: cpuNodes.length,
    wantedPages: threads.wantedPages(allocator),
  };
  return new BackgroundAcceptor(plan, allocator, clock, work);
}
