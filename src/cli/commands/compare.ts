/** `unaccepted compare SCENARIO...`: every run of the files, side by side. */

import type { Argv } from "yargs";
import { formatTable } from "../../report/table.js";
import { paintFor } from "../colour.js";
import type { CliContext } from "../context.js";
import { loadScenarios } from "../load.js";
import { addSharedOptions, examples, type ParsedArguments, readSharedOptions } from "../options.js";
import { simulate } from "../simulate.js";
import { simulateUncertain } from "../simulate-uncertain.js";

/** For yargs. */
export const compareCommand = {
  command: "compare <scenario..>",
  describe: "policies, platforms and sizes on the same input, in one table",

  builder(yargs: Argv): Argv {
    return addSharedOptions(yargs)
      .positional("scenario", { type: "string", describe: "scenario files (YAML)" })
      .option("uncertainty", {
        type: "boolean",
        describe:
          "also run low and high values of every assumed parameter; show ranges and what survives them",
      })
      .epilogue(
        examples(
          "unaccepted compare workloads/boot.yaml",
          "unaccepted compare workloads/boot.yaml --platform tdx --policy eager,lazy --memory 4GiB,64GiB",
          "unaccepted compare workloads/boot.yaml --set 'host.pageSize=[4KiB, 2MiB]' --format csv",
          "unaccepted compare workloads/boot.yaml --platform tdx --memory 64GiB --uncertainty",
        ),
      );
  },

  /** @returns the exit code */
  run(argv: ParsedArguments, context: CliContext): Promise<number> {
    const options = readSharedOptions(argv);
    const paths = [...new Set([argv.scenario ?? []].flat().map(String))];
    const loaded = loadScenarios(paths, options.assignments);
    if (argv.uncertainty === true) return simulateUncertain(loaded, options, context);
    return simulate(loaded, options, (rows) => formatTable(rows, paintFor(context.io)), context);
  },
};
