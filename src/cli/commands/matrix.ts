/** `unaccepted matrix`: which firmware suits which kernel. */

import { formatMatrix, formatMatrixJson, formatMatrixMarkdown } from "../../report/matrix.js";
import type { Paint } from "../../report/table.js";
import { type MatrixCell, matrixGuests, runCell } from "../../study/matrix.js";
import type { RunCommand } from "../arguments.js";
import { STANDARD_BOOT } from "../bundled.js";
import { TABLE_JSON_MD } from "../flags.js";
import { paintFor, print } from "../io.js";
import { WorkloadLoader } from "../load-recording.js";
import { goesAhead, makeRuns } from "../runs.js";

/** @returns the exit code; that guests end is what the matrix is about */
export const run: RunCommand = async (argv, context) => {
  const { io } = context;
  const format = argv.format(TABLE_JSON_MD);
  const loaded = new WorkloadLoader().load(STANDARD_BOOT);
  const guests = matrixGuests(argv.one("memory") ?? "4GiB", loaded);
  const plan = { command: "matrix", runs: guests.length, one: () => runCell(guests[0]!, loaded) };
  if (!(await goesAhead(plan, argv, context))) return 0;
  const cells = await makeRuns(plan, argv.has("quiet"), io, async (make) => {
    const made: MatrixCell[] = [];
    for (const guest of guests) made.push(await make(() => runCell(guest, loaded)));
    return made;
  });
  print(io.stdout, FORMATTERS[format](cells, paintFor(io)));
  return 0;
};

const FORMATTERS: Readonly<
  Record<(typeof TABLE_JSON_MD)[number], (cells: readonly MatrixCell[], paint: Paint) => string>
> = { table: formatMatrix, json: formatMatrixJson, md: formatMatrixMarkdown };
