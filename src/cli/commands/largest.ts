/** `unaccepted largest SCENARIO --deadline 60s`: the largest guest that boots in time. */

import type { Argv } from "yargs";
import { formatLargest, formatLargestJson, type LargestRow } from "../../report/largest.js";
import { isSound } from "../../results/problems.js";
import type { RunResult } from "../../results/row.js";
import type { Assignment } from "../../scenario/set.js";
import { withDeadline } from "../../study/deadline.js";
import { largestWith, mostTries } from "../../study/largest.js";
import { GiB, TiB } from "../../units.js";
import { paintFor } from "../colour.js";
import { type CliContext, listen } from "../context.js";
import { type LoadedScenario, loadScenarios, outlookOf } from "../load.js";
import { WorkloadLoader } from "../load-recording.js";
import { addSharedOptions, examples, type ParsedArguments, readSharedOptions } from "../options.js";
import { addPlanOptions, announce, goesAhead } from "../plan.js";
import { print } from "../print.js";
import { startProgress } from "../progress.js";
import { writeRemarks } from "../remarks.js";
import { remarkOn, runOne } from "../simulate.js";
import { deadlineOf } from "../study-options.js";
import { UsageError } from "../usage-error.js";

/** Sizes between which to search, in steps of the smallest. */
const SMALLEST_BYTES: number = GiB;
const LARGEST_BYTES: number = 64 * TiB;

/** For yargs. */
export const largestCommand = {
  command: "largest <scenario>",
  takes: "a scenario file",
  describe: "the largest guest that boots before a deadline, for each policy and platform",

  builder(yargs: Argv): Argv {
    return addPlanOptions(addSharedOptions(yargs))
      .positional("scenario", { type: "string", describe: "scenario file (YAML); its memory does not count" })
      .option("deadline", {
        type: "string",
        requiresArg: true,
        demandOption: "expected --deadline, a time such as 60s",
        describe: "from power-on until init runs, such as 60s",
      })
      .epilogue(
        examples(
          "unaccepted largest boot --deadline 60s",
          "unaccepted largest boot --deadline 60s --vcpus 1,8,32 --platform tdx",
        ),
      );
  },

  /** @returns the exit code: 1 if some policy boots no guest in time */
  async run(argv: ParsedArguments, context: CliContext): Promise<number> {
    const options = readSharedOptions(argv);
    const { format } = options;
    if (argv.memory !== undefined) throw new UsageError("--memory: that is what largest looks for");
    if (format !== "table" && format !== "json") {
      throw new UsageError(`--format ${format}: largest prints table or json`);
    }
    if (options.outDirectory !== undefined) {
      throw new UsageError("--out: largest writes no files; send its --json to one");
    }
    const deadlineNs = deadlineOf(String(argv.deadline));
    const path = String(argv.scenario);
    const withSize = (sizeBytes: number): Assignment[] => [
      ...options.assignments,
      { flag: "largest", path: ["memory"], value: sizeBytes },
    ];
    const loader = new WorkloadLoader(undefined, options.lenient);
    const atSize = (sizeBytes: number, remark = (_text: string): void => {}): LoadedScenario[] =>
      loadScenarios([path], withSize(sizeBytes), { loader, remark });
    const { io, runScenario } = context;
    const [outlook] = outlookOf([path], withSize(SMALLEST_BYTES), loader);
    const plan = {
      command: "largest",
      runs: outlook!.count * mostTries(SMALLEST_BYTES, LARGEST_BYTES, GiB),
      isSearch: true,
      one: () => runOne(outlook!.first, options, context),
    };
    if (!(await goesAhead(plan, argv, context))) return 0;
    const count = atSize(SMALLEST_BYTES, remarkOn(context, options)).length;
    if (!options.quiet) announce(plan, io);
    const progress = options.quiet ? undefined : startProgress(io.stderr, count);
    const rows: LargestRow[] = [];
    const runs: RunResult[] = [];
    try {
      for (let index = 0; index < count; index++) {
        const tried = new Map<number, RunResult>();
        const found = await largestWith(SMALLEST_BYTES, LARGEST_BYTES, GiB, async (sizeBytes) => {
          await listen(io);
          const { scenario, recording } = atSize(sizeBytes)[index]!;
          const result = withDeadline(runScenario(scenario, recording, { check: options.check }), deadlineNs);
          tried.set(sizeBytes, result);
          runs.push(result);
          return isSound(result);
        });
        const { holds = -1, fails = -1 } = found;
        rows.push({ found, best: tried.get(holds), next: tried.get(fails) });
        progress?.update(rows.length);
      }
    } finally {
      progress?.stop();
    }
    const text =
      format === "json" ? formatLargestJson(rows, deadlineNs) : formatLargest(rows, deadlineNs, paintFor(io));
    print(io.stdout, text);
    writeRemarks(runs, options.quiet, io);
    return rows.every(({ best }) => best !== undefined) ? 0 : 1;
  },
};
