/** `unaccepted compare SCENARIO...`: every run of the files, side by side. */

import { formatTable } from "../../report/rows.js";
import type { CompareRow } from "../../results/row.js";
import { isRandom } from "../../study/repeat.js";
import { rangeVariants } from "../../study/uncertainty.js";
import type { RunCommand } from "../arguments.js";
import { paintFor } from "../io.js";
import { type LoadedScenario, loadScenarios, outlookOf } from "../load.js";
import { WorkloadLoader } from "../load-recording.js";
import { sharedOptions, studyOptions } from "../options.js";
import { goesAhead } from "../runs.js";
import { remarkOn, runOne, simulate, simulateUncertain } from "../simulate.js";
import { UsageError } from "../usage-error.js";

export const run: RunCommand = async (argv, context) => {
  const options = sharedOptions(argv);
  const study = studyOptions(argv);
  const isUncertain = argv.has("uncertainty");
  const other = ["baseline", "deadline", "fail-on", "repeat"].find((flag) => argv.has(flag));
  if (isUncertain && other !== undefined) {
    throw new UsageError(`--${other}: not with --uncertainty, which shows ranges`);
  }
  const loader = new WorkloadLoader({ lenient: options.lenient });
  const outlooks = outlookOf(argv.files, options.assignments, loader);
  const timesEach = ({ scenario }: LoadedScenario): number =>
    isUncertain ? 1 + rangeVariants(scenario).length : isRandom(scenario) ? study.repeat : 1;
  const plan = {
    command: "compare",
    runs: outlooks.reduce((sum, { count, first }) => sum + count * timesEach(first), 0),
    one: () => runOne(outlooks[0]!.first, options, context),
  };
  if (!(await goesAhead(plan, argv, context))) return 0;
  const remark = remarkOn(context, options.quiet);
  const loaded = loadScenarios(argv.files, options.assignments, { ...study, loader, remark });
  if (isUncertain) return simulateUncertain(loaded, loader, options, context);
  const paint = paintFor(context.io);
  const format = (rows: readonly CompareRow[]): string => formatTable(rows, paint, study);
  return simulate(loaded, loader, { ...options, ...study }, format, context);
};
