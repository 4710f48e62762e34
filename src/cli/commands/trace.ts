/** `unaccepted trace ACTION`: workload traces. */

import type { Argv } from "yargs";
import { nearestName } from "../../nearest-name.js";
import type { CliContext } from "../context.js";
import type { ParsedArguments } from "../options.js";
import { UsageError } from "../usage-error.js";
import { traceExport } from "./trace/export.js";
import { traceGenerate } from "./trace/generate.js";
import { traceImport } from "./trace/import.js";
import { traceInfo } from "./trace/info.js";
import { traceList } from "./trace/list.js";

/** What a command does; @returns the exit code. */
export type RunCommand = (argv: ParsedArguments, context: CliContext) => Promise<number>;

const ACTIONS = [traceImport, traceInfo, traceExport, traceGenerate, traceList] as const;
/** How each action is called, with its files, as yargs takes it. */
export const TRACE_ACTIONS: readonly string[] = ACTIONS.map(({ command }) => command);
const ACTION_NAMES: readonly string[] = TRACE_ACTIONS.map((action) => action.split(" ")[0]!);

/** For yargs. */
export const traceCommand = {
  command: "trace [action]",
  describe: "traces of page allocations: import, info, export, generate, list",

  /** @param choose makes the handler of a command that runs something */
  builder(yargs: Argv, choose: (run: RunCommand) => (argv: unknown) => void): Argv {
    for (const action of ACTIONS) {
      yargs.command(
        action.command,
        action.describe,
        (inner) => action.builder(inner),
        choose((argv, context) => action.run(argv, context)),
      );
    }
    return yargs;
  },

  /** No action was named, or none that there is. */
  run(argv: ParsedArguments, _context: CliContext): Promise<number> {
    const expected = `expected ${ACTION_NAMES.join(", ")} after trace; --help says more`;
    if (argv.action === undefined) throw new UsageError(expected);
    const name = String(argv.action);
    const nearest = nearestName(name, ACTION_NAMES);
    throw new UsageError(
      nearest === undefined ? expected : `unknown action ${name} of trace, did you mean ${nearest}?`,
    );
  },
};
