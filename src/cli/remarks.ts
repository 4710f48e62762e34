/** What there is to say about runs beside their numbers, on stderr. */

import { formatVcpus } from "../report/cells.js";
import type { RunResult } from "../results/row.js";
import { formatBytes } from "../units.js";
import type { CliContext } from "./context.js";
import { print } from "./print.js";

/**
 * Writes each remark of some runs once. One that is not about all of them names the first that it is
 * about. None with `--quiet`.
 */
export function writeRemarks(
  runs: readonly RunResult[],
  quiet: boolean,
  { stderr }: Pick<CliContext["io"], "stderr">,
): void {
  if (quiet) return;
  for (const line of new Set(runs.flatMap(({ remarks }) => remarks ?? []))) {
    const those = runs.filter(({ remarks }) => remarks?.includes(line) === true);
    print(stderr, those.length === runs.length ? `${line}\n` : `${line} (${placeText(those)})\n`);
  }
}

/** `lazy on tdx, 4 GiB, 1 vCPU and 2 more`. */
function placeText([first, ...others]: readonly RunResult[]): string {
  const { policy, platform, memoryBytes, vcpus } = first!;
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  return `${policy} on ${platform}, ${formatBytes(memoryBytes)}, ${formatVcpus(vcpus)}${more}`;
}
