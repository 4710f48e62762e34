/** What there is to say about runs beside their numbers, on stderr. */

import type { RunResult } from "../study/result.js";
import type { CliContext } from "./context.js";

/** Writes each remark once, however many runs it is about. */
export function writeRemarks(
  runs: Iterable<Pick<RunResult, "remarks">>,
  { stderr }: Pick<CliContext["io"], "stderr">,
): void {
  const lines = new Set([...runs].flatMap(({ remarks }) => remarks ?? []));
  for (const line of lines) stderr.write(`${line}\n`);
}
