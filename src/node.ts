/**
 * The library's door to files, for Node: scenarios and workloads that come with the package by name, others by path.
 * What is loaded is what the command line loads.
 */

import { existsSync } from "node:fs";
import { bundledWorkload, bundledWorkloadNames } from "./cli/bundled.js";
import { loadScenarios as loadAll } from "./cli/load.js";
import { WorkloadLoader } from "./cli/load-recording.js";
import { priceSetsFor } from "./cli/price-sets.js";
import { UsageError } from "./cli/usage-error.js";
import type { PriceSet } from "./coco/price-set.js";
import { didYouMean } from "./nearest-name.js";
import { type Assignment, parseAssignment } from "./scenario/set.js";
import type { ScenarioToRun } from "./study/runner.js";
import type { LoadedWorkload } from "./workload/after-boot.js";
import { isGenerated } from "./workload/generators/index.js";
import type { WorkloadOnMachine } from "./workload-files/workloads.js";
import { loadZstd } from "./workload-files/zstd.js";

export { UsageError };

export interface LoadOptions {
  /** Whether lines of a text trace that cannot be read are left out and remarked on, rather than refused. Default: no. */
  readonly lenient?: boolean;
}

/**
 * Reads scenario files and the workloads that they name.
 *
 * @param files paths, or names of scenarios that come with the package, such as `boot`
 * @param assignments written over each of them, as after `--set` of the command line: `memory=4GiB`,
 *   `host.pageSize=[4KiB, 2MiB]`
 * @returns a run for each combination of lists, in the order of the command line; one that two ask for comes once.
 *   `runnerOf` makes them
 * @throws UsageError for a file that cannot be read; ScenarioError with every mistake in a file or an assignment;
 *   TraceError or WorkloadError for a trace that cannot be replayed. Each message is one line that names the file
 */
export async function loadScenarios(
  files: string | readonly string[],
  assignments: readonly (string | Assignment)[] = [],
  options: LoadOptions = {},
): Promise<ScenarioToRun[]> {
  await loadZstd();
  const parsed = assignments.map((one) => (typeof one === "string" ? parseAssignment(one) : one));
  const loader = new WorkloadLoader(options);
  const loaded = loadAll(typeof files === "string" ? [files] : files, parsed, { loader });
  return loaded.map(({ scenario, recording }) => ({ scenario, workload: recording }));
}

/**
 * Loads a workload: with the boot in front of it if it has none, and with the requests of further CPUs.
 *
 * @param workload the name of one that comes with the package (`unaccepted trace list` has all), such as
 *   `linux-7.3.4-debian-1c4g`; the path of a recording.yaml or of a trace; or what is generated, and for which machine,
 *   as `{ workload: "generate:heap?size=1GiB", memoryBytes: 8 * 2 ** 30, vcpus: 4, seed: 1 }`
 * @throws UsageError for a file that is not there or cannot be read; ScenarioError for a wrong description; TraceError
 *   or WorkloadError for a trace that cannot be replayed; GeneratorError for what no generator makes. Each message is
 *   one line that names the file
 */
export async function loadWorkload(
  workload: string | WorkloadOnMachine,
  options: LoadOptions = {},
): Promise<LoadedWorkload> {
  await loadZstd();
  const loader = new WorkloadLoader(options);
  if (typeof workload === "string") return loader.load(workloadPath(workload));
  return isGenerated(workload.workload)
    ? loader.generate(workload)
    : loader.load(workloadPath(workload.workload));
}

/**
 * Reads prices of a machine, for `parseScenario` of the library; scenarios that name some load them by themselves.
 *
 * @param prices a name that `unaccepted help prices` lists, or a path
 * @throws UsageError for a name that stands for none or a file that cannot be read; ScenarioError with every mistake in
 *   the file
 */
export function loadPrices(prices: string): PriceSet {
  const sets = priceSetsFor("");
  const set = sets.find(prices);
  if (set !== undefined) return set;
  throw new UsageError(`${prices}: no such prices${didYouMean(prices, sets.names)}`);
}

/** A file that is there goes before what comes with the package. */
function workloadPath(text: string): string {
  if (isGenerated(text)) {
    throw new UsageError(`${text}: is made for a machine; expected { workload, memoryBytes, vcpus, seed }`);
  }
  if (existsSync(text)) return text;
  const bundled = bundledWorkload(text);
  if (bundled !== undefined) return bundled;
  throw new UsageError(`${text}: no such file or directory${didYouMean(text, bundledWorkloadNames())}`);
}
