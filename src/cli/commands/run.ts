/** `unaccepted run SCENARIO`: one boot and workload in full. */

import { policies } from "../../policy/policies.js";
import { formatPolicyList, formatPolicyListJson } from "../../report/lists.js";
import { formatMemoryState } from "../../report/memory-state.js";
import { formatRunSummary } from "../../report/run-summary.js";
import { jsonDocument } from "../../results/formats.js";
import type { RunResult } from "../../results/row.js";
import type { Scenario } from "../../scenario/scenario.js";
import { memoryStateAfter, NoSuchAccept } from "../../study/memory-state.js";
import { settingsOf } from "../../study/settings.js";
import { rangeVariants } from "../../study/uncertainty.js";
import { formatBytes } from "../../units.js";
import type { RunCommand } from "../arguments.js";
import { MOST_RUNS, type OutputFormat } from "../flags.js";
import { type CliContext, paintFor, print } from "../io.js";
import { type LoadedScenario, loadScenarios, outlookOf } from "../load.js";
import { WorkloadLoader } from "../load-recording.js";
import { mapFile } from "../map-file.js";
import { sharedOptions } from "../options.js";
import { goesAhead } from "../runs.js";
import { remarkOn, runOne, simulate, simulateUncertain } from "../simulate.js";
import { timelineFile } from "../timeline-file.js";
import { UsageError } from "../usage-error.js";

export const run: RunCommand = async (argv, context) => {
  const options = sharedOptions(argv);
  if (argv.has("list-policies")) return listPolicies(options.format, context);
  const [file] = argv.files;
  if (file === undefined) throw new UsageError("expected a scenario file");
  const loader = new WorkloadLoader({ lenient: options.lenient });
  const [outlook] = outlookOf([file], options.assignments, loader);
  const { count, first } = outlook!;
  if (count > MOST_RUNS) throw new UsageError(`${file}: makes ${count} runs, and run makes one; use compare`);
  const remark = remarkOn(context, options.quiet);
  const loaded = loadScenarios([file], options.assignments, { loader, remark });
  if (loaded.length > 1) {
    const scenarios = loaded.map(({ scenario }) => scenario);
    throw new UsageError(
      `${file}: makes ${scenarios.length} runs, by its values of ${listedValues(scenarios)}; ` +
        "choose one of each with a flag or --set, or use compare",
    );
  }
  const isUncertain = argv.has("uncertainty");
  const path = argv.one("timeline");
  if (path !== undefined && isUncertain) throw new UsageError("--timeline: not with --uncertainty");
  const timeline = path === undefined ? undefined : timelineFile(path);
  const mapPath = argv.one("map");
  if (mapPath !== undefined && isUncertain) throw new UsageError("--map: not with --uncertainty");
  const map = mapPath === undefined ? undefined : mapFile(mapPath);
  const accept = argv.wholeNumber("state", 0);
  if (accept !== undefined) {
    const other = ["uncertainty", "timeline", "map", "out", "details"].find((flag) => argv.has(flag));
    if (other !== undefined) throw new UsageError(`--state: not with --${other}`);
    return printState(first, accept, argv.format(["table", "json"]), context);
  }
  const plan = {
    command: "run",
    runs: isUncertain ? 1 + rangeVariants(first.scenario).length : 1,
    one: () => runOne(first, options, context),
  };
  if (!(await goesAhead(plan, argv, context))) return 0;
  if (isUncertain) return simulateUncertain(loaded, loader, options, context);
  const paint = paintFor(context.io);
  let result: RunResult | undefined;
  const runScenario: CliContext["runScenario"] = (...run) => {
    result = context.runScenario(...run);
    return result;
  };
  const code = await simulate(
    loaded,
    loader,
    { ...options, tellsRemarks: true, recorder: timeline?.recorder, watch: map?.recorder },
    (rows) => rows.map((row) => formatRunSummary(row, paint, { details: argv.has("details") })).join(""),
    { ...context, runScenario },
  );
  const wrote = [
    ...(timeline === undefined ? [] : [timeline.write(first.scenario.name)]),
    ...(map === undefined ? [] : [map.write(result!)]),
  ];
  if (!options.quiet) for (const line of wrote) print(context.io.stderr, line);
  return code;
};

/** Simulates up to an accept. @throws UsageError where the run has fewer */
function printState(
  { scenario, recording }: LoadedScenario,
  accept: number,
  format: "table" | "json",
  { io }: CliContext,
): number {
  try {
    const state = memoryStateAfter(scenario, recording, accept);
    print(io.stdout, format === "json" ? jsonDocument({ state }) : formatMemoryState(state, paintFor(io)));
    return 0;
  } catch (error) {
    if (error instanceof NoSuchAccept) throw new UsageError(`--state ${accept}: ${error.message}`);
    throw error;
  }
}

async function listPolicies(format: OutputFormat, { io }: CliContext): Promise<number> {
  const all = [...policies().byName.values()];
  if (format === "json") print(io.stdout, formatPolicyListJson(all));
  else if (format === "table") print(io.stdout, formatPolicyList(all, paintFor(io)));
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
