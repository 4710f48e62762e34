/** How the programs of a TDX guest accept memory: what each tries, in which order. */

import { CostEvent } from "../../sim/cost-events.js";
import { roundDown, roundUp } from "../../units.js";
import { LEVEL_PAGES, type PageLevel } from "../page-tables.js";
import { HostMemoryError } from "../platform.js";
import type { SecureEpt } from "./secure-ept.js";
import type { TdxHost } from "./tdx-host.js";

const ACCEPT_ZERO: readonly CostEvent[] = [
  CostEvent.acceptZero4k,
  CostEvent.acceptZero2m,
  CostEvent.acceptZero1g,
];

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
export function firmwareAccept(host: TdxHost, start: number, end: number): number {
  const pages = LEVEL_PAGES[1];
  const first = Math.min(roundUp(start, pages), end);
  const last = end - first > pages ? roundDown(end, pages) : first;
  return acceptSmall(host, start, first) + acceptLarge(host, first, last) + acceptSmall(host, last, end);
}

/** Accepts of 2 MiB; where the host has smaller pages, each fails and is done again in 4 KiB. */
function acceptLarge(host: TdxHost, start: number, end: number): number {
  requireLeaves(host.sept, start, end, 1);
  let duplicates = 0;
  for (let position = start; position < end; ) {
    const runEnd = host.levelRunEnd(position, end, 1);
    if (host.levelAt(position) >= 1) {
      duplicates += acceptLeaves(host, position, runEnd, 1);
    } else {
      const from = position;
      acceptAfterMismatch(host, from, runEnd, LEVEL_PAGES[1], () => {
        duplicates += acceptSmall(host, from, runEnd);
      });
    }
    position = runEnd;
  }
  return duplicates;
}

function acceptSmall(host: TdxHost, start: number, end: number): number {
  requireLeaves(host.sept, start, end, 0);
  return acceptLeaves(host, start, end, 0);
}

/**
 * An accept below a mapped leaf that is larger would make the host break the leaf up
 * (TDH.MEM.PAGE.DEMOTE). Firmware accepts each range once and never gets there.
 */
function requireLeaves(sept: SecureEpt, start: number, end: number, level: PageLevel): void {
  for (let mapped = sept.mapped.firstIn(start, end); mapped < end; ) {
    if (sept.tables.levelOf(mapped) > level) {
      throw new Error("tdx: the firmware accepts pages in a range that is mapped with larger ones.");
    }
    mapped = sept.mapped.firstIn(sept.tables.levelRunEnd(mapped, end), end);
  }
}

/**
 * How Linux accepts [start, end), in page frames none of which is accepted (6.12
 * arch/x86/coco/tdx/tdx-shared.c: tdx_accept_memory, shared by decompressor and kernel).
 *
 * At each position the guest tries 1 GiB, then 2 MiB, then 4 KiB, as far as alignment and
 * remaining length allow, and falls through to the next smaller size on any failure. The host
 * maps no more than the guest asks for and no more than its own page allows; a size above what the host
 * has mapped fails once for each aligned span, since the next position is no longer aligned
 * when its first small page is done.
 *
 * @param level largest size to try
 * @throws HostMemoryError where the host has no more memory; all before that is accepted
 */
export function guestAccept(host: TdxHost, start: number, end: number, level: PageLevel = 2): void {
  if (start >= end) return;
  if (level === 0) {
    acceptLeaves(host, start, end, 0);
    return;
  }
  const smaller = level === 2 ? 1 : 0;
  const pages = LEVEL_PAGES[level];
  const first = roundUp(start, pages);
  const last = roundDown(end, pages);
  if (first >= last) {
    guestAccept(host, start, end, smaller);
    return;
  }
  guestAccept(host, start, first, smaller);
  for (let position = first; position < last; ) {
    const runEnd = host.levelRunEnd(position, last, level);
    if (host.levelAt(position) >= level) {
      acceptLeaves(host, position, runEnd, level);
    } else {
      const from = position;
      acceptAfterMismatch(host, from, runEnd, pages, () => {
        guestAccept(host, from, runEnd, smaller);
      });
    }
    position = runEnd;
  }
  guestAccept(host, last, end, smaller);
}

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
function acceptLeaves(host: TdxHost, start: number, end: number, level: PageLevel): number {
  const pages = LEVEL_PAGES[level];
  const reached = host.reach(start, end, level);
  const duplicates = host.sept.mapped.countIn(start, reached) / pages;
  const accepted = (reached - start) / pages - duplicates;
  host.ledger.charge(CostEvent.tdcall, accepted);
  host.ledger.charge(CostEvent.tdcallAlreadyAccepted, duplicates);
  host.ledger.charge(ACCEPT_ZERO[level]!, accepted);
  host.done.leaves[level]! += accepted;
  host.accept(start, reached, level);
  if (reached < end) throw host.shortage(reached);
  return duplicates;
}

/**
 * Accepts spans of some pages in smaller leaves, after an accept of each as a whole has failed.
 *
 * @throws HostMemoryError where the host has no more memory; later spans were not tried
 */
function acceptAfterMismatch(
  host: TdxHost,
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
    host.ledger.charge(CostEvent.tdcallMismatch, Math.ceil((reached - start) / pages));
  }
}
