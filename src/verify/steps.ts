/**
 * What a recording asks of the allocator, as one stream of steps, whichever kernel wrote it: the readers in
 * lab-steps.ts and stock-steps.ts work out which record asks for what and when it took effect, and the
 * follower repeats it.
 */

import { gfpMigrateType } from "../page-alloc/index.js";
import type { Pfn } from "../units.js";

/** What a record asks for. Records without a step only say what the allocator did. */
export const Step = {
  NONE: 0,
  ALLOC: 1,
  /** A page of alloc_pages_bulk(), which has a record for each. */
  BULK: 2,
  /** To the per-CPU lists, or where the order does not go there, to the buddy lists. */
  FREE: 3,
  /** To the buddy lists although the order has a per-CPU list: an interrupt found the list locked. */
  FREE_LOCKED: 4,
  /** The rest of a block that alloc_pages_exact() does not need: to the tail of the buddy lists (make_alloc_exact). */
  FREE_REST: 5,
  /** A refill that no traced allocation owns: the tracepoints of alloc_pages_bulk() are only these. */
  BULK_REFILL: 6,
  /** The vmstat worker lowers a per-CPU limit and drains down to it. */
  DECAY: 7,
  /** The vmstat worker drains the list of another node's zone. */
  TIMER_DRAIN: 8,
  /** Drains that no free owns, where the vmstat worker's limits are not recorded. */
  UNTOLD_DECAY: 9,
  /** An allocation that found the per-CPU list locked. */
  ALLOC_LOCKED: 10,
  /** An allocation of a page that was freed into the hands of who asks. */
  ALLOC_CAPTURED: 11,
  /** One that must not wait for a lock. */
  ALLOC_NO_LOCK: 12,
  /** A free that must not wait for a lock, and one that is put off because it would have to. */
  FREE_NO_LOCK: 13,
  FREE_PUT_OFF: 14,
  /** Compaction takes a free block, or reorders a list. */
  ISOLATE: 15,
  LIST_CUT: 16,
  /** A CPU's lists of a zone drain, whoever asks for it. */
  DRAIN_CPU: 17,
  /** kswapd takes a boost away, begins or ends with a zone. */
  KSWAPD_BOOST: 18,
  RECLAIM_ACTIVE: 19,
  PCP_FLAGS: 20,
  /** A drain goes on that was interrupted between two batches. */
  DRAIN_REST: 21,
  /** A freed block is taken by a waiting compactor. This and the next four come when what they are of is through. */
  CAPTURE: 22,
  RETYPE: 23,
  BOOSTED: 24,
  RESERVED: 25,
  /** A zone grew within a request, before boot memory is handed over for good. */
  GROWN: 26,
  /** Stages of boot: per-CPU lists are sized, watermarks are set, boot memory is handed over. */
  PCP_SIZES: 27,
  WATERMARKS: 28,
  RELEASE: 29,
} as const;

export function isAllocation(step: number): boolean {
  return (
    step === Step.ALLOC ||
    step === Step.BULK ||
    step === Step.ALLOC_LOCKED ||
    step === Step.ALLOC_CAPTURED ||
    step === Step.ALLOC_NO_LOCK
  );
}

/** Whether a step takes place, or shows, right behind the record at which it took effect. */
function isBehind(step: number): boolean {
  return step >= Step.CAPTURE && step <= Step.GROWN;
}

/** Columns that both kinds of recordings have. */
export interface Records {
  readonly count: number;
  /** As the recording numbers them. */
  readonly kind: Uint8Array;
  readonly order: Uint8Array;
  readonly migrateType: Uint8Array;
  readonly cpu: Uint8Array | Uint16Array;
  /** gfp flags of an allocation. */
  readonly detail: Uint32Array;
  /** What else an instrumented kernel says. */
  readonly bLow?: Uint32Array;
  /** First frame; 0 or less where a request failed. */
  readonly pfn: PfnArray;
}

interface PfnArray extends Float64Array {
  [at: number]: Pfn;
}

