/** `unaccepted trace list`: the traces and generators that come with the program. */

import { formatTraceList, type ListedGenerator } from "../../../report/lists.js";
import { jsonDocument } from "../../../results/formats.js";
import { formatBytes, formatDuration } from "../../../units.js";
import { GENERATORS, type GeneratorEntry, type Parameter } from "../../../workload/generators/index.js";
import type { Arguments } from "../../arguments.js";
import { bundledTraces } from "../../bundled.js";
import { type CliContext, print } from "../../io.js";

/** @returns the exit code */
export async function run(argv: Arguments, { io }: CliContext): Promise<number> {
  const traces = bundledTraces();
  const generators = GENERATORS.map(listed);
  print(
    io.stdout,
    argv.has("json") ? jsonDocument({ traces, generators }) : formatTraceList(traces, generators),
  );
  return 0;
}

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
