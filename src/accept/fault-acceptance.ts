import type { ArchAccept, UnacceptedTable } from "../efistub/unaccepted-table.js";
import { type RequestRow, requestsInTurns } from "../memblock/request-rows.js";
import { PAGE_SIZE, type PhysAddr, roundDown } from "../units.js";
import type { AcceptLock } from "./accept-memory.js";

/**
 * Places where the kernel cannot take the exception of a first touch, in words: the entry of an NMI; the gap
 * after SYSCALL in which the stack is still the user's; the stack of the exception's own handler
 * (Documentation/arch/x86/tdx.rst of 6.12 on #VE; linux-mm, February 2021, on #VC).
 */
export const TOUCH_PLACES = {
  nmi: "in the entry of an NMI",
  "syscall-gap": "in the gap after SYSCALL, where the stack is still the user's",
  "handler-stack": "on the stack of the exception's own handler",
} as const;

export type TouchContext = keyof typeof TOUCH_PLACES;
export const TOUCH_CONTEXTS: readonly TouchContext[] = Object.keys(TOUCH_PLACES) as TouchContext[];

/** The platform's side of a first touch. Addresses in bytes. */
export interface FaultPlatform extends ArchAccept {
  /** @throws an error of the platform's own when the guest is left instead of taking the exception */
  exception(start: number): void;
}

/** How much a fault accepts; bytes, powers of two. */
export interface FaultBatches {
  readonly batchBytes: number;
  /** Larger than `batchBytes` for adaptive doubling. */
  readonly batchMaxBytes: number;
}

/**
 * Acceptance by the exception of the first touch, for a kernel that hands out unaccepted memory like
 * any other. A fault accepts the unaccepted part of the aligned batch around it; where it comes just
 * after the last batch, an adaptive handler doubles the batch, because a walk through memory will go on.
 *
 * Memory from memblock or the page allocator counts as touched at once, from its first page to its
 * last: most is cleared before it is used (assumption for the rest).
 */
export class FaultAcceptance {
  faults = 0;
  /** The kernel's record. A longer one takes its place when unaccepted memory is plugged in. */
  table: UnacceptedTable | undefined;
  readonly #platform: FaultPlatform;
  readonly #lock: AcceptLock | undefined;
  readonly #batches: FaultBatches;
  #batchBytes: number;
  #lastEnd = -1;

  /** @param table by units no larger than a batch; without one all memory is accepted */
  constructor(
    table: UnacceptedTable | undefined,
    platform: FaultPlatform,
    batches: FaultBatches,
    lock?: AcceptLock,
  ) {
    if (table !== undefined && table.unitSizeBytes > batches.batchBytes) {
      throw new Error("accept: a batch cannot be smaller than a unit of the table");
    }
    this.table = table;
    this.#platform = platform;
    this.#lock = lock;
    this.#batches = batches;
    this.#batchBytes = batches.batchBytes;
  }

  /** The guest touches memory from `start` on, page after page. */
  touch(start: PhysAddr, sizeBytes: number): void {
    const table = this.table;
    if (table === undefined) return;
    const { physBase, unitSizeBytes, unitCount } = table;
    const from = Math.max(start, physBase) - physBase;
    const end = Math.min(Math.ceil((start + sizeBytes - physBase) / unitSizeBytes), unitCount);
    const first = Math.floor(from / unitSizeBytes);
    table.requireMapped(first, end);
    for (let unit = table.nextSet(first, end); unit < end; unit = table.nextSet(unit, end)) {
      const address = Math.max(start, physBase + unit * unitSizeBytes);
      this.#fault(table, roundDown(address, PAGE_SIZE));
    }
  }

  /** As `touch` for each request of rows that take turns. */
  touchInTurns(turns: number, rows: readonly RequestRow[]): void {
    if (this.table === undefined) return;
    requestsInTurns(turns, rows, (start, sizeBytes) => this.touch(start, sizeBytes));
  }

  #fault(table: UnacceptedTable, address: number): void {
    const { physBase, unitSizeBytes, unitCount } = table;
    this.faults++;
    const { batchBytes, batchMaxBytes } = this.#batches;
    this.#batchBytes = address === this.#lastEnd ? Math.min(2 * this.#batchBytes, batchMaxBytes) : batchBytes;
    const batchStart = roundDown(address, this.#batchBytes);
    const batchEnd = batchStart + this.#batchBytes;
    const first = Math.max(Math.ceil((batchStart - physBase) / unitSizeBytes), 0);
    const end = Math.min(Math.floor((batchEnd - physBase) / unitSizeBytes), unitCount);
    this.#platform.exception(address);
    this.#lock?.enter(first, end);
    table.acceptUnits(first, end, this.#platform);
    this.#lock?.leave(first, end);
    this.#lastEnd = batchEnd;
  }
}
