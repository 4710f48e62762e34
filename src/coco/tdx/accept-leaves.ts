import { CostEvent } from "../../sim/cost-events.js";
import type { CostLedger } from "../../sim/cost-ledger.js";
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
 */
export function acceptLeaves(
  host: TdxHost,
  ledger: CostLedger,
  start: number,
  end: number,
  level: PageLevel,
): number {
  const pages = LEVEL_PAGES[level];
  const duplicates = host.sept.mappedIn(start, end) / pages;
  const accepted = (end - start) / pages - duplicates;
  ledger.charge(CostEvent.tdcall, accepted);
  ledger.charge(CostEvent.tdcallAlreadyAccepted, duplicates);
  ledger.charge(ACCEPT_ZERO[level]!, accepted);
  host.accept(start, end, level);
  return duplicates;
}
