/** What becomes of memory in every cell of the matrix: each is a boot of its own. */

import type { MemoryResult, Outcome } from "../../results/row.js";
import { parseScenario } from "../../scenario/load.js";
import type { Scenario } from "../../scenario/scenario.js";
import type { LoadedWorkload } from "../../workload/after-boot.js";
import { runScenario } from "../run-scenario.js";
import { type Cell, matrixCells } from "./cells.js";

/** One cell, simulated. */
export interface MatrixCell extends Omit<Cell, "runs">, Omit<MemoryResult, "onlineBytes" | "visibleBytes"> {
  /** RAM of the guest. */
  readonly memoryBytes: number;
  /** RAM that the kernel knows of, from its map or because it came online. */
  readonly visibleBytes: number;
  /** RAM that the kernel never gets. */
  readonly lostBytes: number;
  readonly bootTimeNs: number;
  readonly outcome: Outcome;
  /** One sentence, for every outcome but `ready`. */
  readonly reason?: string;
}

/** A cell and the guest that shows it. */
export interface MatrixGuest {
  readonly cell: Cell;
  readonly scenario: Scenario;
}

/**
 * The guests of all cells.
 *
 * @param memory as in a scenario; what the machine has below 4 GiB is 2 GiB of it
 * @param loaded the boot that all of them replay
 * @throws ScenarioError for a size that no guest can have
 */
export function matrixGuests(memory: string, loaded: LoadedWorkload): MatrixGuest[] {
  return matrixCells().map((cell) => ({ cell, scenario: scenarioOf(cell, memory, loaded) }));
}

function scenarioOf({ runs, kernel, platform }: Cell, memory: string, loaded: LoadedWorkload): Scenario {
  const text = JSON.stringify({
    name: "matrix",
    workload: loaded.recording.name,
    policy: "lazy",
    platform,
    firmware: { preset: runs.firmware, acceptAll: runs.acceptAll, highMemory: runs.highMemory },
    guest: {
      unacceptedMemory: kernel,
      bootLoader: runs.bootLoader,
      checksAcpiMemory: runs.checksAcpiMemory,
    },
  });
  const flag = { flag: `--memory ${memory}`, path: ["memory"], value: memory };
  return parseScenario(text, "matrix", [flag])[0]!;
}

/** Boots the guest of a cell. */
export function runCell({ cell, scenario }: MatrixGuest, loaded: LoadedWorkload): MatrixCell {
  const { runs: _, ...names } = cell;
  const run = runScenario(scenario, loaded, { check: false });
  const { visibleBytes, onlineBytes, acceptedBy } = run.memory;
  return {
    ...names,
    memoryBytes: run.memoryBytes,
    visibleBytes: visibleBytes + onlineBytes,
    lostBytes: run.lostBytes,
    acceptedBy,
    bootTimeNs: run.bootTimeNs,
    outcome: run.outcome,
    ...(run.reason === undefined ? {} : { reason: run.reason }),
  };
}
