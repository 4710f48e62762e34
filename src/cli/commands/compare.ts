/** `unaccepted compare SCENARIO...`: every run of the files, side by side. */

import type { Argv } from "yargs";
import { formatTable } from "../../report/table.js";
import { paintFor } from "../colour.js";
import type { CliContext } from "../context.js";
import { loadScenarios } from "../load.js";
import { addSharedOptions, examples, type ParsedArguments, readSharedOptions } from "../options.js";
import { simulate } from "../simulate.js";

/** For yargs. */
export const compareCommand = {
  command: "compare <scenario..>",
  describe: "policies, platforms and sizes on the same input, in one table",

  builder(yargs: Argv): Argv {
    return addSharedOptions(yargs)
      .positional("scenario", { type: "string", describe: "scenario files (YAML)" })
      .epilogue(
        examples(
          "unaccepted compare workloads/boot.yaml",
          "unaccepted compare workloads/boot.yaml --platform tdx --policy eager,lazy --memory 4GiB,64GiB",
          "unaccepted compare workloads/boot.yaml --set 'host.pageSize=[4KiB, 2MiB]' --format csv",
        ),
      );
  },

  /** @returns the exit code */
  run(argv: ParsedArguments, context: CliContext): Promise<number> {
    const options = readSharedOptions(argv);
    const paths = [...new Set([argv.scenario ?? []].flat().map(String))];
    const loaded = loadScenarios(paths, options.assignments);
    return simulate(loaded, options, (rows) => formatTable(rows, paintFor(context.io)), context);
  },
};
