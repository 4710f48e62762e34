/** `unaccepted validate`: published numbers against simulated ones. */

import { didYouMean } from "../../nearest-name.js";
import {
  formatValidation,
  formatValidationCsv,
  formatValidationJson,
  formatValidationJsonl,
  formatValidationMarkdown,
} from "../../report/validate.js";
import type { Scenario } from "../../scenario/scenario.js";
import type { Target } from "../../validate/claim.js";
import { TARGETS } from "../../validate/targets.js";
import { guestsOf, targetHolds, type ValidatedTarget, validate } from "../../validate/validate.js";
import { isGenerated } from "../../workload/generators/index.js";
import type { RunCommand } from "../arguments.js";
import { CALIBRATED_BOOT } from "../bundled.js";
import { OUTPUT_FORMATS, type OutputFormat } from "../flags.js";
import { type CliContext, paintFor, print } from "../io.js";
import { WorkloadLoader } from "../load-recording.js";
import { jobsOf } from "../options.js";
import { runsWith } from "../pool/run-work.js";
import type { RunTask } from "../pool/work.js";
import { priceSetsFor } from "../price-sets.js";
import { goesAhead, makeRuns } from "../runs.js";
import { UsageError } from "../usage-error.js";

/** @returns the exit code: 1 when a row does not hold */
export const run: RunCommand = async (argv, context) => {
  const { io } = context;
  const format = argv.format(OUTPUT_FORMATS);
  const targets = targetsOf(argv.all("only"));
  const sets = priceSetsFor("");
  const guests = guestsOf(targets, sets);
  const loader = new WorkloadLoader({ standardBoot: CALIBRATED_BOOT });
  const taskOf = (scenario: Scenario): RunTask => ({
    scenario,
    workload: isGenerated(scenario.workload) ? undefined : CALIBRATED_BOOT,
    options: { check: false },
  });
  const job = runsWith(loader, context.runScenario);
  const runs = guests.length;
  const plan = { command: "validate", runs, one: () => job.here(taskOf(guests[0]!)) };
  if (!(await goesAhead(plan, argv, context))) return 0;
  loader.load(CALIBRATED_BOOT);
  const making = { runs, quiet: argv.has("quiet"), jobs: jobsOf(argv) };
  const validated = await makeRuns(making, job, context, (make) =>
    validate(targets, (scenario) => make(taskOf(scenario)), sets),
  );
  print(io.stdout, FORMATTERS[format](validated, context));
  return validated.every(targetHolds) ? 0 : 1;
};

const FORMATTERS: Readonly<
  Record<OutputFormat, (targets: readonly ValidatedTarget[], context: CliContext) => string>
> = {
  table: (targets, { io }) => formatValidation(targets, paintFor(io)),
  json: formatValidationJson,
  jsonl: formatValidationJsonl,
  csv: formatValidationCsv,
  md: formatValidationMarkdown,
};

/** In the order of the table, whatever the order in the flag. */
function targetsOf(only: readonly string[]): readonly Target[] {
  if (only.length === 0) return TARGETS;
  const known = TARGETS.map(({ id }) => id);
  const wanted = only
    .join(",")
    .split(",")
    .map((name) => name.trim().toUpperCase());
  for (const name of wanted) {
    if (known.includes(name)) continue;
    const hint = didYouMean(name, known);
    throw new UsageError(`--only ${String(only)}: there is no target ${name === "" ? '""' : name}${hint}`);
  }
  return TARGETS.filter(({ id }) => wanted.includes(id));
}
