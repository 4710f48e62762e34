import { CostEvent } from "../../sim/cost-events.js";
import type { CostLedger } from "../../sim/cost-ledger.js";
import { roundDown, roundUp } from "../../units.js";
import { LEVEL_PAGES, type PageLevel } from "../page-tables.js";
import type { SecureEpt } from "./secure-ept.js";

/**
 * The guest gives accepted pages of [start, end), in page frames, back to the state before their acceptance, so
 * that the host can take them away. It tries 1 GiB, then 2 MiB, then 4 KiB, as it accepts ("x86/tdx: Release
 * private memory before private->shared conversion", 2026-06-04; microsoft/OHCL-Linux-Kernel pull request 160).
 * Pages that it never accepted need none of it. Assumption: below a larger leaf the host breaks that up first, as
 * for an accept.
 */
export function releasePages(sept: SecureEpt, ledger: CostLedger, start: number, end: number): void {
  for (let position = sept.mapped.firstIn(start, end); position < end; ) {
    const runEnd = sept.mapped.runEnd(position, end);
    release(sept, ledger, position, runEnd, 2);
    position = sept.mapped.firstIn(runEnd, end);
  }
}

function release(sept: SecureEpt, ledger: CostLedger, start: number, end: number, level: PageLevel): void {
  if (start >= end) return;
  if (level === 0) {
    ledger.charge(CostEvent.pageRelease, end - start);
    return;
  }
  const smaller = level === 2 ? 1 : 0;
  const pages = LEVEL_PAGES[level];
  const first = Math.min(roundUp(start, pages), end);
  const last = Math.max(roundDown(end, pages), first);
  release(sept, ledger, start, first, smaller);
  for (let position = first; position < last; ) {
    const runEnd = sept.tables.splitRunEnd(position, last, level);
    const spans = (runEnd - position) / pages;
    if (sept.tables.levelOf(position) >= level) ledger.charge(CostEvent.pageRelease, spans);
    else {
      ledger.charge(CostEvent.pageReleaseMismatch, spans);
      release(sept, ledger, position, runEnd, smaller);
    }
    position = runEnd;
  }
  release(sept, ledger, last, end, smaller);
}
