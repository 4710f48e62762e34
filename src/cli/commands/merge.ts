/** `unaccepted merge DIR... --out DIR`: parts of a sweep that ran on several machines, as one. */

import type { RunCommand } from "../arguments.js";
import { print } from "../io.js";
import { differenceOf, type SweepStamp } from "../sweep/job.js";
import { mergeParts } from "../sweep/merge-parts.js";
import { Parts } from "../sweep/parts.js";
import { UsageError } from "../usage-error.js";

export const run: RunCommand = async (argv, { io }) => {
  const directories = argv.files;
  const parts = directories.map((directory) => new Parts(directory));
  const stamps = parts.map((one) => {
    const stamp = one.stamp();
    if (stamp === undefined) throw new UsageError(`${one.directory}: has no results of a sweep (sweep.json)`);
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
  const paths = await mergeParts(first, parts, argv.one("out")!, io.interrupted);
  if (!argv.has("quiet")) print(io.stderr, `wrote ${paths.join(", ")}\n`);
  return 0;
};
