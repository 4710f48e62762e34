/** `unaccepted merge DIR... --out DIR`: parts of a sweep that ran on several machines, as one. */

import type { Argv } from "yargs";
import type { CliContext } from "../context.js";
import { examples, type ParsedArguments } from "../options.js";
import { print } from "../print.js";
import { mergeParts } from "../sweep/merge-parts.js";
import { Parts } from "../sweep/parts.js";
import { differenceOf, type SweepStamp } from "../sweep/stamp.js";
import { UsageError } from "../usage-error.js";

/** For yargs. */
export const mergeCommand = {
  command: "merge <directories..>",
  takes: "a directory that sweep --out wrote",
  describe: "put the parts of a sweep together that ran on several machines",

  builder(yargs: Argv): Argv {
    return yargs
      .positional("directories", { type: "string", describe: "what sweep --out wrote, one or more" })
      .option("out", {
        type: "string",
        requiresArg: true,
        demandOption: "expected --out, the directory for runs.jsonl, runs.csv and runs.parquet",
        describe: "directory for runs.jsonl, runs.csv and runs.parquet",
      })
      .option("quiet", { type: "boolean", describe: "nothing on stderr" })
      .epilogue(examples("unaccepted merge node-a node-b --out sweep-results"));
  },

  /** @returns the exit code */
  async run(argv: ParsedArguments, { io }: CliContext): Promise<number> {
    const directories = [argv.directories ?? []].flat().map(String);
    const parts = directories.map((directory) => new Parts(directory));
    const stamps = parts.map((one) => {
      const stamp = one.stamp();
      if (stamp === undefined)
        throw new UsageError(`${one.directory}: has no results of a sweep (sweep.json)`);
      const [stray] = one.strays(stamp);
      if (stray !== undefined)
        throw new UsageError(`${stray}: expected a chunk of ${stamp.study}, found no such chunk`);
      return stamp;
    });
    const [first] = stamps as [SweepStamp];
    const other = stamps.findIndex(({ sha256 }) => sha256 !== first.sha256);
    if (other >= 0) {
      throw new UsageError(
        `${directories[other]}: has results of another sweep than ${directories[0]} ` +
          `(what differs: ${differenceOf(stamps[other]!, first)})`,
      );
    }
    const paths = await mergeParts(first, parts, String(argv.out), io.interrupted);
    if (argv.quiet !== true) print(io.stderr, `wrote ${paths.join(", ")}\n`);
    return 0;
  },
};
