/** Boots whose accept requests go through all trackers, here or on a thread of the pool. */

import { GuestEnded } from "../../sim/guest-ended.js";
import { compareTrackers, type TrackerComparison } from "../../study/trackers.js";
import { formatBytes } from "../../units.js";
import { type LoaderOptions, WorkloadLoader } from "../load-recording.js";
import { UsageError } from "../usage-error.js";
import { replayedBy } from "./run-work.js";
import { shared } from "./shared.js";
import type { Job } from "./threads.js";
import type { GuestTask } from "./work.js";

export function trackersWith(loader: WorkloadLoader): Job<"trackers"> {
  return { kind: "trackers", here: (task) => boot(task, loader), data: () => shared(loader.options) };
}

export function beginTrackers(options: LoaderOptions): (task: GuestTask) => TrackerComparison {
  const loader = new WorkloadLoader(options);
  return (task) => boot(task, loader);
}

function boot(task: GuestTask, loader: WorkloadLoader): TrackerComparison {
  const { scenario } = task;
  const size = formatBytes(scenario.memoryBytes);
  try {
    const comparison = compareTrackers(scenario, replayedBy(task, loader));
    if (comparison !== undefined) return comparison;
  } catch (error) {
    if (error instanceof GuestEnded) throw new UsageError(`--memory ${size}: ${error.message}`);
    throw error;
  }
  throw new UsageError(`--memory ${size}: the firmware accepts all of it; take more than 2 GiB`);
}
