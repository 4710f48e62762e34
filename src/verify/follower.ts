import {
  formatGfp,
  MigrateType,
  NO_PAGE,
  type PageAllocator,
  pcpAllowedOrder,
  pcpIndex,
} from "../page-alloc/index.js";
import { asPfn, PAGEBLOCK_ORDER, type Page, type Pfn, pageArray } from "../units.js";
import { DrainSteps } from "./drain-steps.js";
import { noneOf, OUTSIDE_CAUSES, type OutsideCauses } from "./outside.js";
import { placeOf } from "./page-place.js";
import type { Resync } from "./resync.js";
import { isAllocation, Step, type Steps } from "./steps.js";
import { type Divergence, Tally } from "./tally.js";
import { Told } from "./told.js";

/** Allocations of a run, and how many of them got the kernel's page frame. */
export interface Exactness {
  readonly compared: number;
  readonly pfnExact: number;
  /** Of these, those from lists that a trace with gaps had not determined yet. */
  readonly beforeResync?: { readonly compared: number; readonly pfnExact: number };
  readonly firstDivergence?: Divergence;
}

/** In a trace, an allocation that an interrupt's free came before is among so many events. */
const NEXT_MAX = 64;

export interface Helpers {
  readonly reach?: (step: number, record: number) => void;
  /** Corrects the model where the recording has gaps; without it the model is left alone. */
  readonly resync?: Resync;
}

/**
 * Repeats the steps of a recording on an allocator and compares the frames it hands out. A recording
 * never says what to hand out: a frame number is only ever compared, or names what is freed; unless
 * it has gaps, when the model gets the kernel's page after each miss.
 */
export class Follower {
  readonly allocations: Tally = new Tally();
  readonly beforeResync: Tally = new Tally();
  /** Allocations that took blocks from the buddy lists: how many blocks. */
  readonly refills: Tally = new Tally();
  /** Frees that made the per-CPU list drain: how many pages. */
  readonly drains: Tally = new Tally();
  /** Pageblocks that changed their type: whether they did in the model. */
  readonly retypings: Tally = new Tally();
  readonly outside: OutsideCauses = noneOf(OUTSIDE_CAUSES);
  readonly told: Told;
  readonly #drainSteps: DrainSteps;
  readonly #steps: Steps;
  readonly #allocator: PageAllocator;
  readonly #cpuNodes: readonly number[];
  readonly #helpers: Helpers;
  readonly #nextAllocation: Int32Array;
  readonly #nextOnCpu: Int32Array;
  /** For each record: 1 = an allocation already replayed, ahead of a free that would have hidden its page. */
  readonly #done: Uint8Array;
  /** Where the model put an allocation that the kernel put elsewhere, by the kernel's frame number. */
  readonly #elsewhere = new Map<Pfn, Page | typeof NO_PAGE>();
  /** Frees to come, and the record before which. */
  readonly #late: { readonly before: number; readonly free: number }[] = [];
  /** The model could not follow a step; it is in no state to compare then. */
  stopped = false;

  constructor(steps: Steps, allocator: PageAllocator, cpuNodes: readonly number[], helpers: Helpers = {}) {
    this.#steps = steps;
    this.#allocator = allocator;
    this.#cpuNodes = cpuNodes;
    this.#helpers = helpers;
    this.told = new Told(steps, allocator, this.outside);
    this.#drainSteps = new DrainSteps(steps, allocator, this.outside);
    const { step } = steps;
    this.#nextAllocation = steps.nextOnCpu((i) => step[i] === Step.ALLOC || step[i] === Step.BULK);
    this.#nextOnCpu = steps.nextOnCpu(() => true);
    this.#done = new Uint8Array(steps.records.count);
    const { interruptedAllocations, lockedFrees, interleavedSteps } = steps;
    Object.assign(this.outside, { interruptedAllocations, lockedFrees, interleavedSteps });
  }

  /** A model that has gone astray cannot follow every step: it stops, and the rest counts as different. */
  run(): void {
    for (const i of this.#steps.sequence()) {
      const step = this.#steps.step[i]!;
      if (step === Step.RETYPE) this.#compareType(i);
      else if (step > Step.RESERVED) this.#helpers.reach?.(step, i);
      else if (!this.stopped) this.#try(i);
      else if (isAllocation(step)) this.allocations.compared++;
    }
  }

