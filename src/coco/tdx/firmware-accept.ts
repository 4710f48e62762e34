import type { CostLedger } from "../../sim/cost-ledger.js";
import { roundDown, roundUp } from "../../units.js";
import { LEVEL_PAGES, type PageLevel } from "../page-level.js";
import { acceptAfterMismatch, acceptLeaves } from "./accept-leaves.js";
import type { SecureEpt } from "./secure-ept.js";
import type { TdxHost } from "./tdx-host.js";

/**
 * How TDVF accepts [start, end), in page frames, on its boot CPU (edk2 c5aa7e7
 * OvmfPkg/IntelTdx/TdxHelperLib/SecTdxHelper.c: BspAcceptMemoryResourceRange). In three parts:
 * up to the first multiple of 2 MiB with 4 KiB accepts, whole multiples with 2 MiB accepts
 * (PcdTdxAcceptPageSize) if strictly more than 2 MiB remain, and the rest with 4 KiB accepts. So
 * an aligned range of exactly 2 MiB is accepted in small pages.
 *
 * @returns pages and leaves that were accepted already, which the firmware only warns about
 * @throws HostMemoryError where the host has no more memory; all before that is accepted
 */
export function firmwareAccept(host: TdxHost, ledger: CostLedger, start: number, end: number): number {
  const pages = LEVEL_PAGES[1];
  const first = Math.min(roundUp(start, pages), end);
  const last = end - first > pages ? roundDown(end, pages) : first;
  return (
    acceptSmall(host, ledger, start, first) +
    acceptLarge(host, ledger, first, last) +
    acceptSmall(host, ledger, last, end)
  );
}

/** Accepts of 2 MiB; where the host has smaller pages, each fails and is done again in 4 KiB. */
function acceptLarge(host: TdxHost, ledger: CostLedger, start: number, end: number): number {
  requireLeaves(host.sept, start, end, 1);
  let duplicates = 0;
  for (let position = start; position < end; ) {
    const runEnd = host.levelRunEnd(position, end, 1);
    if (host.levelAt(position) >= 1) {
      duplicates += acceptLeaves(host, ledger, position, runEnd, 1);
    } else {
      const from = position;
      acceptAfterMismatch(ledger, from, runEnd, LEVEL_PAGES[1], () => {
        duplicates += acceptSmall(host, ledger, from, runEnd);
      });
    }
    position = runEnd;
  }
  return duplicates;
}

/** Accepts of 4 KiB one after another. */
function acceptSmall(host: TdxHost, ledger: CostLedger, start: number, end: number): number {
  requireLeaves(host.sept, start, end, 0);
  return acceptLeaves(host, ledger, start, end, 0);
}

/**
 * An accept below a mapped leaf that is larger would make the host break the leaf up
 * (TDH.MEM.PAGE.DEMOTE). Firmware accepts each range once and never gets there.
 */
function requireLeaves(sept: SecureEpt, start: number, end: number, level: PageLevel): void {
  for (let mapped = sept.firstMapped(start, end); mapped < end; ) {
    if (sept.tables.levelOf(mapped) > level) {
      throw new Error("tdx: the firmware accepts pages in a range that is mapped with larger ones.");
    }
    mapped = sept.firstMapped(sept.tables.levelRunEnd(mapped, end), end);
  }
}
