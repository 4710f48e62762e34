/** How the program ends: with a code, and a line about what went wrong. */

import { printable } from "../printable.js";
import { errorLine } from "../scenario/error.js";
import { type CliIo, ExitCode, Interrupted, print } from "./io.js";
import { isUserError } from "./usage-error.js";

/**
 * Does work. An error that the user can put right is one line on stderr; any other is a bug, or what `--check`
 * found, and comes with its stack.
 *
 * @returns the exit code
 */
export async function reported(
  { stderr, interrupted }: Pick<CliIo, "stderr" | "interrupted">,
  work: () => Promise<number>,
): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (interrupted.aborted) {
      print(stderr, `unaccepted: interrupted${error instanceof Interrupted ? ` ${error.message}` : ""}\n`);
      return ExitCode.interrupted;
    }
    if (isUserError(error)) {
      print(stderr, `unaccepted: ${printable(errorLine(error))}\n`);
      return ExitCode.usage;
    }
    print(stderr, `unaccepted: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return ExitCode.failed;
  }
}
