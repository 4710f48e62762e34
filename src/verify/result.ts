/** What `verify` finds: how far model and kernel are the same. */

import type { Exactness } from "./follower.js";
import type { OutsideCauses, UntracedCauses } from "./outside.js";
import type { ProcComparison } from "./proc.js";
import type { GapReport } from "./snapshot-state.js";
import type { FreePages } from "./stock-zoneinfo.js";
import type { Comparison, Divergence } from "./tally.js";

/** One boot or workload. */
export interface VerifiedRun {
  /** `boot`, or the workload. */
  readonly name: string;
  /** Where its memory comes from: the firmware's map, a snapshot, the simulated boot and the runs since, a trace. */
  readonly start: "e820" | "snapshot" | "boot" | "trace";
  readonly events: number;
  /** Records of a log that can be followed, of those that it should have. */
  readonly records?: Comparison;
  /** The model could not follow the run to its end; absent when it could. */
  readonly stopped?: boolean;
  readonly allocations: Exactness;
  /** What the platform was asked to accept. */
  readonly accepts: {
    readonly recorded: number;
    readonly exactInOrder: number;
    readonly firstDivergence?: Divergence;
  };
  /** Calls of accept_memory(), whether or not they found something to accept. */
  readonly acceptRequests: Comparison;
  /** Decisions to accept, with the zone and how many pages. */
  readonly acceptDecisions: Comparison;
  readonly refills: Comparison;
  readonly drains: Comparison;
  readonly retypings: Comparison;
  /** Boosts, reserves and counts that some kernels' logs have besides. */
  readonly counters?: Comparison;
  readonly finalLists: Comparison;
  readonly proc: ProcComparison;
  /** Of a trace with gaps also what it did not see. */
  readonly outside: OutsideCauses & Partial<UntracedCauses>;
  /** Where every free page is at the end of a traced boot. */
  readonly freePages?: readonly FreePages[];
  /** What happened between the run before and this one; only where this one goes on from it. */
  readonly gap?: GapReport;
}

/** Allocations from lists that the recording determines: all, unless a trace has gaps. */
export function knownAllocations({ allocations }: VerifiedRun): Exactness {
  const { compared, pfnExact, beforeResync: unknown = { compared: 0, pfnExact: 0 } } = allocations;
  return { compared: compared - unknown.compared, pfnExact: pfnExact - unknown.pfnExact };
}

/** All that was compared in one directory. */
export interface VerifiedRecording {
  readonly name: string;
  /** Release of the kernel, as `kernelName` names it; absent where the recording does not say it. */
  readonly kernel?: string;
  /** What the EFI stub makes of the firmware's memory map: the e820 map, and where its own tables lie. */
  readonly firmware?: Comparison;
  readonly memblock?: Comparison;
  readonly handover?: Comparison;
  /** Sizes and watermarks of zones, where that is all that can be compared of a boot. */
  readonly zones?: Comparison;
  /** Files of /proc: whether each is whole, and of the same kernel as the others. */
  readonly files?: Comparison;
  readonly runs: readonly VerifiedRun[];
  /** Files with evidence that nothing is compared with; absent if there are none. */
  readonly notCompared?: readonly string[];
}

/** Share of allocations from lists it knows that must get the kernel's frames, by where a run starts. */
const EXACT_SHARE = { e820: 1, snapshot: 1, boot: 1, trace: 0.99 } as const;

/** Whether everything that must be the same is the same. */
export function recordingHolds({
  firmware,
  memblock,
  handover,
  zones,
  files,
  runs,
}: VerifiedRecording): boolean {
  return (
    (isWhole(memblock) || (memblock === undefined && isWhole(firmware))) &&
    [firmware, handover, zones, files].every(
      (comparison) => comparison === undefined || isWhole(comparison),
    ) &&
    runs.every(runHolds)
  );
}

function runHolds(run: VerifiedRun): boolean {
  const { compared, pfnExact } = knownAllocations(run);
  return (
    pfnExact >= compared * EXACT_SHARE[run.start] &&
    run.accepts.exactInOrder === run.accepts.recorded &&
    [
      run.records,
      run.acceptRequests,
      run.acceptDecisions,
      run.retypings,
      run.counters,
      run.finalLists,
      run.proc,
      run.gap?.unaccepted,
      // The model is led through what a trace with gaps does not tell.
      ...(run.start === "trace" ? [] : [run.refills, run.drains]),
    ].every(allEqual) &&
    (run.start === "trace" || (isWhole(run.finalLists) && isWhole(run.proc)))
  );
}

/** Everything equal, of more than nothing. */
function isWhole(comparison: Comparison | undefined): boolean {
  return comparison !== undefined && comparison.compared > 0 && allEqual(comparison);
}

function allEqual(comparison: Comparison | undefined): boolean {
  return comparison === undefined || comparison.equal === comparison.compared;
}
