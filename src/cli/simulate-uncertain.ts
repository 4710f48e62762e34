/** `compare --uncertainty`: every run at the ends of all assumed parameters as well. */

import { formatUncertainty, formatUncertaintyJson } from "../report/uncertainty.js";
import { hasFailed } from "../results/problems.js";
import { compare } from "../study/compare.js";
import { rangeVariants, uncertainty } from "../study/uncertainty.js";
import { paintFor } from "./colour.js";
import type { CliContext } from "./context.js";
import type { LoadedScenario } from "./load.js";
import type { SharedOptions } from "./options.js";
import { print } from "./print.js";
import { writeRemarks } from "./remarks.js";
import { startRuns } from "./simulate.js";
import { UsageError } from "./usage-error.js";

/**
 * @returns the exit code: 0, or 1 if a run at the defaults failed
 * @throws UsageError for a format that has no place for ranges; what `simulate` throws
 */
export async function simulateUncertain(
  loaded: readonly LoadedScenario[],
  options: SharedOptions,
  context: CliContext,
): Promise<number> {
  const { format } = options;
  if (format !== "table" && format !== "json") {
    throw new UsageError(`--format ${format}: with --uncertainty expected table or json`);
  }
  if (options.outDirectory !== undefined) {
    throw new UsageError("--out: not with --uncertainty, which prints ranges; send its --json to a file");
  }
  const scenarios = loaded.map(({ scenario }) => scenario);
  const total = scenarios.reduce((sum, scenario) => sum + 1 + rangeVariants(scenario).length, 0);
  const runs = startRuns(loaded, options, context, total);
  try {
    const rows = await compare(scenarios, (scenario) => runs.run(scenario));
    const found = await uncertainty(rows, scenarios, (scenario, of) => runs.run(scenario, of));
    await runs.listen();
    runs.stop();
    const text =
      format === "json" ? formatUncertaintyJson(found) : formatUncertainty(found, paintFor(context.io));
    print(context.io.stdout, text);
    writeRemarks(rows, options.quiet, context.io);
    return rows.some(hasFailed) ? 1 : 0;
  } finally {
    runs.stop();
  }
}
