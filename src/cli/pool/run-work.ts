/** Runs of scenarios, here or on a thread of the pool. */

import type { RunResult } from "../../results/row.js";
import { runScenario as simulated } from "../../study/run-scenario.js";
import { runSize, type SizeCell } from "../../study/size-matrix.js";
import type { LoadedWorkload } from "../../workload/after-boot.js";
import type { RunScenario } from "../io.js";
import { type LoaderOptions, WorkloadLoader } from "../load-recording.js";
import { shared } from "./shared.js";
import type { Job } from "./threads.js";
import type { GuestTask, RunTask } from "./work.js";

/** @param loader of the workloads; what it has read, threads do not read again */
export function runsWith(loader: WorkloadLoader, runScenario: RunScenario): Job<"run"> {
  return {
    kind: "run",
    here: (task) => runScenario(task.scenario, replayedBy(task, loader), task.options),
    data: () => shared(loader.options),
  };
}

export function sizesWith(loader: WorkloadLoader): Job<"size"> {
  return {
    kind: "size",
    here: (task) => runSize(task.scenario, replayedBy(task, loader)),
    data: () => shared(loader.options),
  };
}

export function beginRuns(options: LoaderOptions): (task: RunTask) => RunResult {
  const loader = new WorkloadLoader(options);
  return (task) => simulated(task.scenario, replayedBy(task, loader), task.options);
}

export function beginSizes(options: LoaderOptions): (task: GuestTask) => SizeCell {
  const loader = new WorkloadLoader(options);
  return (task) => runSize(task.scenario, replayedBy(task, loader));
}

export function replayedBy({ scenario, workload }: GuestTask, loader: WorkloadLoader): LoadedWorkload {
  return workload === undefined ? loader.generate(scenario) : loader.load(workload);
}
