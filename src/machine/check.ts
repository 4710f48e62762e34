/** A run of a scenario beside what a guest showed of its boot, line for line. */

import type { Scenario } from "../scenario/scenario.js";
import { runGuest } from "../study/run-scenario.js";
import type { LoadedWorkload } from "../workload/after-boot.js";
import { substitutions } from "./causes.js";
import type { CheckRow } from "./check-row.js";
import type { Evidence } from "./evidence.js";
import { identityRows } from "./identity-rows.js";
import { StructuralRows } from "./structural-rows.js";
import { kernelMachineOf, structureOf } from "./structure.js";
import { notesOf, rowsOfRun } from "./told-rows.js";

export interface MachineCheck {
  readonly rows: readonly CheckRow[];
  /** What is to be said of the whole comparison. */
  readonly notes: readonly string[];
}

/** @throws GuestEnded for a guest whose kernel does not start */
export function checkMachine(scenario: Scenario, loaded: LoadedWorkload, evidence: Evidence): MachineCheck {
  const own = kernelMachineOf(scenario, loaded);
  const { log, iomem } = evidence;
  const steps = log === undefined ? [] : substitutions(own, log.content, iomem?.content.imageBytes);
  const structural = new StructuralRows(structureOf(own), steps, evidence, scenario.memoryMap.length > 0);
  const identity = log === undefined ? [] : identityRows(log, scenario);
  const rows = [...identity, ...structural.all(), ...rowsOfRun(evidence, runGuest(scenario, loaded, {}))];
  return { rows, notes: notesOf(evidence, scenario, rows) };
}

export function holds({ rows }: MachineCheck): boolean {
  return rows.every(({ verdict }) => verdict !== "unexplained");
}
