import { MigrateType } from "../page-alloc/migratetype.js";
import type { PageAllocator } from "../page-alloc/page-allocator.js";
import { NO_PAGE } from "../page-alloc/page-frames.js";
import { asPfn, PAGEBLOCK_ORDER } from "../units.js";
import { LabKind, type LabLog } from "../workload/lab-log.js";
import type { Comparison } from "./comparison.js";

/**
 * Compares each change of a pageblock's type in a log with the type that the block has in the model
 * once the step is through. A block that the model changes on its own is seen in the final types.
 */
export class Retypings {
  readonly result: Comparison = { compared: 0, equal: 0 };
  readonly #log: LabLog;
  readonly #allocator: PageAllocator;
  /** Records of changes, in the order of the log. */
  readonly #records: number[] = [];
  /** For each of them, the record of its CPU that says what the change was for. */
  readonly #causes: number[] = [];
  #next = 0;

  constructor(log: LabLog, allocator: PageAllocator) {
    this.#log = log;
    this.#allocator = allocator;
    const latest = new Map<number, number>();
    for (let i = log.length - 1; i >= 0; i--) {
      if (log.kind[i] === LabKind.SET_TYPE) {
        this.#records.push(i);
        this.#causes.push(latest.get(log.cpu[i]!) ?? log.length - 1);
      } else latest.set(log.cpu[i]!, i);
    }
    this.#records.reverse();
    this.#causes.reverse();
  }

  /** Compares the changes whose steps have been replayed: those before a record. */
  compareBefore(end: number): void {
    for (; this.#next < this.#records.length && this.#causes[this.#next]! < end; this.#next++)
      this.#compare(this.#records[this.#next]!);
  }

  #compare(i: number): void {
    const { type, pfn } = this.#log;
    const { frames } = this.#allocator;
    const page = frames.pageOf(asPfn(pfn[i]!));
    // Memory that nobody has touched has no frames and is movable.
    const found = page === NO_PAGE ? MigrateType.MOVABLE : frames.pageblockType[page >> PAGEBLOCK_ORDER]!;
    this.result.compared++;
    if (found === type[i]) {
      this.result.equal++;
      return;
    }
    this.result.firstDivergence ??= {
      event: i,
      expected: `type ${type[i]}`,
      found: `type ${found}`,
      context: `pageblock 0x${pfn[i]!.toString(16)}`,
    };
  }
}
