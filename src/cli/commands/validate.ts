/** `unaccepted validate`: published numbers against simulated ones. */

import type { Argv } from "yargs";
import { nearestName } from "../../nearest-name.js";
import {
  formatValidation,
  formatValidationCsv,
  formatValidationJson,
  formatValidationJsonl,
  formatValidationMarkdown,
} from "../../report/validate.js";
import type { Scenario } from "../../scenario/scenario.js";
import type { Target } from "../../study/validate/claim.js";
import { TARGETS } from "../../study/validate/targets.js";
import { guestsOf, targetHolds, type ValidatedTarget, validate } from "../../study/validate/validate.js";
import { isGenerated } from "../../workload/generators/index.js";
import { STANDARD_BOOT } from "../bundled-traces.js";
import { paintFor } from "../colour.js";
import type { CliContext } from "../context.js";
import type { LoadedScenario } from "../load.js";
import { WorkloadLoader } from "../load-recording.js";
import { examples, type ParsedArguments } from "../options.js";
import { OUTPUT_FORMATS, type OutputFormat } from "../output.js";
import { addPlanOptions, goesAhead } from "../plan.js";
import { print } from "../print.js";
import { runOne, startRuns } from "../simulate.js";
import { UsageError } from "../usage-error.js";

/** For yargs. */
export const validateCommand = {
  command: "validate",
  describe: "every published number we know against the simulated one",

  builder(yargs: Argv): Argv {
    return addPlanOptions(yargs)
      .option("only", {
        type: "string",
        requiresArg: true,
        describe: `targets to look at, as VT1,VT4: ${TARGETS[0]!.id} to ${TARGETS.at(-1)!.id}`,
      })
      .option("format", {
        type: "string",
        requiresArg: true,
        describe: `${OUTPUT_FORMATS.join(", ")}; table if not given`,
      })
      .option("json", { type: "boolean", describe: "the same as --format json" })
      .option("quiet", { type: "boolean", describe: "no progress on stderr" })
      .conflicts("json", "format")
      .epilogue(
        examples(
          "unaccepted validate",
          "unaccepted validate --only VT1,VT7",
          "unaccepted validate --format md",
        ),
      );
  },

  /** @returns the exit code: 1 when a row does not hold */
  async run(argv: ParsedArguments, context: CliContext): Promise<number> {
    const { io } = context;
    const format = formatOf(argv);
    const targets = targetsOf(argv.only);
    const guests = guestsOf(targets);
    const loader = new WorkloadLoader();
    const load = (scenario: Scenario): Pick<LoadedScenario, "scenario" | "recording"> => ({
      scenario,
      recording: isGenerated(scenario.workload) ? loader.generate(scenario) : loader.load(STANDARD_BOOT),
    });
    const options = { assignments: [], format, check: false, quiet: argv.quiet === true, lenient: false };
    const plan = {
      command: "validate",
      runs: guests.length,
      one: () => runOne(load(guests[0]!), options, context),
    };
    if (!(await goesAhead(plan, argv, context))) return 0;
    const runs = startRuns(guests.map(load), options, context, guests.length);
    let validated: ValidatedTarget[];
    try {
      validated = await validate(targets, (scenario, index) => runs.run(scenario, guests[index]));
      await runs.listen();
    } finally {
      runs.stop();
    }
    print(io.stdout, FORMATTERS[format](validated, context));
    return validated.every(targetHolds) ? 0 : 1;
  },
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

function formatOf(argv: ParsedArguments): OutputFormat {
  const name = argv.json === true ? "json" : single(argv, "format", "table");
  const format = OUTPUT_FORMATS.find((known) => known === name);
  if (format === undefined)
    throw new UsageError(`--format ${name}: expected one of ${OUTPUT_FORMATS.join(", ")}`);
  return format;
}

/** In the order of the table, whatever the order in the flag. */
function targetsOf(only: ParsedArguments[string]): readonly Target[] {
  if (only === undefined) return TARGETS;
  const known = TARGETS.map(({ id }) => id);
  const wanted = [only]
    .flat()
    .join(",")
    .split(",")
    .map((name) => name.trim().toUpperCase());
  for (const name of wanted) {
    if (known.includes(name)) continue;
    const nearest = nearestName(name, known);
    const hint = nearest === undefined ? "" : `, did you mean ${nearest}?`;
    throw new UsageError(`--only ${String(only)}: there is no target ${name === "" ? '""' : name}${hint}`);
  }
  return TARGETS.filter(({ id }) => wanted.includes(id));
}

function single(argv: ParsedArguments, name: string, otherwise: string): string {
  const value = argv[name] ?? otherwise;
  if (Array.isArray(value)) throw new UsageError(`--${name} was given twice`);
  return String(value);
}
