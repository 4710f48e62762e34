import { CostEvent } from "../../sim/cost-events.js";
import type { CostLedger } from "../../sim/cost-ledger.js";
import { LEVEL_PAGES, type PageLevel } from "../page-level.js";
import type { Rmp } from "./rmp.js";

/** How the host backs private memory, and what the guest adds to each validation. */
export interface Backing {
  /** Largest page of the host; the reverse map table has no entry above 2 MiB (level 1). */
  readonly hostLevel: PageLevel;
  /** Whether the VMM backs memory when its state changes; otherwise the guest's PVALIDATE faults. */
  readonly prefault: boolean;
  /** Whether the guest touches each validated page (coherency erratum). */
  readonly evictTouch: boolean;
}

/**
 * The host backs a range, and the guest validates it with PVALIDATEs of 4 KiB. Each page that
 * has no memory yet costs one fault of the guest, or one of the host if it prefaults.
 */
export function validateSmall(
  rmp: Rmp,
  ledger: CostLedger,
  backing: Backing,
  start: number,
  end: number,
): void {
  const spansBefore = rmp.tables.spans4k;
  const assigned = rmp.assign(start, end, 0);
  ledger.charge(backing.prefault ? CostEvent.prefault4k : CostEvent.npf4k, assigned);
  // Assumption: the host's memory for one 2 MiB span of the guest is new to 4 KiB RMP entries as a whole.
  ledger.charge(CostEvent.directMapSplit, rmp.tables.spans4k - spansBefore);
  ledger.charge(CostEvent.pvalidate4k, end - start);
  finish(rmp, ledger, backing, start, end);
}

/**
 * The same with PVALIDATEs of 2 MiB over whole spans. Where the entries are of 4 KiB, each
 * fails with FAIL_SIZEMISMATCH and is followed by 512 small ones (6.12
 * arch/x86/coco/sev/core.c: pval_pages). The failed one takes the fault of the first page.
 */
export function validateLarge(
  rmp: Rmp,
  ledger: CostLedger,
  backing: Backing,
  start: number,
  end: number,
): void {
  for (let position = start; position < end; ) {
    const runEnd = rmp.tables.splitRunEnd(position, end, 1);
    const spans = (runEnd - position) / LEVEL_PAGES[1];
    if (backing.hostLevel === 0 || rmp.tables.levelOf(position) === 0) {
      ledger.charge(CostEvent.pvalidateMismatch, spans);
      validateSmall(rmp, ledger, backing, position, runEnd);
    } else {
      const assigned = rmp.assign(position, runEnd, 1);
      ledger.charge(backing.prefault ? CostEvent.prefault2m : CostEvent.npf2m, assigned);
      ledger.charge(CostEvent.pvalidate2m, spans);
      finish(rmp, ledger, backing, position, runEnd);
    }
    position = runEnd;
  }
}

function finish(rmp: Rmp, ledger: CostLedger, backing: Backing, start: number, end: number): void {
  rmp.validate(start, end);
  if (backing.evictTouch) ledger.charge(CostEvent.evictTouch4k, end - start);
}
