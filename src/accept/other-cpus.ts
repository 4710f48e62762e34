import type { AcceptDone } from "../coco/platform.js";
import { CostEvent } from "../sim/cost-events.js";
import type { CostLedger } from "../sim/cost-ledger.js";
import { idleCpuDelays, type OtherCpus } from "../sim/virtual-cpus.js";

/**
 * What a guest's other CPUs add to an accept or a conversion of one of them, by what they did meanwhile. CPUs that
 * idle with their timer tick on hold up each exit: theirs and the host's mapping get into each other's way
 * (github.com/Dstack-TEE/dstack pull request 1220, 2026-09-15). And before a page is gone the host gets every CPU
 * out of the guest, which takes longest where they spin in it or come back at each tick (the same repository,
 * 0010-x86-tdx-convert-swiotlb-to-shared-after-smp-bringup.patch, 2026-09-14).
 */
export function chargeOtherCpus(
  ledger: CostLedger,
  { exits, removals }: Readonly<AcceptDone>,
  { running, ticking, halted }: OtherCpus,
): void {
  if (ticking > 0) ledger.charge(CostEvent.idleCpuDelay, exits * idleCpuDelays(ticking));
  if (removals === 0) return;
  ledger.charge(CostEvent.runningCpuDelay, removals * running);
  ledger.charge(CostEvent.tickingCpuDelay, removals * ticking);
  ledger.charge(CostEvent.haltedCpuDelay, removals * halted);
}
