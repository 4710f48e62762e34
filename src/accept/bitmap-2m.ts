import { type ArchAccept, TABLE_HEADER_BYTES, UnacceptedTable } from "../efistub/unaccepted-table.js";
import { type AddressRange, asPhys, roundDown, roundUp, UNIT_SIZE } from "../units.js";
import { AcceptMemory } from "./accept-memory.js";
import { countRequest, newUse, type Tracker, type TrackerTraits, type TrackerUse } from "./tracker.js";

const WORD_BITS = 64;

/**
 * The table that was merged in 6.5: a bit for 2 MiB, in the memory of the firmware's tables. What
 * is smaller than a unit has to be accepted when the table is made.
 */
export class Bitmap2m implements Tracker {
  readonly name = "bitmap-2m";
  readonly use: TrackerUse;
  readonly traits: TrackerTraits = { granuleBytes: UNIT_SIZE, from: "decompressor", survivesKexec: true };
  readonly #table: UnacceptedTable;
  readonly #acceptance: AcceptMemory;

  /** @param unaccepted in whole units, ascending, at least one */
  constructor(unaccepted: readonly AddressRange[], hardware: ArchAccept) {
    const physBase = roundDown(unaccepted[0]!.start, UNIT_SIZE);
    const end = roundUp(unaccepted.at(-1)!.end, UNIT_SIZE);
    this.#table = new UnacceptedTable(physBase, Math.ceil((end - physBase) / UNIT_SIZE / 8));
    for (const range of unaccepted) {
      this.#table.setRange((range.start - physBase) / UNIT_SIZE, (range.end - physBase) / UNIT_SIZE);
    }
    this.#acceptance = new AcceptMemory(this.#table, hardware);
    this.use = newUse(TABLE_HEADER_BYTES + this.#table.bitmapBytes, this.#table.unitCount);
  }

  accept(start: number, end: number): void {
    countRequest(this.use, this.#words(start, end + UNIT_SIZE), 8);
    this.#acceptance.acceptMemory(asPhys(start), end - start);
  }

  hasUnaccepted(start: number, end: number): boolean {
    const first = this.#unit(start);
    const last = this.#unit(roundUp(end, UNIT_SIZE));
    return this.#table.nextSet(first, last) < last;
  }

  #unit(address: number): number {
    const unit = Math.floor((address - this.#table.physBase) / UNIT_SIZE);
    return Math.min(Math.max(unit, 0), this.#table.unitCount);
  }

  /** Words of the bitmap that a search over [start, end) reads. */
  #words(start: number, end: number): number {
    const first = this.#unit(start);
    const last = this.#unit(end);
    return last <= first ? 0 : Math.floor((last - 1) / WORD_BITS) - Math.floor(first / WORD_BITS) + 1;
  }
}
