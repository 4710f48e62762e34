/** What runs have to say beside their numbers, each remark once. */

import type { RunResult } from "../results/row.js";
import { formatBytes } from "../units.js";
import { formatVcpus } from "./cells.js";

/** One that is not about all runs names the first that it is about. */
export function remarkLines(runs: readonly RunResult[]): string[] {
  return [...new Set(runs.flatMap(({ remarks }) => remarks ?? []))].map((line) => {
    const those = runs.filter(({ remarks }) => remarks?.includes(line) === true);
    return those.length === runs.length ? line : `${line} (${placeText(those)})`;
  });
}

/** `lazy on tdx, 4 GiB, 1 vCPU and 2 more`. */
function placeText([first, ...others]: readonly RunResult[]): string {
  const { policy, platform, memoryBytes, vcpus } = first!;
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  return `${policy} on ${platform}, ${formatBytes(memoryBytes)}, ${formatVcpus(vcpus)}${more}`;
}
