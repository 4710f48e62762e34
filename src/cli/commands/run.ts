/** `unaccepted run SCENARIO`: one boot and workload in full. */

import type { Argv } from "yargs";
import { POLICIES, POLICY_NAMES } from "../../policy/policies.js";
import { formatPolicyList, formatPolicyListJson } from "../../report/lists.js";
import { formatRunSummary } from "../../report/run-summary.js";
import type { Scenario } from "../../scenario/scenario.js";
import { settingsOf } from "../../study/settings.js";
import { rangeVariants } from "../../study/uncertainty.js";
import { formatBytes } from "../../units.js";
import { paintFor } from "../colour.js";
import type { CliContext } from "../context.js";
import { loadScenarios, outlookOf } from "../load.js";
import { WorkloadLoader } from "../load-recording.js";
import { addSharedOptions, examples, type ParsedArguments, readSharedOptions } from "../options.js";
import type { OutputFormat } from "../output.js";
import { addPlanOptions, goesAhead, MOST_RUNS } from "../plan.js";
import { print } from "../print.js";
import { remarkOn, runOne, simulate } from "../simulate.js";
import { simulateUncertain } from "../simulate-uncertain.js";
import { UsageError } from "../usage-error.js";

/** For yargs. */
export const runCommand = {
  command: "run [scenario]",
  takes: "a scenario file",
  describe: "one boot and workload, in full",

  builder(yargs: Argv): Argv {
    return addPlanOptions(addSharedOptions(yargs))
      .positional("scenario", { type: "string", describe: "scenario file (YAML) that makes exactly one run" })
      .option("list-policies", {
        type: "boolean",
        describe: "list the policies and what can be tuned about them, and run nothing",
      })
      .option("uncertainty", {
        type: "boolean",
        describe:
          "also run low and high values of every assumed parameter, and show ranges; as table or json, without --out",
      })
      .epilogue(
        examples(
          "unaccepted run boot --platform tdx --policy lazy --memory 4GiB",
          "unaccepted run boot --platform snp --policy eager --memory 4GiB --json",
          "unaccepted run boot --platform tdx --policy background --memory 4GiB --set strategy.rate=256MiB",
          "unaccepted run --list-policies",
        ),
      );
  },

  /** @returns the exit code */
  async run(argv: ParsedArguments, context: CliContext): Promise<number> {
    const options = readSharedOptions(argv);
    if (argv["list-policies"] === true) return listPolicies(options.format, context);
    if (argv.scenario === undefined) throw new UsageError("expected a scenario file");
    const path = String(argv.scenario);
    const loader = new WorkloadLoader(undefined, options.lenient);
    const [outlook] = outlookOf([path], options.assignments, loader);
    const { count, first } = outlook!;
    if (count > MOST_RUNS)
      throw new UsageError(`${path}: makes ${count} runs, and run makes one; use compare`);
    const loaded = loadScenarios([path], options.assignments, { loader, remark: remarkOn(context, options) });
    if (loaded.length > 1) {
      const scenarios = loaded.map(({ scenario }) => scenario);
      throw new UsageError(
        `${path}: makes ${scenarios.length} runs, by its values of ${listedValues(scenarios)}; ` +
          "choose one of each with a flag or --set, or use compare",
      );
    }
    const isUncertain = argv.uncertainty === true;
    const plan = {
      command: "run",
      runs: isUncertain ? 1 + rangeVariants(first.scenario).length : 1,
      one: () => runOne(first, options, context),
    };
    if (!(await goesAhead(plan, argv, context))) return 0;
    if (isUncertain) return simulateUncertain(loaded, options, context);
    const paint = paintFor(context.io);
    return simulate(
      loaded,
      { ...options, timeline: true, tellsRemarks: true },
      (rows) => rows.map((row) => formatRunSummary(row, paint)).join(""),
      context,
    );
  },
};

async function listPolicies(format: OutputFormat, { io }: CliContext): Promise<number> {
  const policies = POLICY_NAMES.map((name) => POLICIES[name]);
  if (format === "json") print(io.stdout, formatPolicyListJson(policies));
  else if (format === "table") print(io.stdout, formatPolicyList(policies, paintFor(io)));
  else throw new UsageError(`--format ${format}: the list of policies comes as table or json`);
  return 0;
}

/** `platform (tdx, snp), memory (4 GiB, 64 GiB)`: everything in which the scenarios differ, as files name it. */
function listedValues(scenarios: readonly Scenario[]): string {
  const all = scenarios.map((scenario) => ({ ...settingsOf(scenario), policy: scenario.policy }));
  const paths = [...new Set(all.flatMap((settings) => Object.keys(settings)))];
  return paths
    .map((path) => ({
      path,
      values: [...new Set(all.map((settings) => settings[path as keyof typeof settings]))],
    }))
    .filter(({ values }) => values.length > 1)
    .map(({ path, values }) => {
      const name = path.replace(/\.kind$|\.parameters(?=\.)|Bytes$/g, "");
      const shown = values.map((value) =>
        path.endsWith("Bytes") && typeof value === "number" ? formatBytes(value) : String(value ?? "default"),
      );
      return `${name} (${shown.join(", ")})`;
    })
    .join(", ");
}
