import { MigrateType, NO_PAGE, type PageAllocator, pcpIndex, type Zone } from "../page-alloc/index.js";
import { cutFreeList, detachFromRun, drainPcp, isolateFreePage } from "../page-alloc/inside.js";
import { MAX_ORDER_PAGES, MAX_PAGE_ORDER, PAGEBLOCK_ORDER, type Page, type Pfn } from "../units.js";
import { zoneOfMark } from "../workload/lab-log.js";
import { NOT_COUNTED } from "./lab-records.js";
import type { OutsideCauses } from "./outside.js";
import { placeOf } from "./page-place.js";
import { Step, type Steps } from "./steps.js";
import { Tally } from "./tally.js";

/**
 * What a log tells of the kernel around its page allocator, and of counters inside: compaction, kswapd, caches and
 * which pages can be moved are no part of the model, which takes them as they come. What it can count it compares.
 */
export class Told {
  /** Boosts, reserves, flags, and what a claim or a drain found. */
  readonly counters: Tally = new Tally();
  readonly #steps: Steps;
  readonly #allocator: PageAllocator;
  readonly #outside: OutsideCauses;
  /** Claims that the allocation in progress is to try, and how many it has. */
  #due: readonly number[] = [];
  #tried = 0;

  constructor(steps: Steps, allocator: PageAllocator, outside: OutsideCauses) {
    this.#steps = steps;
    this.#allocator = allocator;
    this.#outside = outside;
    if (steps.claims.size === 0) return;
    for (const zone of allocator.zones) zone.toldMovable = (page, free) => this.#movable(page, free);
  }

  /** An allocation begins. */
  allocates(i: number): void {
    this.#due = this.#steps.claims.get(this.#steps.effect[i]!) ?? [];
    this.#tried = 0;
  }

  allocated(): void {
    for (; this.#tried < this.#due.length; this.#tried++) this.#compareClaim(this.#due[this.#tried]!, "none");
    this.#due = [];
  }

  /** Movable pages of a pageblock, as the kernel counted them when it tried to claim it. */
  #movable(page: Page, free: number): number | undefined {
    const record = this.#due[this.#tried];
    if (record === undefined) {
      if (this.#due.length > 0) this.#compareClaim(this.#due.at(-1)!, "one more");
      return undefined;
    }
    this.#tried++;
    const counts = this.#steps.records.detail[record]!;
    const pfn = this.#allocator.frames.pfnOf(page);
    const counted = counts === NOT_COUNTED ? free : counts & 0xffff;
    const found =
      pfn === this.#steps.records.pfn[record] ? `${free} pages free` : `of pfn 0x${pfn.toString(16)}`;
    this.counters.same(`${counted} pages free`, found, "claim of a pageblock", record);
    this.#outside.countedClaims++;
    return counts === NOT_COUNTED ? undefined : counts >>> 16;
  }

  #compareClaim(record: number, found: string): void {
    const pfn = this.#steps.records.pfn[record]!;
    this.counters.same(`a claim of pfn 0x${pfn.toString(16)}`, found, "claim of a pageblock", record);
  }

  /** Whether a step is one of those told, which has then been followed. */
  follow(i: number): boolean {
    const { pfn, order, cpu, detail, bLow } = this.#steps.records;
    switch (this.#steps.step[i]) {
      case Step.ISOLATE:
        this.#outside.isolatedPages += 2 ** order[i]!;
        this.#takeFree(pfn[i]!, order[i]!, cpu[i]!);
        return true;
      case Step.CAPTURE:
        this.#takeFree(pfn[i]!, order[i]!, cpu[i]!);
        return true;
      case Step.LIST_CUT: {
        this.#outside.listCuts++;
        const page = this.#freePage(pfn[i]!, order[i]!);
        const type = this.#allocator.frames.pageblockType[page >> PAGEBLOCK_ORDER];
        if (type !== MigrateType.MOVABLE)
          throw new Error(`pfn 0x${pfn[i]!.toString(16)} is in a cut list, but not movable in the model`);
        cutFreeList(this.#allocator.zoneOf(page), page, order[i]!, type, detail[i] === 1);
        return true;
      }
      case Step.KSWAPD_BOOST:
        this.#outside.kswapdSteps++;
        this.#zone(i).watermarkBoost = detail[i]!;
        return true;
      case Step.RECLAIM_ACTIVE:
        this.#outside.kswapdSteps++;
        this.#zone(i).reclaimActive = detail[i] === 1;
        return true;
      case Step.PCP_FLAGS: {
        this.#outside.cacheSlices++;
        // A device initcall; the threads of kswapd have just been made.
        this.#allocator.kswapdRunning = true;
        const pcp = this.#zone(i).pcp[pfn[i]!]!;
        pcp.noteCacheSlice(bLow![i]!);
        this.#compare(i, detail[i]!, pcp.flags, `flags of the lists of CPU ${pfn[i]}`);
        return true;
      }
      case Step.BOOSTED:
        this.#compare(i, detail[i]!, this.#zone(i).watermarkBoost, "boost of a zone");
        return true;
      case Step.RESERVED:
        this.#compare(i, detail[i]!, this.#zone(i).reservedHighatomicPages, "pages for atomic requests");
        return true;
      default:
        return false;
    }
  }

  /** A CPU's lists of a zone drain, in steps that have a record each. Returns how many pages left them. */
  drainCpu(i: number): number {
    const { pfn, cpu, detail } = this.#steps.records;
    const zone = this.#zone(i);
    const pcp = zone.pcp[detail[i]!]!;
    const before = pcp.count;
    this.#compare(i, pfn[i]!, before, `pages on the lists of CPU ${detail[i]}`);
    drainPcp(zone, pcp, pcp.fullDrainPages(), pcpIndex(0, 0), cpu[i]!);
    return before - pcp.count;
  }

  #compare(i: number, expected: number, found: number, what: string): void {
    this.counters.same(`${expected}`, `${found}`, what, i);
  }

  #zone(i: number): Zone {
    const { type, nodeId } = zoneOfMark(this.#steps.records.migrateType[i]!);
    return this.#allocator.zones.find((zone) => zone.type === type && zone.nodeId === nodeId)!;
  }

  #takeFree(pfn: Pfn, order: number, cpu: number): void {
    const page = this.#freePage(pfn, order);
    isolateFreePage(this.#allocator.zoneOf(page), page, order, cpu);
  }

  /** The page of a free block of just this order. */
  #freePage(pfn: Pfn, order: number): Page {
    const { frames } = this.#allocator;
    const zone = this.#allocator.zoneOfPfn(pfn);
    const block = Math.floor(pfn / MAX_ORDER_PAGES);
    const run = frames.rangeWith(zone.list(MAX_PAGE_ORDER, MigrateType.MOVABLE), block);
    if (run !== NO_PAGE) detachFromRun(zone, run, block, MigrateType.MOVABLE);
    const page = this.#allocator.pageAt(pfn);
    if (frames.freeOrder(page) !== order) {
      const place = placeOf(this.#allocator, pfn);
      throw new Error(
        `pfn 0x${pfn.toString(16)} of order ${order} is taken as free, but ${place} in the model`,
      );
    }
    return page;
  }
}
