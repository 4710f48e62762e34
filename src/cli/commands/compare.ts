/** `unaccepted compare SCENARIO...`: every run of the files, side by side. */

import type { Argv } from "yargs";
import { formatTable } from "../../report/rows.js";
import type { CompareRow } from "../../results/row.js";
import { isRandom } from "../../study/repeat.js";
import { rangeVariants } from "../../study/uncertainty.js";
import { paintFor } from "../colour.js";
import type { CliContext } from "../context.js";
import { type LoadedScenario, loadScenarios, outlookOf } from "../load.js";
import { WorkloadLoader } from "../load-recording.js";
import { addSharedOptions, examples, type ParsedArguments, readSharedOptions } from "../options.js";
import { addPlanOptions, goesAhead } from "../plan.js";
import { remarkOn, runOne, simulate } from "../simulate.js";
import { simulateUncertain } from "../simulate-uncertain.js";
import { studyOptions } from "../study-options.js";
import { UsageError } from "../usage-error.js";

/** For yargs. */
export const compareCommand = {
  command: "compare <scenario..>",
  takes: "a scenario file",
  describe: "policies, platforms and sizes on the same input, in one table",

  builder(yargs: Argv): Argv {
    return addPlanOptions(addSharedOptions(yargs))
      .positional("scenario", { type: "string", describe: "scenario files (YAML)" })
      .option("baseline", {
        type: "string",
        requiresArg: true,
        describe: "the policy that ratios and conditions compare with; eager if not given",
      })
      .option("deadline", {
        type: "string",
        requiresArg: true,
        describe: "a boot that takes longer, such as 60s, counts as failed; says what took the time",
      })
      .option("fail-on", {
        type: "string",
        requiresArg: true,
        describe: "exit 1 where this holds for a run, such as bootTimeNs>1.1*baseline; repeatable",
      })
      .option("repeat", {
        type: "string",
        requiresArg: true,
        describe: "run so many seeds where anything is random, and show intervals of 95 % confidence",
      })
      .option("uncertainty", {
        type: "boolean",
        describe:
          "also run low and high values of every assumed parameter; show ranges and what survives them, as table or json, without --out",
      })
      .epilogue(
        examples(
          "unaccepted compare boot",
          "unaccepted compare boot --platform tdx --policy eager,lazy --memory 4GiB,64GiB",
          "unaccepted compare boot --set 'host.pageSize=[4KiB, 2MiB]' --format csv",
          "unaccepted compare boot --platform tdx --memory 64GiB --uncertainty",
          "unaccepted compare boot --deadline 60s --baseline lazy",
          "unaccepted compare boot --workload 'generate:heap?size=1GiB' --memory 8GiB --repeat 5",
          "unaccepted compare boot --policy lazy,background --fail-on 'stalls.p99Ns>20ms'",
        ),
      );
  },

  /** @returns the exit code */
  async run(argv: ParsedArguments, context: CliContext): Promise<number> {
    const options = readSharedOptions(argv);
    const paths = [argv.scenario ?? []].flat().map(String);
    const study = studyOptions(argv);
    const isUncertain = argv.uncertainty === true;
    const other = ["baseline", "deadline", "fail-on", "repeat"].find((flag) => argv[flag] !== undefined);
    if (isUncertain && other !== undefined) {
      throw new UsageError(`--${other}: not with --uncertainty, which shows ranges`);
    }
    const loader = new WorkloadLoader(undefined, options.lenient);
    const outlooks = outlookOf(paths, options.assignments, loader);
    const timesEach = ({ scenario }: LoadedScenario): number =>
      isUncertain ? 1 + rangeVariants(scenario).length : isRandom(scenario) ? study.repeat : 1;
    const plan = {
      command: "compare",
      runs: outlooks.reduce((sum, { count, first }) => sum + count * timesEach(first), 0),
      one: () => runOne(outlooks[0]!.first, options, context),
    };
    if (!(await goesAhead(plan, argv, context))) return 0;
    const remark = remarkOn(context, options);
    const loaded = loadScenarios(paths, options.assignments, { ...study, loader, remark });
    if (isUncertain) return simulateUncertain(loaded, options, context);
    const format = (rows: readonly CompareRow[]): string =>
      formatTable(rows, paintFor(context.io), study.baseline);
    return simulate(loaded, { ...options, ...study }, format, context);
  },
};