/** A run of records in which blocks leave the buddy lists for one request. */
export interface Section {
  readonly start: number;
  readonly order: number;
  readonly type: number;
  /** As the reader numbers zones. */
  readonly zone: number;
  /** First frames of the blocks, in the order in which they were taken. */
  readonly pfns: Pfn[];
}

/** What a record asks for, and on which CPU. */
export interface Asked {
  readonly pfn: Pfn;
  /** Of the block, which a record that completes a free does not tell. */
  readonly order: number;
  readonly cpu: number;
  /** Of an allocation. */
  readonly gfp: number;
  readonly type: number;
}

/** The value of a key, made when it is first asked for. */
export function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

/** What to do, and when: a recording says most things a little after they happened. */
export class Steps {
  readonly records: Records;
  readonly step: Uint8Array;
  /** For each record with a step: the record at which it took effect. */
  readonly effect: Int32Array;
  /** Of the block that a step asks for or frees. */
  readonly order: Uint8Array;
  /** Pages that a free or the vmstat worker drained, and blocks that an allocation took from the buddy lists. */
  readonly moved: Int32Array;
  /** Records of the blocks that a step drained. */
  readonly drained: Map<number, number[]> = new Map();
  /** Claims of pageblocks that an allocation tried, by the record with which it begins. */
  readonly claims: Map<number, number[]> = new Map();
  /** Batches after which a drain was interrupted, or given up, for each that was. */
  readonly cutDrains: Map<number, number> = new Map();
  /** Blocks taken for an allocation or a bulk refill, where the recording names them. */
  readonly sections: Map<number, Section> = new Map();
  /** Allocations whose line came after frees that happened later. */
  interruptedAllocations = 0;
  /** Frees that found the per-CPU list locked. */
  lockedFrees = 0;
  /** Steps that took effect among another CPU's. */
  interleavedSteps = 0;

  constructor(records: Omit<Records, "pfn"> & { readonly pfn: Float64Array }) {
    this.records = records as Records;
    this.step = new Uint8Array(records.count);
    this.effect = Int32Array.from({ length: records.count }, (_, record) => record);
    this.order = records.order.slice();
    this.moved = new Int32Array(records.count);
  }

  /** A block went to the buddy lists because of a step, which takes effect with the first: other CPUs may have been at the lists since its own line. */
  drain(owner: number, record: number): void {
    const drained = getOrMake(this.drained, owner, (): number[] => []);
    if (drained.length === 0) this.effect[owner] = record;
    drained.push(record);
    this.moved[owner]! += 2 ** this.records.order[record]!;
  }

  at(record: number): Asked {
    const { pfn, cpu, detail } = this.records;
    const gfp = detail[record]!;
    return {
      pfn: pfn[record]!,
      order: this.order[record]!,
      cpu: cpu[record]!,
      gfp,
      type: gfpMigrateType(gfp),
    };
  }

  /** Counts the steps between whose effect and line another CPU has a record. */
  countInterleaved(): void {
    const { count, cpu } = this.records;
    for (let record = 0; record < count; record++) {
      if (this.step[record] === Step.NONE) continue;
      const last = Math.max(record, this.effect[record]!);
      let between = Math.min(record, this.effect[record]!);
      while (between < last && cpu[between] === cpu[record]) between++;
      if (between < last) this.interleavedSteps++;
    }
  }

  /** Records with a step in the order in which they took effect; what is compared, is when that is through. */
  sequence(): Uint32Array {
    const keys: number[] = [];
    for (const [record, step] of this.step.entries()) {
      if (step === Step.NONE) continue;
      keys.push(this.effect[record]! * 2 ** 27 + (isBehind(step) ? 2 ** 26 : 0) + record);
    }
    return Uint32Array.from(Float64Array.from(keys).sort(), (key) => key % 2 ** 26);
  }

  /** For each record the next one on its CPU that is wanted, or -1. */
  nextOnCpu(isWanted: (record: number) => boolean): Int32Array {
    const { cpu, count } = this.records;
    const next = new Int32Array(count);
    const latest = new Map<number, number>();
    for (let record = count - 1; record >= 0; record--) {
      next[record] = latest.get(cpu[record]!) ?? -1;
      if (isWanted(record)) latest.set(cpu[record]!, record);
    }
    return next;
  }
}
