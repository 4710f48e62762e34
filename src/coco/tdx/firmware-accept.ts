import { CostEvent } from "../../sim/cost-events.js";
import type { CostLedger } from "../../sim/cost-ledger.js";
import { roundDown, roundUp } from "../../units.js";
import { LEVEL_PAGES, type PageLevel } from "../page-level.js";
import { acceptLeaves } from "./accept-charges.js";
import type { SecureEpt } from "./secure-ept.js";

/**
 * How TDVF accepts [start, end), in page frames, on its boot CPU (edk2 c5aa7e7
 * OvmfPkg/IntelTdx/TdxHelperLib/SecTdxHelper.c: BspAcceptMemoryResourceRange). In three parts:
 * up to the first multiple of 2 MiB with 4 KiB accepts, whole multiples with 2 MiB accepts
 * (PcdTdxAcceptPageSize) if strictly more than 2 MiB remain, and the rest with 4 KiB accepts. So
 * an aligned range of exactly 2 MiB is accepted in small pages.
 *
 * @returns pages and leaves that were accepted already, which the firmware only warns about
 */
export function firmwareAccept(
  sept: SecureEpt,
  ledger: CostLedger,
  hostLevel: PageLevel,
  start: number,
  end: number,
): number {
  const pages = LEVEL_PAGES[1];
  const first = Math.min(roundUp(start, pages), end);
  const last = end - first > pages ? roundDown(end, pages) : first;
  return (
    acceptSmall(sept, ledger, start, first) +
    acceptLarge(sept, ledger, hostLevel, first, last) +
    acceptSmall(sept, ledger, last, end)
  );
}

/** Accepts of 2 MiB; where the host has smaller pages, each fails and is done again in 4 KiB. */
function acceptLarge(
  sept: SecureEpt,
  ledger: CostLedger,
  hostLevel: PageLevel,
  start: number,
  end: number,
): number {
  let duplicates = 0;
  for (let position = start; position < end; ) {
    const runEnd = sept.tables.splitRunEnd(position, end, 1);
    if (Math.min(hostLevel, sept.tables.levelOf(position)) >= 1) {
      duplicates += acceptLeaves(sept, ledger, position, runEnd, 1);
    } else {
      ledger.charge(CostEvent.tdcallMismatch, (runEnd - position) / LEVEL_PAGES[1]);
      duplicates += acceptSmall(sept, ledger, position, runEnd);
    }
    position = runEnd;
  }
  return duplicates;
}

/** Accepts of 4 KiB one after another. */
function acceptSmall(sept: SecureEpt, ledger: CostLedger, start: number, end: number): number {
  if (sept.mappedIn(start, end) > 0) requireSmallLeaves(sept, start, end);
  return acceptLeaves(sept, ledger, start, end, 0);
}

/**
 * An accept of 4 KiB below a mapped leaf that is larger would make the host break the leaf up
 * (TDH.MEM.PAGE.DEMOTE). Firmware accepts each range once and never gets there.
 */
function requireSmallLeaves(sept: SecureEpt, start: number, end: number): void {
  for (let mapped = sept.firstMapped(start, end); mapped < end; ) {
    if (sept.tables.levelOf(mapped) > 0) {
      throw new Error("tdx: the firmware accepts pages of 4 KiB in a range that is mapped with larger ones.");
    }
    mapped = sept.firstMapped(roundDown(mapped, LEVEL_PAGES[1]) + LEVEL_PAGES[1], end);
  }
}
