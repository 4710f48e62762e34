/** `unaccepted largest SCENARIO --deadline 60s`: the largest guest that boots in time. */

import { formatLargest, formatLargestJson, type LargestRow, type ShownBorder } from "../../report/largest.js";
import { excess } from "../../results/conditions.js";
import { numberIn } from "../../results/measures.js";
import { isSound } from "../../results/problems.js";
import type { RunResult } from "../../results/row.js";
import type { Scenario } from "../../scenario/scenario.js";
import type { Assignment } from "../../scenario/set.js";
import { withDeadline } from "../../study/compare.js";
import { inLanes, inOrder } from "../../study/in-order.js";
import {
  type Border,
  type Borders,
  bordersWith,
  largestWith,
  mostMoves,
  mostTries,
  movedMost,
  type PricesAt,
  withPrices,
} from "../../study/largest.js";
import { parseConstraint } from "../../study/tune/objective.js";
import { GiB, TiB } from "../../units.js";
import type { RunCommand } from "../arguments.js";
import { paintFor, print } from "../io.js";
import { type LoadedScenario, loadedFrom, openScenario, outlookOf } from "../load.js";
import { WorkloadLoader } from "../load-recording.js";
import { deadlineOf, readFlag, sharedOptions } from "../options.js";
import { runsWith } from "../pool/run-work.js";
import { goesAhead, makeRuns } from "../runs.js";
import { remarkOn, runOne, writeRemarks } from "../simulate.js";
import { UsageError } from "../usage-error.js";

/** Sizes between which to search, in steps of the smallest. */
const SIZES = { smallest: GiB, largest: 64 * TiB, step: GiB } as const;
const MOST_TRIES = mostTries(SIZES.smallest, SIZES.largest, SIZES.step);

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
  const constraints = argv.all("constraint").map((text) => readFlag("constraint", text, parseConstraint));
  const isUncertain = !argv.has("no-uncertainty");
  const loader = new WorkloadLoader({ lenient: options.lenient });
  const file = openScenario(path);
  const sizes = new Map<number, LoadedScenario[]>();
  const atSize = (sizeBytes: number, remark = (_text: string): void => {}): LoadedScenario[] => {
    const known = sizes.get(sizeBytes) ?? loadedFrom([file], withSize(sizeBytes), { loader, remark });
    sizes.set(sizeBytes, known);
    return known;
  };
  const { io, runScenario } = context;
  const [outlook] = outlookOf([path], withSize(SIZES.smallest), loader);
  const { count: most, first } = outlook!;
  const plan = {
    command: "largest",
    runs: most * (isUncertain ? 3 * MOST_TRIES + 2 + mostMoves(first.scenario) : MOST_TRIES),
    isSearch: true,
    one: () => runOne(first, options, context),
  };
  if (!(await goesAhead(plan, argv, context))) return 0;
  const smallest = atSize(SIZES.smallest, remarkOn(context, options.quiet));
  const brokenBy = (result: RunResult): string[] =>
    constraints.filter((one) => excess(one, numberIn(one.measure, result)) > 0).map(({ text }) => text);
  const { check, quiet } = options;
  // A search of one combination is one run after the other.
  const jobs = options.jobs ?? (smallest.length === 1 ? 1 : undefined);
  const making = { ...plan, quiet, jobs };
  const found = await makeRuns(making, runsWith(loader, runScenario), context, (make, threads) =>
    inLanes([...smallest.keys()], threads, async (index) => {
      const asked: Promise<RunResult>[] = [];
      const run = async ({ workload }: LoadedScenario, scenario: Scenario): Promise<RunResult> => {
        const made = make({ scenario, workload, options: { check } });
        asked.push(made);
        return withDeadline(await made, deadlineNs);
      };
      const tried = new Map<string, RunResult>();
      const test = async (prices: PricesAt, sizeBytes: number): Promise<boolean> => {
        const loaded = atSize(sizeBytes)[index]!;
        const result = await run(loaded, withPrices(loaded.scenario, prices));
        tried.set(`${prices} ${sizeBytes}`, result);
        return isSound(result) && brokenBy(result).length === 0;
      };
      const shown = (border: Border): ShownBorder => {
        const { prices, holds, fails } = border;
        const next = tried.get(`${prices} ${fails}`);
        const broken = next === undefined || !isSound(next) ? [] : brokenBy(next);
        return { ...border, best: tried.get(`${prices} ${holds}`), next, broken };
      };
      const borders = isUncertain ? await bordersWith(SIZES, test) : await onlyDefaults(test);
      const row = {
        surely: shown(borders.surely),
        atDefaults: shown(borders.atDefaults),
        may: shown(borders.may),
      };
      const own = row.atDefaults.best ?? row.atDefaults.next!;
      const loaded = atSize(own.memoryBytes)[index]!;
      const movedMostBy = isUncertain
        ? await movedMost(loaded.scenario, own, (variant) => run(loaded, variant))
        : undefined;
      return { row: { borders: row, movedMostBy, tries: tried.size }, runs: await inOrder(asked) };
    }),
  );
  const rows = found.map(({ row }): LargestRow => row);
  const bounds = constraints.map(({ text: own }) => own);
  const text =
    format === "json"
      ? formatLargestJson(rows, deadlineNs, bounds)
      : formatLargest(rows, deadlineNs, bounds, paintFor(io));
  print(io.stdout, text);
  writeRemarks(
    found.flatMap(({ runs }) => runs),
    quiet,
    io,
  );
  return rows.every(({ borders: { atDefaults } }) => atDefaults.holds !== undefined) ? 0 : 1;
};

async function onlyDefaults(
  test: (prices: PricesAt, sizeBytes: number) => Promise<boolean>,
): Promise<Borders> {
  const { smallest, largest, step } = SIZES;
  const found = await largestWith(smallest, largest, step, (sizeBytes) => test("default", sizeBytes));
  const border: Border = { ...found, prices: "default" };
  return { surely: border, atDefaults: border, may: border };
}
