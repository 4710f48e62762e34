import { CostEvent } from "../../sim/cost-events.js";
import type { CostLedger } from "../../sim/cost-ledger.js";
import { roundDown, roundUp } from "../../units.js";
import { LEVEL_PAGES } from "../page-tables.js";
import type { AcceptDone, PlatformOptions } from "../platform.js";
import type { SnpHost } from "./snp-host.js";

const SPAN_PAGES = LEVEL_PAGES[1];
/** Calls to replay one failed entry: 510 small entries, then 2. */
const REPLAY_CALLS = 2;

/** Entries of a request: pages of 4 KiB, then of 2 MiB, then of 4 KiB, as one range makes them. */
export interface EntryRuns {
  readonly head: number;
  readonly large: number;
  readonly tail: number;
}

/** The entries of a range: 2 MiB where position and remaining length allow, 4 KiB elsewhere. */
export function entryRuns(start: number, end: number): EntryRuns {
  const largeStart = Math.min(roundUp(start, SPAN_PAGES), end);
  const largeEnd = Math.max(roundDown(end, SPAN_PAGES), largeStart);
  return { head: largeStart - start, large: (largeEnd - largeStart) / SPAN_PAGES, tail: end - largeEnd };
}

/**
 * Charges the page state changes of one range, asked for through the GHCB (GHCB specification,
 * SNP Page State Change, exit code 0x80000010).
 *
 * The guest sends its entries in requests of `entriesPerExit`, one VMGEXIT each. KVM hands
 * neighbouring entries of one size to the VMM together (6.12 arch/x86/kvm/svm/sev.c:
 * snp_begin_psc), so a request takes one exit to user space, and one more for each change of
 * the page size within it. The VMM sets the memory attributes at each.
 *
 * @param pages what the entries cover, in 4 KiB pages
 */
export function chargePageStateChange(
  ledger: CostLedger,
  runs: EntryRuns,
  pages: number,
  entriesPerExit: number,
): void {
  const { head, large, tail } = runs;
  const requests = Math.ceil((head + large + tail) / entriesPerExit);
  let userExits = requests;
  // A change of size between two requests costs no exit of its own.
  if (head > 0 && large > 0 && head % entriesPerExit !== 0) userExits++;
  if (large > 0 && tail > 0 && (head + large) % entriesPerExit !== 0) userExits++;
  ledger.charge(CostEvent.vmgexitPsc, requests);
  chargeUserExits(ledger, userExits, pages);
}

export function chargeMsrPageStateChange(ledger: CostLedger, pages: number): void {
  ledger.charge(CostEvent.vmgexitPsc, pages);
  chargeUserExits(ledger, pages, pages);
}

/** KVM_EXIT_HYPERCALL with KVM_HC_MAP_GPA_RANGE; the VMM answers with KVM_SET_MEMORY_ATTRIBUTES. */
function chargeUserExits(ledger: CostLedger, userExits: number, pages: number): void {
  ledger.charge(CostEvent.userExit, userExits);
  ledger.charge(CostEvent.attributeSet, userExits);
  ledger.charge(CostEvent.attributeSetPage, pages);
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
  readonly #done: AcceptDone;
  readonly #svsm: boolean;
  /** Whether the VMM backs memory when its state changes; otherwise PVALIDATE faults. */
  readonly #prefault: boolean;

  constructor(
    host: SnpHost,
    ledger: CostLedger,
    done: AcceptDone,
    { svsm = false, prefault = false }: PlatformOptions,
  ) {
    this.#host = host;
    this.#ledger = ledger;
    this.#done = done;
    this.#svsm = svsm;
    this.#prefault = prefault;
  }

  /** @param toPrivate the state change of each batch comes first, so the VMM may have backed it by then */
  entries(start: number, runs: EntryRuns, batchEntries: number, toPrivate: boolean): void {
    const { head, large, tail } = runs;
    const prefault = toPrivate && this.#prefault;
    const batches = { entries: head + large + tail, batchEntries };
    const largeStart = start + head;
    const largeEnd = largeStart + large * SPAN_PAGES;
    this.#small(start, largeStart, batchEntries, prefault);
    const replays = this.#large(largeStart, largeEnd, head, batches, prefault);
    const tailStart = batchEntries - ((head + large) % batchEntries);
    this.#small(largeEnd, largeEnd + tail, tailStart, prefault);
    if (this.#svsm) this.#askSvsm(batchCalls(batches) + replays, toPrivate);
  }

  pages(start: number, end: number, stateChange: boolean): void {
    this.#small(start, end, 1, stateChange && this.#prefault);
    if (this.#svsm) this.#askSvsm(end - start, true);
  }

  /**
   * What an SVSM does besides PVALIDATE: each entry that it validates it maps, clears, so that no host can
   * show the guest another page's contents, and adjusts for the guest's privilege level (COCONUT-SVSM
   * kernel/src/protocols/core.rs: core_pvalidate_one, 2026-08).
   */
  #askSvsm(calls: number, toPrivate: boolean): void {
    this.#ledger.charge(CostEvent.svsmCall, calls);
    if (!toPrivate) return;
    const [small, large] = this.#done.leaves;
    this.#ledger.charge(CostEvent.rmpadjust, small! + large!);
    this.#ledger.charge(CostEvent.svsmZero4k, small!);
    this.#ledger.charge(CostEvent.svsmZero2m, large!);
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
    this.#charge4k(end - start);
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
        this.#charge4k(runEnd - position);
        calls += mismatchCalls(batches, entry, entry + spans);
      } else {
        this.#host.mapLarge(position, runEnd, cause);
        this.#ledger.charge(CostEvent.pvalidate2m, spans);
        this.#done.leaves[1]! += spans;
      }
      position = runEnd;
    }
    return calls;
  }

  #charge4k(pages: number): void {
    this.#ledger.charge(CostEvent.pvalidate4k, pages);
    this.#done.leaves[0]! += pages;
  }
}

interface Batches {
  readonly entries: number;
  readonly batchEntries: number;
}

/**
 * Calls of the SVSM for one batch after another of PVALIDATEs (SVSM core protocol, call 1). A
 * batch fits the calling area, which holds 510 entries of 8 bytes. The SVSM stops at an entry
 * of 2 MiB that fails with FAIL_SIZEMISMATCH (0x80001006). The guest calls again for the entries
 * after it, if there are any, and replays the failed one as 512 small entries, which take two
 * calls (6.12 arch/x86/coco/sev/core.c: svsm_pval_pages; edk2 OvmfPkg/Library/AmdSvsmLib:
 * SvsmPvalidate). This many if no entry fails.
 */
function batchCalls({ entries, batchEntries }: Batches): number {
  return Math.ceil(entries / batchEntries);
}

/** Calls in addition because entries [first, last), by their position in the range, fail. */
function mismatchCalls({ entries, batchEntries }: Batches, first: number, last: number): number {
  let ends = Math.floor(last / batchEntries) - Math.floor(first / batchEntries);
  if (last === entries && entries % batchEntries !== 0) ends++;
  return (last - first) * (1 + REPLAY_CALLS) - ends;
}
