import type { VerifiedRecording, VerifiedRun } from "../verify/result.js";
import type { Divergence } from "../verify/tally.js";

/** Where model and kernel first differ in each respect, a line each. */
export function divergenceLines(recording: VerifiedRecording): string[] {
  const line = (where: string, what: string, divergence: Divergence | undefined): string[] => {
    if (divergence === undefined) return [];
    const { event, expected, found, context } = divergence;
    return [
      `${recording.name} ${where}: ${what} first differ at event ${event}: expected ${expected}, found ${found} (${context})`,
    ];
  };
  return [
    ...line("boot", "memblock", recording.memblock?.firstDivergence),
    ...line("boot", "blocks handed over", recording.handover?.firstDivergence),
    ...line("boot", "sizes of zones", recording.zones?.firstDivergence),
    ...line("files", "contents", recording.files?.firstDivergence),
    ...recording.runs.flatMap((run) => runDivergences(run, line)),
  ];
}

type DivergenceLine = (where: string, what: string, divergence: Divergence | undefined) => string[];

function runDivergences(run: VerifiedRun, line: DivergenceLine): string[] {
  const where = run.start === "boot" ? `${run.name}, carried on` : run.name;
  return [
    ...line(where, "records", run.records?.firstDivergence),
    ...line(where, "allocations", run.allocations.firstDivergence),
    ...line(where, "accepted ranges", run.accepts.firstDivergence),
    ...line(where, "accept requests", run.acceptRequests.firstDivergence),
    ...line(where, "accept decisions", run.acceptDecisions.firstDivergence),
    ...line(where, "refills", run.refills.firstDivergence),
    ...line(where, "drains", run.drains.firstDivergence),
    ...line(where, "types of pageblocks", run.retypings.firstDivergence),
    ...line(where, "unaccepted blocks carried over", run.gap?.unaccepted.firstDivergence),
    ...line(where, "final lists", run.finalLists.firstDivergence),
    ...line(where, "/proc fields", run.proc.firstDivergence),
  ];
}
