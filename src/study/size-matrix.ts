/**
 * Guests of many sizes with versions of firmware and kernel: which of them boot, what they lose, and where the table of
 * unaccepted memory lies in what the kernel keeps for it.
 */

import { USUAL_POLICY } from "../policy/policies.js";
import type { RunResult } from "../results/row.js";
import { parseScenario } from "../scenario/load.js";
import { NO_PRICE_SETS, type PriceSets } from "../scenario/price-set-file.js";
import type { Scenario } from "../scenario/scenario.js";
import type { Assignment } from "../scenario/set.js";
import type { AddressRange } from "../units.js";
import type { LoadedWorkload } from "../workload/after-boot.js";
import { tableReservation } from "../x86/early-efi.js";
import { resultOf, runGuest } from "./run-scenario.js";

/** The table as the EFI stub placed it, and the memory that the kernel keeps for it. */
export interface TablePlace {
  readonly address: number;
  readonly tableBytes: number;
  readonly keptBytes: number;
  /** Of the table, what is not kept: the kernel faults when it looks there. */
  readonly missedBytes: number;
}

export interface SizeCell
  extends Pick<
    RunResult,
    | "platform"
    | "prices"
    | "kernel"
    | "memoryBytes"
    | "vcpus"
    | "lostBytes"
    | "bootTimeNs"
    | "outcome"
    | "reason"
  > {
  /** The tag of edk2. */
  readonly version: string;
  readonly acceptedBy: RunResult["memory"]["acceptedBy"];
  /** Absent where nothing was left unaccepted, or the guest ended before. */
  readonly table?: TablePlace;
}

/**
 * The guests, sizes outermost on each platform.
 *
 * @param loaded the boot that all of them replay
 * @param assignments over memory, kernel, platform, firmware.version, vcpus and prices
 * @param sets of prices that they name
 * @throws ScenarioError for a value that no guest can have
 */
export function sizeGuests(
  loaded: LoadedWorkload,
  assignments: readonly Assignment[],
  sets: PriceSets = NO_PRICE_SETS,
): Scenario[] {
  const text = JSON.stringify({ name: "sizes", workload: loaded.recording.name, policy: USUAL_POLICY });
  const scenarios = parseScenario(text, "matrix", assignments, sets);
  const bySize = scenarios.toSorted((a, b) => a.memoryBytes - b.memoryBytes);
  return [...new Set(bySize.map(({ platform }) => platform.kind))].flatMap((kind) =>
    bySize.filter(({ platform }) => platform.kind === kind),
  );
}

export function runSize(scenario: Scenario, loaded: LoadedWorkload): SizeCell {
  const guestRun = runGuest(scenario, loaded, { check: false });
  const run = resultOf(scenario, loaded, guestRun);
  const { platform, prices, kernel, memoryBytes, vcpus, lostBytes, bootTimeNs, outcome, reason } = run;
  const efi = guestRun.guest.machine?.efi;
  const range = efi?.unacceptedTable;
  return {
    platform,
    prices,
    version: scenario.firmware.version,
    kernel,
    memoryBytes,
    vcpus,
    lostBytes,
    acceptedBy: run.memory.acceptedBy,
    bootTimeNs,
    outcome,
    ...(reason === undefined ? {} : { reason }),
    ...(range === undefined ? {} : { table: placeOf(range, tableReservation(range, efi!.tableReservation)) }),
  };
}

/** @param kept the reservation */
export function placeOf(range: AddressRange, kept: AddressRange): TablePlace {
  return {
    address: range.start,
    tableBytes: range.end - range.start,
    keptBytes: kept.end - kept.start,
    missedBytes: Math.max(0, range.end - kept.end),
  };
}
