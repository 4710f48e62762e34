/** `unaccepted trackers`: ways to remember what is accepted, on the same requests. */

import { formatTrackers, formatTrackersJson, type TrackerReport } from "../../report/trackers.js";
import { parseScenario } from "../../scenario/load.js";
import type { Scenario } from "../../scenario/scenario.js";
import { inOrder } from "../../study/in-order.js";
import { isolatedBlocks, wholeMemory } from "../../study/trackers.js";
import { TiB } from "../../units.js";
import type { RunCommand } from "../arguments.js";
import { STANDARD_BOOT } from "../bundled.js";
import { paintFor, print } from "../io.js";
import { repeatsText } from "../load.js";
import { WorkloadLoader } from "../load-recording.js";
import { jobsOf } from "../options.js";
import { trackersWith } from "../pool/tracker-work.js";
import { goesAhead, makeRuns } from "../runs.js";
import { remarkOn } from "../simulate.js";

/** The largest guest that page tables of five levels can map (MAX_PHYSMEM_BITS 52). */
const LARGEST_BYTES: number = 4096 * TiB;
/** More blocks than ranges can tell apart in either table. */
const WORST_BLOCKS = 2048;

export const run: RunCommand = async (argv, context) => {
  const { io } = context;
  const job = trackersWith(new WorkloadLoader());
  const all = guests(argv.one("memory") ?? "4GiB,64GiB");
  const scenarios = [...new Map(all.map((scenario) => [scenario.memoryBytes, scenario])).values()];
  const twice = all.length - scenarios.length;
  const tasks = scenarios.map((scenario) => ({ scenario, workload: STANDARD_BOOT }));
  const runs = tasks.length;
  const plan = { command: "trackers", runs, one: () => job.here(tasks[0]!) };
  if (!(await goesAhead(plan, argv, context))) return 0;
  const quiet = argv.has("quiet");
  if (twice > 0) remarkOn(context, quiet)(repeatsText(twice));
  const making = { runs, quiet, jobs: jobsOf(argv) };
  const boots = await makeRuns(making, job, context, (make) => inOrder(tasks.map(make)));
  const report: TrackerReport = {
    boots,
    worstCases: [
      { name: "isolated blocks", comparison: isolatedBlocks(LARGEST_BYTES, WORST_BLOCKS) },
      { name: "all at once", comparison: wholeMemory(LARGEST_BYTES) },
    ],
  };
  print(io.stdout, argv.has("json") ? formatTrackersJson(report) : formatTrackers(report, paintFor(io)));
  return 0;
};

/** The standard boot, accepted late, on each size of guest. */
function guests(memory: string): Scenario[] {
  const text = "{ name: trackers, workload: boot, platform: tdx, policy: lazy, vcpus: 1 }";
  const sizes = memory.split(",").map((size) => size.trim());
  return parseScenario(text, "trackers", [{ flag: `--memory ${memory}`, path: ["memory"], value: sizes }]);
}
