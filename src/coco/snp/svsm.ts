/**
 * Calls of the SVSM for one batch after another of PVALIDATEs (SVSM core protocol, call 1). A
 * batch fits the calling area, which holds 510 entries of 8 bytes. The SVSM stops at an entry
 * of 2 MiB that fails with FAIL_SIZEMISMATCH (0x80001006). The guest calls again for the entries
 * behind it, if there are any, and replays the failed one as 512 small entries, which take two
 * calls (6.12 arch/x86/coco/sev/core.c: svsm_pval_pages; edk2 OvmfPkg/Library/AmdSvsmLib:
 * SvsmPvalidate).
 */

/** Calls to replay one failed entry: 510 small entries, then 2. */
const REPLAY_CALLS = 2;

/** Entries of a range, and how many of them the guest hands over together. */
export interface Batches {
  /** Entries of the whole range. */
  readonly entries: number;
  readonly batchEntries: number;
}

/** Calls for a range if no entry fails. */
export function batchCalls({ entries, batchEntries }: Batches): number {
  return Math.ceil(entries / batchEntries);
}

/** Calls in addition because entries [first, last), by their position in the range, fail. */
export function mismatchCalls({ entries, batchEntries }: Batches, first: number, last: number): number {
  let ends = Math.floor(last / batchEntries) - Math.floor(first / batchEntries);
  if (last === entries && entries % batchEntries !== 0) ends++;
  return (last - first) * (1 + REPLAY_CALLS) - ends;
}
