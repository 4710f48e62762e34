/** Flags that several actions of `trace` have, read. */

import { parseReleaseName } from "../../../linux/release-name.js";
import type { Arguments } from "../../arguments.js";
import type { ReadTraceOptions } from "../../read-trace.js";
import { UsageError } from "../../usage-error.js";

/** The files that were named; @throws UsageError if there are none. */
export function filesOf({ files }: Arguments): readonly string[] {
  if (files.length === 0) throw new UsageError("expected a trace file, or - for stdin");
  return files;
}

/** The file to write; @throws UsageError if it is not named */
export function outputOf(argv: Arguments): string {
  const path = argv.one("output");
  if (path === undefined) throw new UsageError("expected the file to write after -o");
  return path;
}

/** How traces are to be read; @throws UsageError for a kernel that is no release */
export function readingOf(argv: Arguments): ReadTraceOptions {
  const kernel = argv.one("kernel");
  if (kernel !== undefined && parseReleaseName(kernel) === undefined) {
    throw new UsageError(`--kernel ${kernel}: expected a release such as 4.13, or what uname -r says`);
  }
  return { quiet: argv.has("quiet"), lenient: argv.has("lenient"), kernel };
}
