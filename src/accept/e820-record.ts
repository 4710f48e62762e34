import { ZERO_PAGE_ENTRIES } from "../efistub/setup-e820.js";
import type { AcceptMemory } from "./accept-memory.js";
import { E820Ranges, KERNEL_ENTRIES, type TrackedRange } from "./e820-ranges.js";

/**
 * Where the kernel keeps what is accepted: in the bitmap of 6.5, or as ranges of its e820 table, with as
 * many entries as the zero page or the kernel's own table has.
 */
export const ACCEPTANCE_RECORDS = ["bitmap", "e820-zero-page", "e820-kernel"] as const;
export type AcceptanceRecord = (typeof ACCEPTANCE_RECORDS)[number];

/** What became of the e820 table as a record. */
export interface E820RecordResult {
  /** The most entries that it had. */
  readonly entries: number;
  /** Memory accepted only because there was no room to say that it is not; bytes. */
  readonly gapBytes: number;
}

/**
 * The e820 table as the record of what is accepted ("remove the unaccepted memory flag from the range that
 * got accepted", Kirill A. Shutemov, linux-coco, February 2021; that it gets bulky, "[PATCHv10 04/11]
 * efi/x86: Implement support for unaccepted memory", 2023). The kernel accepts by the same units and at the
 * same moments as with a bitmap (assumption); where the table is full, the smallest gap is accepted too.
 */
export class E820Record {
  readonly #ranges: E820Ranges;
  readonly #acceptance: AcceptMemory;

  /**
   * @param map the kernel's memory as it begins, by what is accepted
   * @param acceptGap accepts what the table has no room for, on the hardware
   */
  constructor(
    record: Exclude<AcceptanceRecord, "bitmap">,
    map: readonly TrackedRange[],
    acceptance: AcceptMemory,
    acceptGap: (start: number, end: number) => void,
  ) {
    this.#acceptance = acceptance;
    const capacity = record === "e820-kernel" ? KERNEL_ENTRIES : ZERO_PAGE_ENTRIES;
    this.#ranges = new E820Ranges(record, map, capacity, {
      acceptMemory: (start, end) => {
        acceptGap(start, end);
        this.#forget(start, end);
      },
    });
  }

  /** The kernel has accepted [start, end); bytes. */
  accepted(start: number, end: number): void {
    this.#ranges.note(start, end);
  }

  get result(): E820RecordResult {
    const { entries, gapBytes } = this.#ranges.use;
    return { entries, gapBytes };
  }

  /** Whoever asks is to find the gap accepted. */
  #forget(start: number, end: number): void {
    const table = this.#acceptance.table!;
    const unitOf = (address: number): number => (address - table.physBase) / table.unitSizeBytes;
    table.clearRange(Math.floor(unitOf(start)), Math.min(Math.ceil(unitOf(end)), table.unitCount));
  }
}
