/** `unaccepted trace list`: the traces and generators that come with the program. */

import type { Argv } from "yargs";
import { formatTraceList, type ListedGenerator } from "../../../report/lists.js";
import { jsonDocument } from "../../../results/json.js";
import { formatBytes, formatDuration } from "../../../units.js";
import { GENERATORS, type GeneratorEntry, type Parameter } from "../../../workload/generators/index.js";
import { bundledTraces } from "../../bundled-traces.js";
import type { CliContext } from "../../context.js";
import { examples, type ParsedArguments } from "../../options.js";
import { print } from "../../print.js";

/** For yargs. */
export const traceList = {
  command: "list",
  describe: "the traces and generators that come with the program",

  builder(yargs: Argv): Argv {
    return yargs
      .option("json", { type: "boolean", describe: "as JSON" })
      .epilogue(examples("unaccepted trace list", "unaccepted trace list --json"));
  },

  /** @returns the exit code */
  async run(argv: ParsedArguments, { io }: CliContext): Promise<number> {
    const traces = bundledTraces();
    const generators = GENERATORS.map(listed);
    print(
      io.stdout,
      argv.json === true ? jsonDocument({ traces, generators }) : formatTraceList(traces, generators),
    );
    return 0;
  },
};

function listed({ name, summary, imitates, parameters }: GeneratorEntry): ListedGenerator {
  return {
    name,
    summary,
    imitates,
    parameters: Object.entries(parameters).map(([parameter, { what, unit, default: value }]) => ({
      name: parameter,
      what,
      default: parameterText(value, unit),
    })),
  };
}

function parameterText(value: string | number, unit: Parameter["unit"]): string {
  if (typeof value === "number" && unit === "bytes") return formatBytes(value).replace(" ", "");
  if (typeof value === "number" && unit === "ns") return formatDuration(value).replace(" ", "");
  return String(value);
}
