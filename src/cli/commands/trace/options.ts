/** Flags that several actions of `trace` have. */

import type { Argv, Options } from "yargs";
import { parseReleaseName } from "../../../linux/release-name.js";
import type { ParsedArguments } from "../../options.js";
import { UsageError } from "../../usage-error.js";

/** The files that were named; @throws UsageError if there are none. */
export function filesOf(argv: ParsedArguments): string[] {
  const files = [argv.file ?? []].flat().map(String);
  if (files.length === 0) throw new UsageError("expected a trace file, or - for stdin");
  return files;
}

/** Adds `--lenient`. */
export function addLenient<T>(yargs: Argv<T>): Argv<T> {
  return yargs.option("lenient", {
    type: "boolean",
    describe: "leave out lines of a text that cannot be read, and say how many and the first",
  });
}

/** The text of a flag that may be given once. */
export function textOf(argv: ParsedArguments, name: string): string | undefined {
  const value = argv[name];
  if (Array.isArray(value)) throw new UsageError(`--${name} was given twice`);
  return value === undefined ? undefined : String(value);
}

/** For yargs: the kernel that was traced. */
export const KERNEL_OPTION: Options = {
  type: "string",
  requiresArg: true,
  describe:
    "kernel that was traced, such as 4.13 or what uname -r says; numbers of flags are read as those of its release",
};

/** The kernel that was traced, if it is given; @throws UsageError for what names no release */
export function kernelOf(argv: ParsedArguments): string | undefined {
  const text = textOf(argv, "kernel");
  if (text === undefined || parseReleaseName(text) !== undefined) return text;
  throw new UsageError(`--kernel ${text}: expected a release such as 4.13, or what uname -r says`);
}
