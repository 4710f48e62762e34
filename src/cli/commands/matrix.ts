/** `unaccepted matrix`: which firmware suits which kernel, and which sizes of guests. */

import { formatMatrix, formatMatrixJson, formatMatrixMarkdown } from "../../report/matrix.js";
import { formatSizes, formatSizesJson, formatSizesMarkdown } from "../../report/size-matrix.js";
import type { Paint } from "../../report/table.js";
import { inOrder } from "../../study/in-order.js";
import { type MatrixCell, matrixCell, matrixGuests } from "../../study/matrix.js";
import { type SizeCell, sizeGuests } from "../../study/size-matrix.js";
import type { Arguments, RunCommand } from "../arguments.js";
import { STANDARD_BOOT } from "../bundled.js";
import { SIZE_FLAGS, TABLE_JSON_MD } from "../flags.js";
import { type CliContext, paintFor, print } from "../io.js";
import { WorkloadLoader } from "../load-recording.js";
import { assignmentOf, jobsOf } from "../options.js";
import { runsWith, sizesWith } from "../pool/run-work.js";
import type { Job } from "../pool/threads.js";
import type { AnswerOf, Kind, TaskOf } from "../pool/work.js";
import { priceSetsFor } from "../price-sets.js";
import { goesAhead, makeRuns } from "../runs.js";
import { UsageError } from "../usage-error.js";

type Formatters<Cell> = Readonly<
  Record<(typeof TABLE_JSON_MD)[number], (cells: readonly Cell[], paint: Paint) => string>
>;

/** One of the two tables: its guests, how one is run, how all are shown. */
interface Matrix<Name extends Kind, Cell> {
  readonly tasks: readonly TaskOf<Name>[];
  readonly job: Job<Name>;
  readonly cellOf: (answer: AnswerOf<Name>, index: number) => Cell;
  readonly formatters: Formatters<Cell>;
}

/** @returns the exit code; that guests end is what the matrix is about */
export const run: RunCommand = async (argv, context) => {
  const loader = new WorkloadLoader();
  return argv.has("sizes")
    ? show(ofSizes(argv, loader), argv, context)
    : show(ofChoices(argv, loader, context), argv, context);
};

async function show<Name extends Kind, Cell>(
  { tasks, job, cellOf, formatters }: Matrix<Name, Cell>,
  ...[argv, context]: Parameters<RunCommand>
): Promise<number> {
  const { io } = context;
  const format = argv.format(TABLE_JSON_MD);
  const plan = { command: "matrix", runs: tasks.length, one: () => job.here(tasks[0]!) };
  if (!(await goesAhead(plan, argv, context))) return 0;
  const making = { runs: tasks.length, quiet: argv.has("quiet"), jobs: jobsOf(argv) };
  const answers = await makeRuns(making, job, context, (make) => inOrder(tasks.map(make)));
  print(io.stdout, formatters[format](answers.map(cellOf), paintFor(io)));
  return 0;
}

function ofChoices(
  argv: Arguments,
  loader: WorkloadLoader,
  { runScenario }: CliContext,
): Matrix<"run", MatrixCell> {
  for (const name of Object.keys(SIZE_FLAGS)) {
    if (argv.has(name)) throw new UsageError(`--${name} goes with --sizes only`);
  }
  const guests = matrixGuests(argv.one("memory") ?? "4GiB", loader.load(STANDARD_BOOT));
  return {
    tasks: guests.map(({ scenario }) => ({
      scenario,
      workload: STANDARD_BOOT,
      options: { check: false },
    })),
    job: runsWith(loader, runScenario),
    cellOf: (run, index) => matrixCell(guests[index]!, run),
    formatters: { table: formatMatrix, json: formatMatrixJson, md: formatMatrixMarkdown },
  };
}

function ofSizes(argv: Arguments, loader: WorkloadLoader): Matrix<"size", SizeCell> {
  if (argv.has("memory")) throw new UsageError("--memory and --sizes: expected one of them");
  const assignments = Object.entries(SIZE_FLAGS).map(([name, flag]) =>
    assignmentOf(name, flag, argv.one(name) ?? flag.usual),
  );
  const guests = sizeGuests(loader.load(STANDARD_BOOT), assignments, priceSetsFor(""));
  return {
    tasks: guests.map((scenario) => ({ scenario, workload: STANDARD_BOOT })),
    job: sizesWith(loader),
    cellOf: (cell) => cell,
    formatters: { table: formatSizes, json: formatSizesJson, md: formatSizesMarkdown },
  };
}
