/**
 * Acceptance in the running kernel (drivers/firmware/efi/unaccepted_memory.c, 6.12 and 7.3).
 *
 * Requests are rounded to units, and a request that ends on a unit boundary takes one unit more:
 * load_unaligned_zeropad() may read a few bytes past a buffer, and a TDX guest cannot recover
 * from touching unaccepted memory. Requests of several CPUs that get in each other's way are up to
 * an `AcceptLock`; what a request does to the bitmap is done before the next one begins.
 */

import type { ArchAccept, UnacceptedTable } from "../efistub/unaccepted-table.js";
import type { AcceptRules } from "../linux/rules.js";
import { type RequestRow, requestsInTurns } from "../memblock/request-rows.js";
import { singlesAfter } from "../sim/singles.js";
import {
  asPhys,
  MAX_ORDER_BYTES,
  PAGE_SIZE,
  type Pfn,
  type PhysAddr,
  type PhysRange,
  physRange,
  roundDown,
  roundUp,
} from "../units.js";
import type { AcceptRow } from "./accept-meter.js";

/** Where requests of several CPUs wait for one another; units [first, end) of the table. */
export interface AcceptLock {
  /** A request is about to look at the bitmap. It may wait here. */
  enter(first: number, end: number): void;
  /** The same request is done. */
  leave(first: number, end: number): void;
  /** The bitmap is about to be read only. */
  read(): void;
  /**
   * Does requests for neighbouring pieces, which are accepted by that too: the first of a row, as far as they come to the
   * same when they are done as one.
   *
   * @param reschedules whether the CPU lets others run before each
   * @returns how many are done; 0 where each is to be asked for
   */
  acceptAlike(row: AcceptRow, reschedules: boolean): number;
}

/** accept_memory() and range_contains_unaccepted_memory() over one table. Addresses and sizes in bytes. */
export class AcceptMemory {
  /** Requests that had something to accept. */
  acceptCalls = 0;
  /** Told of every request before anything is looked up; bytes. */
  onRequest: ((start: PhysAddr, sizeBytes: number) => void) | undefined = undefined;
  /** The kernel's record. A longer one takes its place when unaccepted memory is plugged in. */
  table: UnacceptedTable | undefined;
  readonly #arch: ArchAccept;
  readonly #lock: AcceptLock | undefined;
  readonly #wholePages: boolean;

  /**
   * @param lock absent: requests never meet, or nobody asks how long they take
   * @param rules absent: as before 7.0
   */
  constructor(
    table: UnacceptedTable | undefined,
    arch: ArchAccept,
    lock?: AcceptLock,
    rules: Pick<AcceptRules, "wholePages"> = { wholePages: false },
  ) {
    this.table = table;
    this.#arch = arch;
    this.#lock = lock;
    this.#wholePages = rules.wholePages;
  }

  /** Accepts what is unaccepted of [start, start + sizeBytes) and of the guard unit after it. */
  acceptMemory(start: PhysAddr, sizeBytes: number): void {
    this.onRequest?.(start, sizeBytes);
    const table = this.table;
    const end = this.#endOf(start, sizeBytes);
    if (table === undefined || end < table.physBase) return;
    const unit = table.unitSizeBytes;
    const first = Math.floor((Math.max(start, table.physBase) - table.physBase) / unit);
    this.#accept(table, first, Math.ceil(guardedEnd(table, end) / unit));
  }

