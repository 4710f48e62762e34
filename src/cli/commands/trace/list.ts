/** `unaccepted trace list`: the traces that come with the program. */

import type { Argv } from "yargs";
import { formatTraceList } from "../../../report/trace-list.js";
import { bundledTraces } from "../../bundled-traces.js";
import type { CliContext } from "../../context.js";
import { examples, type ParsedArguments } from "../../options.js";

/** For yargs. */
export const traceList = {
  command: "list",
  describe: "the traces that come with the program",

  builder(yargs: Argv): Argv {
    return yargs
      .option("json", { type: "boolean", describe: "as JSON" })
      .epilogue(examples("unaccepted trace list", "unaccepted trace list --json"));
  },

  /** @returns the exit code */
  async run(argv: ParsedArguments, { io }: CliContext): Promise<number> {
    const traces = bundledTraces();
    io.stdout.write(
      argv.json === true
        ? `${JSON.stringify({ schemaVersion: 1, traces }, undefined, 2)}\n`
        : formatTraceList(traces),
    );
    return 0;
  },
};
