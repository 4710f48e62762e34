/** What becomes of memory in every cell of the matrix: each is a boot of its own. */

import { parseScenario } from "../../scenario/load.js";
import type { LoadedWorkload } from "../../workload/after-boot.js";
import type { MemoryResult, Outcome } from "../result.js";
import { runScenario } from "../run-scenario.js";
import { type Cell, matrixCells } from "./cells.js";

/** One cell, simulated. */
export interface MatrixCell extends Omit<Cell, "runs">, Omit<MemoryResult, "onlineBytes" | "visibleBytes"> {
  /** RAM of the guest. */
  readonly memoryBytes: number;
  /** RAM that the kernel knows of, from its map or because it came online. */
  readonly visibleBytes: number;
  readonly bootTimeNs: number;
  readonly outcome: Outcome;
  /** One sentence, for every outcome but `ready`. */
  readonly reason?: string;
}

/**
 * Boots every cell.
 *
 * @param memory as in a scenario; what the machine has below 4 GiB is 2 GiB of it
 * @param loaded the boot that all of them replay
 * @throws ScenarioError for a size that no guest can have
 */
export function runMatrix(memory: string, loaded: LoadedWorkload): MatrixCell[] {
  return matrixCells().map(({ runs, ...names }) => {
    const text = JSON.stringify({
      name: "matrix",
      workload: loaded.recording.name,
      policy: "lazy",
      platform: names.platform,
      firmware: { preset: runs.firmware, acceptAll: runs.acceptAll, highMemory: runs.highMemory },
      guest: {
        unacceptedMemory: names.kernel,
        bootLoader: runs.bootLoader,
        checksAcpiMemory: runs.checksAcpiMemory,
      },
    });
    const flag = { flag: `--memory ${memory}`, path: ["memory"], value: memory };
    const scenario = parseScenario(text, "matrix", [flag])[0]!;
    const {
      memoryBytes,
      memory: of,
      bootTimeNs,
      outcome,
      reason,
    } = runScenario(scenario, loaded, {
      check: false,
    });
    return {
      ...names,
      memoryBytes,
      visibleBytes: of.visibleBytes + of.onlineBytes,
      lostBytes: of.lostBytes,
      acceptedBy: of.acceptedBy,
      bootTimeNs,
      outcome,
      ...(reason === undefined ? {} : { reason }),
    };
  });
}
