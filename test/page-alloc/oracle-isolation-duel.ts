import { allocContigRange } from "../../src/page-alloc/contiguous.js";
import {
  type IsolationType,
  startIsolatePageRange,
  undoIsolatePageRange,
} from "../../src/page-alloc/isolation.js";
import type { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { asPfn } from "../../src/units.js";
import type { Oracle } from "./oracle.js";
import { same } from "./oracle-compare.js";
import type { RandomMachine } from "./oracle-machines.js";
import type { Random } from "./oracle-random.js";

/** Ranges isolated at the same time: more would leave little to allocate. */
const RANGES_MAX = 3;

interface Range {
  readonly start: number;
  readonly end: number;
  readonly type: IsolationType;
}

/** Isolation and allocation of ranges of frames on the allocator and the naive model side by side. */
export class IsolationDuel {
  readonly #random: Random;
  readonly #machine: RandomMachine;
  readonly #allocator: PageAllocator;
  readonly #oracle: Oracle;
  readonly #held: { pfn: number; order: number }[];
  readonly #reached: Set<string>;
  readonly #isolated: Range[] = [];

  constructor(
    random: Random,
    machine: RandomMachine,
    allocator: PageAllocator,
    oracle: Oracle,
    held: { pfn: number; order: number }[],
    reached: Set<string>,
  ) {
    this.#random = random;
    this.#machine = machine;
    this.#allocator = allocator;
    this.#oracle = oracle;
    this.#held = held;
    this.#reached = reached;
  }

  /** One random operation; says which. @throws Error at a difference */
  next(cpu: number): string {
    const random = this.#random;
    if (this.#isolated.length >= RANGES_MAX || (this.#isolated.length > 0 && random.chance(40))) {
      return this.#undo(this.#isolated.splice(random.below(this.#isolated.length), 1)[0]!, cpu);
    }
    const range = this.#range();
    return range === undefined
      ? "no range"
      : random.chance(60)
        ? this.#isolate(range, cpu)
        : this.#allocate(range, cpu);
  }

  /** Up to four pageblocks of a zone, or a part of them. */
  #range(): Range | undefined {
    const random = this.#random;
    const zone = random.pick(this.#machine.zones);
    const memoryEnd = zone.startPfn + zone.presentPages;
    const aligned = random.chance(60);
    const pfn = random.between(zone.startPfn, memoryEnd - 1);
    const start = aligned ? pfn - (pfn % 512) : pfn;
    const pages = aligned ? 512 * random.between(1, 4) : random.between(1, random.pick([20, 600, 2000]));
    const end = Math.min(start + pages, memoryEnd);
    // Frames before a zone, or between zones, have no place in this model.
    if (start - (start % 512) < zone.startPfn) return undefined;
    // cma_alloc() asks for frames of its areas only; others may ask for them in vain.
    const oracleZone = this.#oracle.zoneOf(start);
    let allCma = true;
    for (let at = start; at < end; at += 512 - (at % 512)) allCma &&= oracleZone.typeOf(at) === 4;
    return { start, end, type: allCma && random.chance(80) ? 4 : 1 };
  }

  #isolate(range: Range, cpu: number): string {
    const { start, end, type } = range;
    const zone = this.#oracle.zoneOf(start);
    const before = zone.unaccepted;
    const expected = this.#oracle.isolate(start, end, type, cpu);
    same("isolated", startIsolatePageRange(this.#allocator, asPfn(start), asPfn(end), type, cpu), expected);
    this.#reached.add(expected ? "isolated" : "not isolated");
    if (zone.unaccepted < before) this.#reached.add("accepted on isolation");
    if (expected && zone.unacceptedList.some((pfn) => pfn + 512 === start)) {
      this.#reached.add("isolated but unaccepted");
    }
    if (expected) this.#isolated.push(range);
    return `isolate ${text(range)} cpu ${cpu}`;
  }

  #undo(range: Range, cpu: number): string {
    this.#oracle.undoIsolate(range.start, range.end, range.type, cpu);
    undoIsolatePageRange(this.#allocator, asPfn(range.start), asPfn(range.end), range.type, cpu);
    return `end isolation of ${text(range)} cpu ${cpu}`;
  }

  #allocate(range: Range, cpu: number): string {
    const { start, end, type } = range;
    const expected = this.#oracle.allocContiguous(start, end, type, cpu);
    same("outcome", allocContigRange(this.#allocator, asPfn(start), asPfn(end), type, cpu), expected);
    this.#reached.add(expected === "allocated" ? "allocated at a place" : expected);
    for (let pfn = start; expected === "allocated" && pfn < end; pfn++) this.#held.push({ pfn, order: 0 });
    return `allocate ${text(range)} cpu ${cpu}`;
  }
}

function text({ start, end, type }: Range): string {
  return `0x${start.toString(16)} to 0x${end.toString(16)} type ${type}`;
}
