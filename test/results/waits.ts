import type { WaitSummary } from "../../src/accept/waits.js";
import type { RunResult } from "../../src/results/row.js";

/** All waits of a run, of the boot and after it. */
export function waitsOf({ waits: { boot, workload } }: Pick<RunResult, "waits">): {
  readonly count: number;
  readonly totalNs: number;
  readonly maxNs: number;
} {
  return {
    count: boot.count + workload.count,
    totalNs: boot.totalNs + workload.totalNs,
    maxNs: Math.max(boot.maxNs, workload.maxNs),
  };
}

export const NO_WAITS: WaitSummary = {
  allocations: 0,
  count: 0,
  totalNs: 0,
  p50Ns: 0,
  p99Ns: 0,
  p999Ns: 0,
  p9999Ns: 0,
  maxNs: 0,
};
