/** `unaccepted matrix`: which firmware suits which kernel, and which sizes of guests. */

import { formatMatrix, formatMatrixJson, formatMatrixMarkdown } from "../../report/matrix.js";
import { formatSizes, formatSizesJson, formatSizesMarkdown } from "../../report/size-matrix.js";
import type { Paint } from "../../report/table.js";
import { matrixGuests, runCell } from "../../study/matrix.js";
import { runSize, sizeGuests } from "../../study/size-matrix.js";
import type { LoadedWorkload } from "../../workload/after-boot.js";
import type { Arguments, RunCommand } from "../arguments.js";
import { STANDARD_BOOT } from "../bundled.js";
import { SIZE_FLAGS, TABLE_JSON_MD } from "../flags.js";
import { paintFor, print } from "../io.js";
import { WorkloadLoader } from "../load-recording.js";
import { assignmentOf } from "../options.js";
import { priceSetsFor } from "../price-sets.js";
import { goesAhead, makeRuns } from "../runs.js";
import { UsageError } from "../usage-error.js";

type Formatters<Cell> = Readonly<
  Record<(typeof TABLE_JSON_MD)[number], (cells: readonly Cell[], paint: Paint) => string>
>;

/** One of the two tables: its guests, how one is run, how all are shown. */
interface Matrix<Guest, Cell> {
  readonly guests: readonly Guest[];
  readonly run: (guest: Guest) => Cell;
  readonly formatters: Formatters<Cell>;
}

/** @returns the exit code; that guests end is what the matrix is about */
export const run: RunCommand = async (argv, context) => {
  const loaded = new WorkloadLoader().load(STANDARD_BOOT);
  return argv.has("sizes")
    ? show(ofSizes(argv, loaded), argv, context)
    : show(ofChoices(argv, loaded), argv, context);
};

async function show<Guest, Cell>(
  matrix: Matrix<Guest, Cell>,
  ...[argv, context]: Parameters<RunCommand>
): Promise<number> {
  const { io } = context;
  const { guests } = matrix;
  const format = argv.format(TABLE_JSON_MD);
  const plan = { command: "matrix", runs: guests.length, one: () => matrix.run(guests[0]!) };
  if (!(await goesAhead(plan, argv, context))) return 0;
  const cells = await makeRuns(plan, argv.has("quiet"), io, async (make) => {
    const made: Cell[] = [];
    for (const guest of guests) made.push(await make(() => matrix.run(guest)));
    return made;
  });
  print(io.stdout, matrix.formatters[format](cells, paintFor(io)));
  return 0;
}

function ofChoices(argv: Arguments, loaded: LoadedWorkload) {
  for (const name of Object.keys(SIZE_FLAGS)) {
    if (argv.has(name)) throw new UsageError(`--${name} goes with --sizes only`);
  }
  return {
    guests: matrixGuests(argv.one("memory") ?? "4GiB", loaded),
    run: (guest: ReturnType<typeof matrixGuests>[number]) => runCell(guest, loaded),
    formatters: { table: formatMatrix, json: formatMatrixJson, md: formatMatrixMarkdown },
  };
}

function ofSizes(argv: Arguments, loaded: LoadedWorkload) {
  if (argv.has("memory")) throw new UsageError("--memory and --sizes: expected one of them");
  const assignments = Object.entries(SIZE_FLAGS).map(([name, flag]) =>
    assignmentOf(name, flag, argv.one(name) ?? flag.usual),
  );
  return {
    guests: sizeGuests(loaded, assignments, priceSetsFor("")),
    run: (scenario: ReturnType<typeof sizeGuests>[number]) => runSize(scenario, loaded),
    formatters: { table: formatSizes, json: formatSizesJson, md: formatSizesMarkdown },
  };
}
