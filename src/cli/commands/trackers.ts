/** `unaccepted trackers`: ways to remember what is accepted, on the same requests. */

import type { Argv } from "yargs";
import { OutOfMemory } from "../../guest/power-on.js";
import { formatTrackers, formatTrackersJson, type TrackerReport } from "../../report/trackers.js";
import { parseScenario } from "../../scenario/load.js";
import type { Scenario } from "../../scenario/scenario.js";
import {
  compareTrackers,
  isolatedBlocks,
  type TrackerComparison,
  wholeMemory,
} from "../../study/trackers.js";
import { formatBytes, TiB } from "../../units.js";
import { STANDARD_BOOT } from "../bundled-traces.js";
import { paintFor } from "../colour.js";
import { type CliContext, listen } from "../context.js";
import { repeatsText } from "../load.js";
import { WorkloadLoader } from "../load-recording.js";
import { examples, type ParsedArguments } from "../options.js";
import { addPlanOptions, announce, goesAhead } from "../plan.js";
import { print } from "../print.js";
import { UsageError } from "../usage-error.js";

/** The largest guest that page tables of five levels can map (MAX_PHYSMEM_BITS 52). */
const LARGEST_BYTES: number = 4096 * TiB;
/** More blocks than ranges can tell apart in either table. */
const WORST_BLOCKS = 2048;

/** For yargs. */
export const trackersCommand = {
  command: "trackers",
  describe: "page flag, e820 ranges and bitmaps: memory and time to remember what is accepted",

  builder(yargs: Argv): Argv {
    return addPlanOptions(yargs)
      .option("memory", {
        type: "string",
        requiresArg: true,
        describe: "RAM of the guests to boot, such as 4GiB,64GiB, which is the default",
      })
      .option("json", { type: "boolean", describe: "as JSON" })
      .option("quiet", { type: "boolean", describe: "nothing on stderr" })
      .epilogue(examples("unaccepted trackers", "unaccepted trackers --memory 512GiB --json"));
  },

  /** @returns the exit code */
  async run(argv: ParsedArguments, context: CliContext): Promise<number> {
    const { io } = context;
    const memory = [argv.memory ?? "4GiB,64GiB"].flat().map(String);
    if (memory.length > 1) throw new UsageError("--memory was given twice");
    const loaded = new WorkloadLoader().load(STANDARD_BOOT);
    const all = guests(memory[0]!);
    const scenarios = [...new Map(all.map((scenario) => [scenario.memoryBytes, scenario])).values()];
    const twice = all.length - scenarios.length;
    const bootOf = (scenario: Scenario): TrackerComparison =>
      boot(scenario, () => compareTrackers(scenario, loaded));
    const plan = { command: "trackers", runs: scenarios.length, one: () => bootOf(scenarios[0]!) };
    if (!(await goesAhead(plan, argv, context))) return 0;
    if (argv.quiet !== true) {
      if (twice > 0) print(io.stderr, `${repeatsText(twice)}\n`);
      announce(plan, io);
    }
    const boots: TrackerComparison[] = [];
    for (const scenario of scenarios) {
      await listen(io);
      boots.push(bootOf(scenario));
    }
    await listen(io);
    const report: TrackerReport = {
      boots,
      worstCases: [
        { name: "isolated blocks", comparison: isolatedBlocks(LARGEST_BYTES, WORST_BLOCKS) },
        { name: "all at once", comparison: wholeMemory(LARGEST_BYTES) },
      ],
    };
    print(io.stdout, argv.json === true ? formatTrackersJson(report) : formatTrackers(report, paintFor(io)));
    return 0;
  },
};

/** The standard boot, accepted late, on each size of guest. */
function guests(memory: string): Scenario[] {
  const text = "{ name: trackers, workload: boot, platform: tdx, policy: lazy, vcpus: 1 }";
  const sizes = memory.split(",").map((size) => size.trim());
  return parseScenario(text, "trackers", [{ flag: `--memory ${memory}`, path: ["memory"], value: sizes }]);
}

function boot({ memoryBytes }: Scenario, run: () => TrackerComparison | undefined): TrackerComparison {
  const size = formatBytes(memoryBytes);
  try {
    const comparison = run();
    if (comparison !== undefined) return comparison;
  } catch (error) {
    if (error instanceof OutOfMemory) throw new UsageError(`--memory ${size}: ${error.message}`);
    throw error;
  }
  throw new UsageError(`--memory ${size}: the firmware accepts all of it; take more than 2 GiB`);
}
