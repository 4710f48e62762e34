import { CostEvent } from "../../sim/cost-events.js";
import type { CostLedger } from "../../sim/cost-ledger.js";
import { roundDown, roundUp } from "../../units.js";
import { LEVEL_PAGES } from "../page-level.js";
import type { EntryRuns } from "./page-state-change.js";
import type { SnpHost } from "./snp-host.js";
import { type Batches, batchCalls, mismatchCalls } from "./svsm.js";

const SPAN_PAGES = LEVEL_PAGES[1];

/** The entries of a range: 2 MiB where position and remaining length allow, 4 KiB elsewhere. */
export function entryRuns(start: number, end: number): EntryRuns {
  const largeStart = Math.min(roundUp(start, SPAN_PAGES), end);
  const largeEnd = Math.max(roundDown(end, SPAN_PAGES), largeStart);
  return { head: largeStart - start, large: (largeEnd - largeStart) / SPAN_PAGES, tail: end - largeEnd };
}

/** How a guest executes PVALIDATE. */
export interface GuestRules {
  /** Whether an SVSM does it for the guest. */
  readonly svsm: boolean;
  /** Whether the VMM backs memory when its state changes; otherwise PVALIDATE faults. */
  readonly prefault: boolean;
}

/**
 * The PVALIDATEs of a guest, with what its host does at each. They change the validated bit one
 * way or the other at the same cost; the caller does so. Whether the bit has the other value yet
 * was checked before: it must, or the carry flag says that there was no update, and guests
 * terminate. Ranges are in page frames.
 */
export class Pvalidate {
  readonly #host: SnpHost;
  readonly #ledger: CostLedger;
  readonly #rules: GuestRules;

  constructor(host: SnpHost, ledger: CostLedger, rules: GuestRules) {
    this.#host = host;
    this.#ledger = ledger;
    this.#rules = rules;
  }

  /**
   * The entries of a range in batches, each after its page state change if that makes the
   * memory private.
   *
   * @param toPrivate the state change comes first, so the VMM may have backed the batch by then
   */
  entries(start: number, runs: EntryRuns, batchEntries: number, toPrivate: boolean): void {
    const { head, large, tail } = runs;
    const prefault = toPrivate && this.#rules.prefault;
    const batches = { entries: head + large + tail, batchEntries };
    const largeStart = start + head;
    const largeEnd = largeStart + large * SPAN_PAGES;
    this.#small(start, largeStart, batchEntries, prefault);
    const replays = this.#large(largeStart, largeEnd, head, batches, prefault);
    const tailStart = batchEntries - ((head + large) % batchEntries);
    this.#small(largeEnd, largeEnd + tail, tailStart, prefault);
    if (this.#rules.svsm) this.#ledger.charge(CostEvent.svsmCall, batchCalls(batches) + replays);
  }

  /** One page after another, each with a call of its own, each after its page state change if any. */
  pages(start: number, end: number, stateChange: boolean): void {
    this.#small(start, end, 1, stateChange && this.#rules.prefault);
    if (this.#rules.svsm) this.#ledger.charge(CostEvent.svsmCall, end - start);
  }

  /**
   * PVALIDATEs of 4 KiB. One on a 2 MiB entry makes the guest leave with a size mismatch in its
   * fault; the host splits the entry, and maps again what is touched.
   *
   * @param firstBatch how many entries can at most be in one batch with the first of a span
   */
  #small(start: number, end: number, firstBatch: number, prefault: boolean): void {
    const cause = prefault ? "prefault" : "touch";
    for (let position = start; position < end; ) {
      if (this.#host.levelAt(position) === 0) {
        const runEnd = this.#host.levelRunEnd(position, end);
        this.#host.mapSmall(position, runEnd, cause);
        position = runEnd;
        continue;
      }
      const spanStart = roundDown(position, SPAN_PAGES);
      const spanEnd = spanStart + SPAN_PAGES;
      const partEnd = Math.min(spanEnd, end);
      this.#host.mapLarge(spanStart, spanEnd, cause);
      this.#host.smash(position);
      // The split came after the prefault of its batch.
      const batchEnd = Math.min(position + firstBatch, partEnd);
      this.#host.mapSmall(position, batchEnd, "touch");
      this.#host.mapSmall(batchEnd, partEnd, cause);
      position = partEnd;
    }
    this.#ledger.charge(CostEvent.pvalidate4k, end - start);
  }

  /**
   * PVALIDATEs of 2 MiB over whole spans. Where the entries are of 4 KiB, each fails with
   * FAIL_SIZEMISMATCH and is followed by 512 small ones (6.12 arch/x86/coco/sev/core.c:
   * pval_pages). The failed one takes the fault of the first page.
   *
   * @param firstEntry how many entries of the range come before
   * @returns calls of an SVSM because of failed entries
   */
  #large(start: number, end: number, firstEntry: number, batches: Batches, prefault: boolean): number {
    const cause = prefault ? "prefault" : "touch";
    let calls = 0;
    for (let position = start; position < end; ) {
      const runEnd = this.#host.levelRunEnd(position, end);
      const spans = (runEnd - position) / SPAN_PAGES;
      if (this.#host.levelAt(position) === 0) {
        const entry = firstEntry + (position - start) / SPAN_PAGES;
        this.#host.mapSmall(position, runEnd, cause);
        this.#ledger.charge(CostEvent.pvalidateMismatch, spans);
        this.#ledger.charge(CostEvent.pvalidate4k, runEnd - position);
        calls += mismatchCalls(batches, entry, entry + spans);
      } else {
        this.#host.mapLarge(position, runEnd, cause);
        this.#ledger.charge(CostEvent.pvalidate2m, spans);
      }
      position = runEnd;
    }
    return calls;
  }
}
