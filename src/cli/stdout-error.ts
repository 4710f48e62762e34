/** What becomes of the program when nobody takes its results. */

import { ExitCode } from "./cli.js";
import type { CliIo } from "./context.js";
import { print } from "./print.js";
import { systemErrorText } from "./usage-error.js";

/**
 * Ends the program at the first error of stdout, which comes some time after the writing: in silence
 * where a reader has seen enough (`unaccepted ... | head`), with one line on stderr for anything else,
 * such as a full disk.
 *
 * @param exit does not come back
 */
export function endAtStdoutError(
  { stdout, stderr }: Pick<CliIo, "stdout" | "stderr">,
  exit: (code: number) => void,
): void {
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") return exit(ExitCode.done);
    print(stderr, `unaccepted: stdout: cannot write: ${systemErrorText(error)}\n`);
    exit(ExitCode.failed);
  });
}
