import { CostEvent } from "../../sim/cost-events.js";
import type { CostLedger } from "../../sim/cost-ledger.js";
import { HostMemoryError } from "../host-supply.js";
import { LEVEL_PAGES, type PageLevel } from "../page-level.js";
import type { TdxHost } from "./tdx-host.js";

const ACCEPT_ZERO: readonly CostEvent[] = [
  CostEvent.acceptZero4k,
  CostEvent.acceptZero2m,
  CostEvent.acceptZero1g,
];

/**
 * Accepts whole leaves of one level over [start, end) in page frames, none of which has a
 * leaf of another level. For each: one TDCALL, the clearing, and, where the host had given no
 * memory yet, one exit. When the guest asked for a larger page first, that failed call took the
 * exit for the first small page; the sum is the same, one exit for each leaf the host makes.
 * Pages that are mapped already cost one TDCALL without effect.
 *
 * @returns leaves that were mapped already
 * @throws HostMemoryError where the host has no more memory; all before that is accepted
 */
export function acceptLeaves(
  host: TdxHost,
  ledger: CostLedger,
  start: number,
  end: number,
  level: PageLevel,
): number {
  const pages = LEVEL_PAGES[level];
  const reached = host.reach(start, end, level);
  const duplicates = host.sept.mappedIn(start, reached) / pages;
  const accepted = (reached - start) / pages - duplicates;
  ledger.charge(CostEvent.tdcall, accepted);
  ledger.charge(CostEvent.tdcallAlreadyAccepted, duplicates);
  ledger.charge(ACCEPT_ZERO[level]!, accepted);
  host.accept(start, reached, level);
  if (reached < end) throw host.shortage(reached);
  return duplicates;
}

/**
 * Accepts spans of some pages in smaller leaves, after an accept of each as a whole has failed.
 *
 * @param accept accepts [start, end) from below
 * @throws HostMemoryError where the host has no more memory; spans behind that were not tried
 */
export function acceptAfterMismatch(
  ledger: CostLedger,
  start: number,
  end: number,
  pages: number,
  accept: () => void,
): void {
  let reached = end;
  try {
    accept();
  } catch (error) {
    if (error instanceof HostMemoryError && error.pfn !== undefined) reached = error.pfn + 1;
    throw error;
  } finally {
    ledger.charge(CostEvent.tdcallMismatch, Math.ceil((reached - start) / pages));
  }
}