  /** As `acceptMemory` for each request of rows that take turns, as memblock makes them for the memory map. */
  acceptInTurns(turns: number, rows: readonly RequestRow[]): void {
    if (this.table === undefined && this.onRequest === undefined) return;
    const main = rows.at(-1);
    if (this.onRequest !== undefined || this.table?.unmapped !== undefined || main === undefined) {
      requestsInTurns(turns, rows, (start, sizeBytes) => this.acceptMemory(start, sizeBytes));
      return;
    }
    const others = rows.slice(0, -1);
    for (let left = turns; left > 0; ) {
      for (const { start, sizeBytes, each } of others) {
        for (let one = left * each - 1; one >= (left - 1) * each; one--)
          this.acceptMemory(asPhys(start + one * sizeBytes), sizeBytes);
      }
      // Requests with nothing to accept take no time, so that it does not matter when they come.
      const asOne = 1 + this.#turnsWithNothing(others, left - 1);
      left -= asOne;
      this.#acceptEach(
        asPhys(main.start + left * main.each * main.sizeBytes),
        main.sizeBytes,
        asOne * main.each,
      );
    }
  }

  /** How many of the next turns find nothing to accept, or half or a quarter of these; `left` are still to come. */
  #turnsWithNothing(rows: readonly RequestRow[], left: number): number {
    let turns = left;
    while (turns > 0 && !rows.every((row) => this.#isAccepted(row, left - turns, left)))
      turns = Math.floor(turns / 2);
    return turns;
  }

  /** Whether nothing is left to accept for a row's requests of some turns, counted from the last one up. */
  #isAccepted({ start, sizeBytes, each }: RequestRow, from: number, to: number): boolean {
    const { table } = this;
    const end = start + to * each * sizeBytes;
    if (table === undefined || end < table.physBase) return true;
    const relative = Math.max(start + from * each * sizeBytes, table.physBase) - table.physBase;
    const endUnit = Math.ceil(guardedEnd(table, end) / table.unitSizeBytes);
    return table.nextSet(Math.floor(relative / table.unitSizeBytes), endUnit) >= endUnit;
  }

  /** As `acceptMemory` for each of `count` requests, each right below the one before; `start` is that of the lowest. */
  #acceptEach(start: PhysAddr, sizeBytes: number, count: number): void {
    const row = [{ start, sizeBytes, each: 1 }];
    let singles = 1;
    for (let left = count; left > 0; ) {
      for (let one = Math.min(singles, left); one > 0; one--)
        this.acceptMemory(asPhys(start + --left * sizeBytes), sizeBytes);
      // Many requests of 4 KiB lie in one unit.
      const asOne = this.#turnsWithNothing(row, left) || this.#acceptRow(start, sizeBytes, left, true, false);
      left -= asOne;
      singles = singlesAfter(asOne, singles);
    }
  }

  /**
   * As `acceptMemory` for each of the first blocks of 4 MiB from a page frame on. Where the guard unit of each is
   * accepted with it, and the next block is left without its first unit, they are all alike.
   *
   * @param reschedules whether the CPU lets others run before each
   * @returns how many blocks are accepted; 0 where each is to be asked for
   */
  acceptBlocks(startPfn: Pfn, blocks: number, reschedules = false): number {
    const { table } = this;
    const start = startPfn * PAGE_SIZE;
    if (table === undefined || start < table.physBase) return 0;
    const first = (start - table.physBase) / table.unitSizeBytes;
    if (!Number.isInteger(first) || first >= table.unitCount || table.isSet(first)) return 0;
    return this.#acceptRow(start + table.unitSizeBytes, MAX_ORDER_BYTES, blocks, false, reschedules);
  }

  /** Neighbouring pieces of which each is accepted whole, and nothing else with it. @returns how many are done */
  #acceptRow(
    start: number,
    pieceBytes: number,
    pieces: number,
    downwards: boolean,
    reschedules: boolean,
  ): number {
    const { table } = this;
    if (table === undefined || this.#lock === undefined || this.onRequest !== undefined) return 0;
    const { physBase, unitSizeBytes, unitCount } = table;
    const first = (start - physBase) / unitSizeBytes;
    const units = pieceBytes / unitSizeBytes;
    if (first < 0 || !Number.isInteger(first) || !Number.isInteger(units)) return 0;
    const lowest = (count: number): number => (downwards ? first + (pieces - count) * units : first);
    // Half of them and half again, until all of them are unaccepted.
    let count = Math.floor(Math.min(pieces, (unitCount - first) / units));
    if (downwards && count < pieces) return 0;
    while (
      count > 0 &&
      table.nextClear(lowest(count), lowest(count) + count * units) < lowest(count) + count * units
    )
      count = Math.floor(count / 2);
    const end = lowest(count) + count * units;
    if (count === 0 || (table.unmapped !== undefined && end >= table.unmapped.firstUnit)) return 0;
    const row = { start: physBase + lowest(count) * unitSizeBytes, pieceBytes, pieces: count, downwards };
    const done = this.#lock.acceptAlike(row, reschedules);
    const from = downwards ? end - done * units : lowest(count);
    table.clearRange(from, from + done * units);
    this.acceptCalls += done;
    return done;
  }

  /**
   * Takes memory that is about to become shared off the record: the unaccepted units inside [start, end).
   * A unit that reaches beyond, or the guard unit after an end on a border, is accepted, because users of
   * the memory next to it rely on that.
   *
   * @returns the units taken, ascending; all of [start, end) outside of them is accepted
   */
  takeUnaccepted(start: PhysAddr, end: PhysAddr): PhysRange[] {
    const table = this.table;
    if (table === undefined || end < table.physBase) return [];
    const { physBase, unitSizeBytes: unit } = table;
    const unitOf = (address: number): number =>
      Math.min(Math.max(address - physBase, 0) / unit, table.unitCount);
    const [from, to] = [unitOf(start), unitOf(end)];
    if (!Number.isInteger(from)) this.#accept(table, Math.floor(from), Math.ceil(from));
    this.#accept(table, Math.floor(to), Math.min(Math.floor(to) + 1, table.unitCount));
    const taken: PhysRange[] = [];
    const last = Math.floor(to);
    table.requireMapped(Math.ceil(from), last);
    for (let run = table.nextSet(Math.ceil(from), last); run < last; ) {
      const runEnd = table.nextClear(run, last);
      taken.push(physRange(asPhys(physBase + run * unit), (runEnd - run) * unit));
      table.clearRange(run, runEnd);
      run = table.nextSet(runEnd, last);
    }
    return taken;
  }

  #accept(table: UnacceptedTable, first: number, end: number): void {
    table.requireMapped(first, end);
    this.#lock?.enter(first, end);
    if (table.acceptUnits(first, end, this.#arch) > 0) this.acceptCalls++;
    this.#lock?.leave(first, end);
  }

  /**
   * Whether a range, or the guard unit after it, has unaccepted memory. The kernel steps by whole
   * units from the start it was given; a range that is not aligned can end inside a unit that no
   * step reaches.
   */
  rangeContainsUnaccepted(start: PhysAddr, sizeBytes: number): boolean {
    const table = this.table;
    const end = this.#endOf(start, sizeBytes);
    if (table === undefined || end < table.physBase) return false;
    const unit = table.unitSizeBytes;
    const firstByte = this.#wholePages ? roundDown(start, PAGE_SIZE) : start;
    const from = Math.max(firstByte, table.physBase) - table.physBase;
    const first = Math.floor(from / unit);
    const endUnit = first + Math.ceil((guardedEnd(table, end) - from) / unit);
    table.requireMapped(first, Math.min(endUnit, table.unitCount));
    this.#lock?.read();
    return table.nextSet(first, endUnit) < endUnit;
  }

  #endOf(start: number, sizeBytes: number): number {
    return this.#wholePages ? roundUp(start + sizeBytes, PAGE_SIZE) : start + sizeBytes;
  }

  /**
   * How many of the first blocks of 4 MiB, from a page frame that starts one, give the same answer
   * to `rangeContainsUnaccepted` as the first. It looks at runs of units and not at blocks, so a
   * hand-over of a terabyte takes a few steps.
   *
   * @returns 1 to `blockCount`, or 0 when that is 0
   */
  unacceptedRunLength(startPfn: Pfn, blockCount: number): number {
    const table = this.table;
    if (table === undefined || blockCount === 0) return blockCount;
    const unitsPerBlock = MAX_ORDER_BYTES / table.unitSizeBytes;
    const firstUnit = (startPfn * PAGE_SIZE - table.physBase) / table.unitSizeBytes;
    // Blocks below the table have negative units, which are accepted.
    const end = Math.min(firstUnit + blockCount * unitsPerBlock + 1, table.unitCount);
    const nextSet = (unit: number): number => table.nextSet(Math.max(0, unit), end);

    let set = nextSet(firstUnit);
    if (set >= end) return blockCount;
    if (set > firstUnit + unitsPerBlock) {
      // Accepted up to the first block that sees this unit, inside or as its guard.
      return Math.min(Math.ceil((set - unitsPerBlock - firstUnit) / unitsPerBlock), blockCount);
    }
    let block = 0;
    while (block < blockCount) {
      const unit = firstUnit + block * unitsPerBlock;
      set = nextSet(unit);
      if (set >= end || set > unit + unitsPerBlock) return block;
      const lastSet = table.nextClear(set, end) - 1;
      block = Math.floor((lastSet - firstUnit) / unitsPerBlock) + 1;
    }
    return blockCount;
  }
}

/** End of a range relative to the table, with the guard unit, not beyond the table. */
function guardedEnd(table: UnacceptedTable, end: number): number {
  const unit = table.unitSizeBytes;
  const relative = end - table.physBase;
  return Math.min(relative % unit === 0 ? relative + unit : relative, table.unitCount * unit);
}
