/** `unaccepted matrix`: which firmware suits which kernel. */

import type { Argv } from "yargs";
import { formatMatrix, formatMatrixJson, formatMatrixMarkdown } from "../../report/matrix.js";
import { type MatrixCell, matrixGuests, runCell } from "../../study/matrix/run-matrix.js";
import { STANDARD_BOOT } from "../bundled-traces.js";
import { paintFor } from "../colour.js";
import { type CliContext, listen } from "../context.js";
import { WorkloadLoader } from "../load-recording.js";
import { examples, type ParsedArguments } from "../options.js";
import { addPlanOptions, announce, goesAhead } from "../plan.js";
import { print } from "../print.js";
import { UsageError } from "../usage-error.js";

const FORMATS = ["table", "json", "md"] as const;

/** For yargs. */
export const matrixCommand = {
  command: "matrix",
  describe: "every firmware with every kind of kernel: what memory it sees, who accepted it, boot time",

  builder(yargs: Argv): Argv {
    return addPlanOptions(yargs)
      .option("memory", {
        type: "string",
        requiresArg: true,
        describe: "RAM of the guests, such as 16GiB; 4GiB if not given",
      })
      .option("format", {
        type: "string",
        requiresArg: true,
        describe: `${FORMATS.join(", ")}; table if not given`,
      })
      .option("json", { type: "boolean", describe: "the same as --format json" })
      .option("quiet", { type: "boolean", describe: "nothing on stderr" })
      .conflicts("json", "format")
      .epilogue(examples("unaccepted matrix", "unaccepted matrix --memory 64GiB --format md"));
  },

  /** @returns the exit code; that guests end is what the matrix is about */
  async run(argv: ParsedArguments, context: CliContext): Promise<number> {
    const { io } = context;
    const format = formatOf(argv);
    const memory = single(argv.memory, "memory") ?? "4GiB";
    const loaded = new WorkloadLoader().load(STANDARD_BOOT);
    const guests = matrixGuests(memory, loaded);
    const plan = { command: "matrix", runs: guests.length, one: () => runCell(guests[0]!, loaded) };
    if (!(await goesAhead(plan, argv, context))) return 0;
    if (argv.quiet !== true) announce(plan, io);
    const cells: MatrixCell[] = [];
    for (const guest of guests) {
      await listen(io);
      cells.push(runCell(guest, loaded));
    }
    await listen(io);
    switch (format) {
      case "table":
        print(io.stdout, formatMatrix(cells, paintFor(io)));
        break;
      case "json":
        print(io.stdout, formatMatrixJson(cells));
        break;
      case "md":
        print(io.stdout, formatMatrixMarkdown(cells));
        break;
    }
    return 0;
  },
};

function formatOf(argv: ParsedArguments): (typeof FORMATS)[number] {
  const given = argv.json === true ? "json" : (single(argv.format, "format") ?? "table");
  const format = FORMATS.find((name) => name === given);
  if (format === undefined) throw new UsageError(`--format: expected ${FORMATS.join(", ")}, found ${given}`);
  return format;
}

function single(value: ParsedArguments[string], flag: string): string | undefined {
  if (Array.isArray(value)) throw new UsageError(`--${flag} was given twice`);
  return value === undefined ? undefined : String(value);
}
