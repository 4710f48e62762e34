/** `unaccepted largest SCENARIO --deadline 60s`: the largest guest that boots in time. */

import { formatLargest, formatLargestJson, type LargestRow } from "../../report/largest.js";
import { isSound } from "../../results/problems.js";
import type { RunResult } from "../../results/row.js";
import type { Assignment } from "../../scenario/set.js";
import { withDeadline } from "../../study/compare.js";
import { largestWith, mostTries } from "../../study/largest.js";
import { GiB, TiB } from "../../units.js";
import type { RunCommand } from "../arguments.js";
import { paintFor, print } from "../io.js";
import { type LoadedScenario, loadScenarios, outlookOf } from "../load.js";
import { WorkloadLoader } from "../load-recording.js";
import { deadlineOf, sharedOptions } from "../options.js";
import { goesAhead, makeRuns } from "../runs.js";
import { remarkOn, runOne, writeRemarks } from "../simulate.js";
import { UsageError } from "../usage-error.js";

/** Sizes between which to search, in steps of the smallest. */
const SMALLEST_BYTES: number = GiB;
const LARGEST_BYTES: number = 64 * TiB;

/** @returns the exit code: 1 if some policy boots no guest in time */
export const run: RunCommand = async (argv, context) => {
  const options = sharedOptions(argv);
  const { format } = options;
  if (argv.has("memory")) throw new UsageError("--memory: that is what largest looks for");
  if (format !== "table" && format !== "json") {
    throw new UsageError(`--format ${format}: largest prints table or json`);
  }
  if (options.outDirectory !== undefined) {
    throw new UsageError("--out: largest writes no files; send its --json to one");
  }
  const deadlineNs = deadlineOf(argv.one("deadline")!);
  const path = argv.files[0]!;
  const withSize = (sizeBytes: number): Assignment[] => [
    ...options.assignments,
    { flag: "largest", path: ["memory"], value: sizeBytes },
  ];
  const loader = new WorkloadLoader({ lenient: options.lenient });
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
  const count = atSize(SMALLEST_BYTES, remarkOn(context, options.quiet)).length;
  const runs: RunResult[] = [];
  const rows = await makeRuns(plan, options.quiet, io, async (make) => {
    const largest: LargestRow[] = [];
    for (let index = 0; index < count; index++) {
      const tried = new Map<number, RunResult>();
      const found = await largestWith(SMALLEST_BYTES, LARGEST_BYTES, GiB, async (sizeBytes) => {
        const { scenario, recording } = atSize(sizeBytes)[index]!;
        const run = await make(() => runScenario(scenario, recording, { check: options.check }));
        const result = withDeadline(run, deadlineNs);
        tried.set(sizeBytes, result);
        runs.push(result);
        return isSound(result);
      });
      const { holds = -1, fails = -1 } = found;
      largest.push({ found, best: tried.get(holds), next: tried.get(fails) });
    }
    return largest;
  });
  const text =
    format === "json" ? formatLargestJson(rows, deadlineNs) : formatLargest(rows, deadlineNs, paintFor(io));
  print(io.stdout, text);
  writeRemarks(runs, options.quiet, io);
  return rows.every(({ best }) => best !== undefined) ? 0 : 1;
};
