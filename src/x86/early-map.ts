import { CostEvent } from "../sim/cost-events.js";
import type { CostLedger } from "../sim/cost-ledger.js";
import type { PhysRange } from "../units.js";
import { DirectMap, type LeafCounts } from "./direct-map.js";
import type { TablePages, TableSources } from "./table-pages.js";

export interface EarlyMapResult extends LeafCounts {
  /** Leaves that were split to share a part of them, after the direct map was made. */
  readonly splits: number;
  /** Tables below the kernel's own top-level one, all of them. */
  readonly tables: TableSources;
  /** Tables that the kernel wanted from memblock when the page allocator had its memory, each with a warning. */
  readonly lateMemblockCalls: number;
  /** Tables that were taken and given back, because another CPU had split the leaf. */
  readonly lostRaces: number;
  /** Flushes of a TLB that its own CPU did for itself, and those that all CPUs had to do. */
  readonly localFlushes: number;
  readonly globalFlushes: number;
  /** Memory that is shared with the host at the end, as the direct map tells. */
  readonly sharedBytes: number;
  /** Memory that was accepted only to be shared. */
  readonly wastedAcceptBytes: number;
}

/**
 * The direct map in a run: who changes it, and what that costs. Costs add up until `charge`, as
 * some changes are made before there is anybody to charge.
 */
export class EarlyMap {
  readonly map: DirectMap = new DirectMap();
  readonly tables: TablePages;
  /** Whether another CPU splits each leaf at the same time, and is first. */
  raced = false;
  #lostRaces = 0;
  #splits = 0;
  #localFlushes = 0;
  #globalFlushes = 0;
  #wastedAcceptBytes = 0;
  #due = { splits: 0, changedLeaves: 0, flushes: 0, flushedCpus: 0 };

  constructor(tables: TablePages) {
    this.tables = tables;
  }

  /**
   * Before the page allocator runs: tables go in one by one and a flush of this CPU's TLB ends it
   * all (6.12 arch/x86/mm/mem_encrypt_amd.c: early_set_memory_enc_dec).
   *
   * @throws GuestEnded
   */
  shareEarly({ start, end }: PhysRange): void {
    this.#change(start, end);
    this.#localFlushes++;
    this.#due.flushes++;
    this.#due.flushedCpus++;
  }

  /**
   * Makes memory shared. The TLBs of all CPUs are flushed of the old attribute first, after each split,
   * and after the change (6.12 arch/x86/mm/pat/set_memory.c: __split_large_page,
   * __set_memory_enc_pgtable; arch/x86/coco/tdx/tdx.c: tdx_tlb_flush_required).
   *
   * @param onlineCpus CPUs that take part, the one that asks included
   * @throws GuestEnded
   */
  convert({ start, end }: PhysRange, onlineCpus: number): void {
    const flushes = this.#change(start, end) + 2;
    this.#globalFlushes += flushes;
    this.#due.flushes += flushes;
    this.#due.flushedCpus += flushes * onlineCpus;
  }

  /**
   * Makes memory private whose entries say so already, as those of new memory do: nothing changes, but TLBs of all
   * CPUs are flushed, where a platform asks for it also before (6.12 arch/x86/mm/pat/set_memory.c:
   * __set_memory_enc_pgtable; amd_enc_tlb_flush_required, tdx_tlb_flush_required).
   */
  setPrivateAgain(flushesBefore: boolean, onlineCpus: number): void {
    const flushes = flushesBefore ? 2 : 1;
    this.#globalFlushes += flushes;
    this.#due.flushes += flushes;
    this.#due.flushedCpus += flushes * onlineCpus;
  }

  neverAccepted(ranges: readonly PhysRange[]): void {
    for (const { start, end } of ranges) this.#wastedAcceptBytes -= end - start;
  }

  /** Charges what has been done since the last call. */
  charge(ledger: CostLedger): void {
    const { splits, changedLeaves, flushes, flushedCpus } = this.#due;
    ledger.charge(CostEvent.leafSplit, splits);
    ledger.charge(CostEvent.leafChange, changedLeaves);
    ledger.charge(CostEvent.tlbFlush, flushes);
    ledger.charge(CostEvent.tlbFlushCpu, flushedCpus);
    this.#due = { splits: 0, changedLeaves: 0, flushes: 0, flushedCpus: 0 };
  }

  get result(): EarlyMapResult {
    return {
      ...this.map.leaves,
      splits: this.#splits,
      tables: this.tables.sources,
      lateMemblockCalls: this.tables.lateMemblockCalls,
      lostRaces: this.#lostRaces,
      localFlushes: this.#localFlushes,
      globalFlushes: this.#globalFlushes,
      sharedBytes: this.map.sharedBytes,
      wastedAcceptBytes: this.#wastedAcceptBytes,
    };
  }

  #change(start: number, end: number): number {
    const { splits, changedLeaves } = this.map.setShared(start, end, true);
    this.#wastedAcceptBytes += end - start;
    for (let table = 0; table < splits; table++) {
      this.tables.allocateForSplit();
      if (!this.raced) continue;
      // Another CPU has its table in, and this one takes its own out of the way (6.12 __split_large_page: returns 1).
      this.tables.allocateForSplit();
      this.tables.loseRace();
      this.#lostRaces++;
    }
    this.#splits += splits;
    this.#due.splits += splits;
    this.#due.changedLeaves += changedLeaves;
    return splits;
  }
}