  #try(i: number): void {
    try {
      this.#follow(i);
    } catch (error) {
      this.stopped = true;
      const { kind, order, cpu, pfn } = this.#steps.records;
      this.allocations.firstDivergence ??= {
        event: i,
        expected: `a record of kind ${kind[i]}, pfn ${hex(pfn[i]!)}`,
        found: error instanceof Error ? error.message : String(error),
        context: `order ${order[i]}, CPU ${cpu[i]}; the model stops here`,
      };
    }
  }

  #follow(i: number): void {
    const { resync } = this.#helpers;
    resync?.before(i);
    this.#freeLate(this.#steps.effect[i]!);
    switch (this.#steps.step[i]) {
      case Step.ALLOC:
      case Step.ALLOC_LOCKED:
      case Step.ALLOC_CAPTURED:
      case Step.ALLOC_NO_LOCK:
      case Step.BULK:
        if (this.#done[i] === 0) this.#allocate(i);
        break;
      case Step.FREE:
        if (!this.#putOff(i)) this.#free(i);
        break;
      case Step.FREE_LOCKED:
      case Step.FREE_NO_LOCK:
      case Step.FREE_PUT_OFF:
        this.#free(i);
        break;
      case Step.FREE_REST:
        resync!.freeRest(i);
        break;
      case Step.BULK_REFILL:
        resync!.bulkRefill(i);
        break;
      case Step.UNTOLD_DECAY:
        this.outside.pcpDecays++;
        resync!.decay(i);
        break;
      case Step.DECAY:
      case Step.TIMER_DRAIN:
        this.#drainSteps.asTold(i);
        break;
      case Step.DRAIN_CPU:
        this.outside.timerDrains++;
        this.#compareMoves(this.drains, i, this.told.drainCpu(i), "pages drained");
        break;
      case Step.DRAIN_REST:
        this.#compareMoves(this.drains, i, this.#drainSteps.rest(i), "pages drained");
        break;
      default:
        this.told.follow(i);
    }
  }

  #allocate(i: number): void {
    const { pfn, order, cpu } = this.#steps.at(i);
    const { resync } = this.#helpers;
    const own = this.#cpuNodes[cpu]!;
    // The node a request prefers is not recorded. It is the CPU's own, except where the kernel
    // asked for memory of another node, which shows only in what it got.
    const zone = pfn > 0 ? this.#allocator.zoneOfPfn(pfn) : undefined;
    const node = zone?.nodeId ?? own;
    this.#done[i] = 1;
    this.#allocateEarly(i);
    if (node !== own) this.outside.otherNodeRequests++;
    if (this.#steps.step[i] === Step.BULK) {
      this.#allocateBulk(i, node);
      return;
    }
    const led = zone === undefined ? undefined : resync?.beforeAllocation(i, zone);
    const before = this.#pcpPages(cpu);
    this.told.allocates(i);
    const page = this.#handOut(i, node);
    this.told.allocated();
    if (pcpAllowedOrder(order) && this.#steps.step[i] === Step.ALLOC) {
      const taken = page === NO_PAGE ? 0 : (this.#pcpPages(cpu) - before) / 2 ** order + 1;
      this.#compareMoves(this.refills, i, led?.blocks ?? taken, "blocks taken");
      if (led !== undefined) resync!.afterRefill(i, led);
    }
    this.#compare(i, page, led?.isKnown ?? true);
    if (led !== undefined) resync!.afterAllocation(i, led);
  }

  #handOut(i: number, node: number): Page | typeof NO_PAGE {
    const { gfp, pfn, order, cpu } = this.#steps.at(i);
    const allocator = this.#allocator;
    switch (this.#steps.step[i]) {
      // Caught when it was freed, and taken then.
      case Step.ALLOC_CAPTURED:
        return allocator.pageAt(pfn);
      case Step.ALLOC_LOCKED:
        return allocator.allocPagesPastPcp(gfp, order, node, cpu);
      case Step.ALLOC_NO_LOCK:
        return allocator.allocPagesNoLock(gfp, order, node, cpu);
      default:
        return allocator.allocPages(gfp, order, node, cpu);
    }
  }

  /** Pages on all lists of a CPU: how they change shows what a step moved. */
  #pcpPages(cpu: number): number {
    let pages = 0;
    for (const zone of this.#allocator.zones) pages += zone.pcp[cpu]!.count;
    return pages;
  }

  #compareMoves(compared: Tally, i: number, found: number, what: string): void {
    const expected = this.#steps.moved[i]!;
    if (expected === 0 && found === 0) return;
    const { order, cpu } = this.#steps.records;
    compared.expect(expected === found, () => ({
      event: i,
      expected: `${expected} ${what}`,
      found: `${found}`,
      context: `order ${order[i]}, CPU ${cpu[i]}`,
    }));
  }

  /**
   * One alloc_pages_bulk() has a record for each page; the next call begins after any other record of
   * its CPU, or with a page of another node: while Linux boots, it asks its nodes in turn.
   */
  #allocateBulk(i: number, node: number): void {
    const { gfp, cpu } = this.#steps.at(i);
    const group = [i];
    for (let next = this.#nextOnCpu[i]!; next >= 0; next = this.#nextOnCpu[next]!) {
      if (this.#steps.step[next] !== Step.BULK) break;
      if (this.#allocator.zoneOfPfn(this.#steps.records.pfn[next]!).nodeId !== node) break;
      group.push(next);
    }
    for (let at = 0; at < group.length; ) {
      const pages = pageArray(group.length - at);
      const got = this.#allocator.allocPagesBulk(gfp, pages, node, cpu);
      if (got === 0) break;
      for (let page = 0; page < got; page++, at++) {
        this.#done[group[at]!] = 1;
        this.#compare(group[at]!, pages[page]!, true);
      }
    }
  }

  #compare(i: number, page: Page | typeof NO_PAGE, isKnown: boolean): void {
    const { gfp, pfn, order, cpu } = this.#steps.at(i);
    const { resync } = this.#helpers;
    const expected = asPfn(Math.max(pfn, 0));
    const found = page === NO_PAGE ? asPfn(0) : this.#allocator.frames.pfnOf(page);
    const isGiven = resync?.given.delete(expected) === true;
    const isExact = !isGiven && found === expected;
    this.allocations.expect(isExact, () => ({
      event: i,
      expected: hex(expected),
      found: isGiven ? "another page, taken off its list because it was found to be used" : hex(found),
      context: `order ${order}, gfp ${formatGfp(gfp)}, CPU ${cpu}`,
    }));
    if (!isKnown) {
      this.beforeResync.compared++;
      if (isExact) this.beforeResync.equal++;
    }
    if (found === expected) this.#elsewhere.delete(found);
    else if (resync === undefined) this.#elsewhere.set(expected, page);
    else resync.correct(i, page);
  }

  #free(i: number): void {
    const { pfn, order, cpu } = this.#steps.at(i);
    const locked = this.#steps.step[i] === Step.FREE_LOCKED;
    const { resync } = this.#helpers;
    if (resync?.isBootFree(i) === true) return;
    if (!locked) {
      this.#allocateEarly(i);
      this.#allocateBuried(i);
    }
    const elsewhere = this.#elsewhere.get(pfn);
    this.#elsewhere.delete(pfn);
    if (elsewhere === NO_PAGE) throw new Error(`pfn ${hex(pfn)} is freed, for which the model had no page`);
    const place = elsewhere === undefined ? placeOf(this.#allocator, pfn) : "allocated";
    if (place !== "allocated" && place !== "reserved") {
      if (resync === undefined)
        throw new Error(`pfn ${hex(pfn)} is freed, but ${place}, not allocated in the model`);
      resync.takeBack(i, place);
    }
    const before = this.#pcpPages(cpu);
    if (place === "reserved") {
      // Never handed out: memory reserved since early boot that the kernel gives up.
      if (order > 0) throw new Error(`pfn ${hex(pfn)} is freed, but reserved in the model`);
      this.#allocator.freeReservedPage(pfn, cpu);
      if (resync !== undefined) return;
    } else {
      const page = elsewhere ?? this.#allocator.pageAt(pfn);
      resync?.beforeFree(i, page);
      this.#giveBack(i, page);
    }
    if (this.#steps.step[i] !== Step.FREE || !pcpAllowedOrder(order)) return;
    resync?.afterFree(i);
    const drained = before + 2 ** order - this.#pcpPages(cpu);
    this.#compareMoves(this.drains, i, drained, "pages drained");
  }

  /** Whether a free reaches its list only later. */
  #putOff(free: number): boolean {
    const before = this.#helpers.resync?.preemption?.lateFree(free) ?? -1;
    if (before < 0) return false;
    this.outside.preemptedFrees++;
    this.#late.push({ before, free });
    this.#late.sort((a, b) => a.before - b.before || a.free - b.free);
    return true;
  }

  /** Frees that reached their list only now: their task was preempted or interrupted behind their line. */
  #freeLate(before: number): void {
    while (this.#late.length > 0 && this.#late[0]!.before <= before) this.#free(this.#late.shift()!.free);
  }

  /** What other tasks and CPUs took before this step has its line later. */
  #allocateEarly(i: number): void {
    const { resync } = this.#helpers;
    const isDone = (line: number): boolean => this.#done[line] === 1;
    for (;;) {
      const early = resync?.takenBefore(i, isDone);
      if (early === undefined) return;
      this.outside[early.cause]++;
      this.#allocate(early.line);
    }
  }

  #giveBack(i: number, page: Page): void {
    const { order, cpu } = this.#steps.at(i);
    const allocator = this.#allocator;
    switch (this.#steps.step[i]) {
      case Step.FREE_LOCKED:
        allocator.freePagesPastPcp(page, order, cpu);
        break;
      case Step.FREE_NO_LOCK:
        allocator.freePagesNoLock(page, order, cpu);
        break;
      case Step.FREE_PUT_OFF:
        allocator.putOffFree(page, order);
        break;
      default: {
        const pcp = allocator.zoneOf(page).pcp[cpu]!;
        this.#drainSteps.cut(i, pcp, () => allocator.freePages(page, order, cpu));
      }
    }
  }

  /**
   * The frame that the next allocation got lies at the head of its per-CPU list, and this
   * free would bury it: so the allocation came before the free, and an interrupt between.
   */
  #allocateBuried(i: number): void {
    const { pfn, order, cpu } = this.#steps.at(i);
    const { frames } = this.#allocator;
    if (!pcpAllowedOrder(order)) return;
    const freed = this.#elsewhere.get(pfn) ?? frames.pageOf(pfn);
    if (freed === NO_PAGE) return;
    const next = this.#nextAllocation[i]!;
    if (next < 0 || this.#done[next] === 1) return;
    const asked = this.#steps.at(next);
    if (asked.order !== order || this.#steps.effect[next] !== next) return;
    const { type } = asked;
    if (frames.pageblockType[freed >> PAGEBLOCK_ORDER] !== type) return;
    const { resync } = this.#helpers;
    if (resync !== undefined && (next >= i + NEXT_MAX || asked.pfn === 0)) return;
    const zone = resync === undefined ? this.#allocator.zoneOf(freed) : this.#allocator.zoneOfPfn(asked.pfn);
    const list = zone.pcp[cpu]!.lists[pcpIndex(order, type)]!;
    if (list.size === 0 || frames.pfnOf(list.at(0)) !== asked.pfn) return;
    this.outside.interruptedAllocations++;
    this.#allocate(next);
  }

  #compareType(i: number): void {
    const { migrateType, pfn } = this.#steps.records;
    const { frames } = this.#allocator;
    const page = frames.pageOf(pfn[i]!);
    // Memory that nobody has touched has no frames and is movable.
    const found = page === NO_PAGE ? MigrateType.MOVABLE : frames.pageblockType[page >> PAGEBLOCK_ORDER]!;
    const context = `pageblock 0x${pfn[i]!.toString(16)}`;
    this.retypings.same(`type ${migrateType[i]}`, `type ${found}`, context, i);
  }

  get exactness(): Exactness {
    const { compared, equal, firstDivergence } = this.allocations;
    const { compared: unknown, equal: unknownEqual } = this.beforeResync;
    return {
      compared,
      pfnExact: equal,
      ...(this.#helpers.resync && { beforeResync: { compared: unknown, pfnExact: unknownEqual } }),
      ...(firstDivergence === undefined ? {} : { firstDivergence }),
    };
  }
}

function hex(pfn: Pfn): string {
  return pfn <= 0 ? "none" : `0x${pfn.toString(16)}`;
}
