import type { AcceptMemory } from "../accept/accept-memory.js";
import { EagerChunk } from "../accept/eager-chunks.js";
import type { FaultAcceptance } from "../accept/fault-acceptance.js";
import type { KernelBuild } from "../linux/kernel-build.js";
import type { PageAllocRules } from "../linux/rules.js";
import { discardedArrays, handOver, reservedPfnRanges } from "../memblock/hand-over.js";
import { Memblock } from "../memblock/memblock.js";
import {
  deferredInitChunk,
  deferredJobs,
  growZone,
  type PadataPlan,
  padataChunks,
} from "../mm/deferred-init.js";
import { memmapInit } from "../mm/memmap.js";
import type { PfnRange } from "../mm/pfn-range.js";
import { zonelistIndices } from "../mm/zonelists.js";
import { isPopulated, type NodeSpan, nodeSpans, ZoneType } from "../mm/zones.js";
import { MigrateType } from "../page-alloc/migratetype.js";
import { PageAllocator, type PageblockTypes } from "../page-alloc/page-allocator.js";
import { type BootAcceptor, BootRelease, type ReleaseObserver } from "../page-alloc/release.js";
import type { MemoryAcceptor } from "../page-alloc/unaccepted-list.js";
import { CostEvent } from "../sim/cost-events.js";
import type { GuestClock } from "../sim/guest-clock.js";
import { MAX_ORDER_PAGES, PAGE_SIZE, type Pfn, pfnDown } from "../units.js";
import { EarlyBoot, type EarlyMachine } from "../x86/early-machine.js";
import { runEarlySteps } from "../x86/early-memblock.js";

/** The part of a node whose struct pages wait for deferred initialisation. */
export interface DeferredArea {
  readonly nodeId: number;
  /** Free memory of the node's last zone, ascending. */
  readonly free: readonly PfnRange[];
  firstDeferredPfn: number;
}

/** What else can be said of a kernel. */
export interface KernelOptions {
  /** In place of the steps that the build takes before the hand-over, to repeat the boot of a real kernel. */
  readonly earlySteps?: (boot: EarlyBoot) => void;
  readonly released?: ReleaseObserver;
  /** CPUs of a node that initialise struct pages late; all if absent. */
  readonly acceptingCpus?: number;
  /** Pages accepted at once when the allocator accepts; as the version does if absent. */
  readonly acceptAtOncePages?: number;
  /** Memory is accepted when it is touched, and counts as accepted before. */
  readonly faults?: FaultAcceptance;
}

/**
 * The kernel's own view of memory, from its first instruction on. Its methods are the steps of
 * boot that decide where memory goes, in the order of start_kernel(); what happens between
 * them is up to the caller.
 */
export class Kernel {
  readonly allocator: PageAllocator;
  readonly early: EarlyBoot;
  /** Node of each CPU that comes online at boot. */
  readonly cpuNodes: readonly number[];
  /** Bytes that memblock gave away: image, tables, memmap, buffers. Used from the start. */
  readonly reservedBytes: number;
  readonly #clock: GuestClock;
  readonly #acceptance: AcceptMemory;
  readonly #lazy: boolean;
  readonly #acceptingCpus: number;
  /** Hands boot memory to the allocator. */
  readonly release: BootRelease;
  /** Pages that were allocated and that nobody has touched: in pools of huge pages. */
  untouchedPages = 0;
  /** What deferred initialisation has to do, by node. */
  readonly deferredAreas: readonly DeferredArea[];

  /**
   * Runs setup_arch() and mm_core_init(): memblock, struct pages of the first sections, and
   * the hand-over of what is initialised (memblock_free_all).
   */
  constructor(
    machine: EarlyMachine,
    build: KernelBuild,
    rules: PageAllocRules,
    acceptance: AcceptMemory,
    lazy: boolean,
    clock: GuestClock,
    options: KernelOptions = {},
  ) {
    const { faults } = options;
    this.#clock = clock;
    this.#acceptance = acceptance;
    this.#lazy = lazy;
    this.#acceptingCpus = options.acceptingCpus ?? Number.POSITIVE_INFINITY;
    this.cpuNodes = machine.cpuNodes.slice(0, machine.onlineCpus);
    const memblock = new Memblock({
      accept: (start, sizeBytes) =>
        faults === undefined ? acceptance.acceptMemory(start, sizeBytes) : faults.touch(start, sizeBytes),
    });
    this.early = new EarlyBoot(memblock, machine, build);
    this.early.unacceptedTable = acceptance.table;
    (options.earlySteps ?? runEarlySteps)(this.early);
    clock.endPhase("memblock");

    // A table beyond what `mem=` leaves is memory, but in no zone.
    const ranges = [...memblock.memPfnRanges()].flatMap((range) =>
      range.startPfn < this.early.maxPfn
        ? [{ ...range, endPfn: Math.min(range.endPfn, this.early.maxPfn) }]
        : [],
    );
    const { coreMemory, earlyPageExt } = this.early.options;
    const nodes = nodeSpans(ranges, coreMemory);
    this.#noteMovable(nodes);
    // Not where page extensions must be there early (6.12 mm/mm_init.c: defer_init; mm/page_ext.c: setup_early_page_ext).
    const memmap = memmapInit(nodes, ranges, !earlyPageExt);
    clock.ledger.charge(CostEvent.initStructPage, memmap.initialisedPages);
    clock.endPhase("first struct pages");

    this.reservedBytes = memblock.reservedSize();
    const { acceptAtOncePages = rules.acceptAtOncePages } = options;
    this.allocator = newAllocator(
      nodes,
      machine.cpuNodes.length,
      { ...rules, acceptAtOncePages },
      faults === undefined ? acceptance : touchingAcceptor(faults),
      memmap.unmovable,
    );
    const { initOnFree } = this.early.options;
    const onTouch = initOnFree && faults !== undefined;
    const acceptor = onTouch ? clearingAcceptor(faults, clock) : bootAcceptor(faults, acceptance, clock);
    this.release = new BootRelease(this.allocator, acceptor, lazy && !onTouch, 0, options.released);
    // It may move memblock's array to memory that was free.
    reservedPfnRanges(memblock);
    this.deferredAreas = nodes.map((node) =>
      deferredArea(memblock, node, memmap.firstDeferredPfn.get(node.nid)!),
    );
    this.#freeAll(memblock);
    this.allocator.growZone = (zone) => this.#growZone(zone.nodeId, zone.endPfn);
    clock.endPhase("memblock_free_all");
  }

  /** Says where nothing came of `kernelcore=` and `movablecore=`. */
  #noteMovable(nodes: readonly NodeSpan[]): void {
    const { coreMemory, words } = this.early.options;
    const asked = words.filter(({ name }) => name === "kernelcore" || name === "movablecore");
    if (asked.length === 0 || nodes.some(({ zones }) => isPopulated(zones[ZoneType.MOVABLE]!))) return;
    const why = coreMemory.mirror ? "the machine has no mirrored memory" : "that leaves no memory for it";
    this.early.remarks.push(`${asked.map(({ text }) => text).join(" ")}: no ZONE_MOVABLE, as ${why}`);
  }

  /** Gives memblock's free memory to the allocator, but for what is deferred (memblock_free_all). */
  #freeAll(memblock: Memblock): void {
    const deferred = new Map(this.deferredAreas.map((area) => [area.nodeId, area.firstDeferredPfn]));
    for (const { startPfn, order, blockCount } of handOver(memblock, this.early.maxPfn)) {
      const nodeId = this.allocator.zoneOfPfn(startPfn).nodeId;
      const limit = deferred.get(nodeId)!;
      if (startPfn >= limit) continue;
      if (order < 10) this.release.block(startPfn, order);
      else this.release.maxOrderRun(startPfn, Math.min(blockCount, (limit - startPfn) / MAX_ORDER_PAGES));
    }
  }

  /** Grows a node's last zone by a section because it ran empty early (deferred_grow_zone). */
  #growZone(nodeId: number, zoneEndPfn: number): boolean {
    const area = this.deferredAreas.find((candidate) => candidate.nodeId === nodeId)!;
    if (area.free.length === 0 || area.free.at(-1)!.endPfn > zoneEndPfn) return false;
    const { grown, firstDeferredPfn, pages } = growZone(area.free, area.firstDeferredPfn, this.#sink);
    area.firstDeferredPfn = firstDeferredPfn;
    this.#clock.ledger.charge(CostEvent.initStructPage, pages);
    return grown;
  }

  /**
   * Initialises the remaining struct pages and frees their memory (page_alloc_init_late). Each
   * CPU of a node takes chunk after chunk; which one comes next is decided by virtual time. All
   * CPUs but the first are idle until then. The boot CPU waits for all.
   */
  deferredInit(): void {
    const { idle } = this.#clock;
    this.allocator.growZone = undefined;
    for (const area of this.deferredAreas) {
      const nodeCpus = this.cpuNodes.flatMap((nodeId, cpu) => (nodeId === area.nodeId ? [cpu] : []));
      for (const job of deferredJobs(area.free, area.firstDeferredPfn)) {
        const plan = padataChunks(job, Math.min(nodeCpus.length, this.#acceptingCpus));
        for (const cpu of nodeCpus.slice(0, plan.workers)) {
          idle.busy[cpu] = 1;
          this.#clock.wake(cpu);
        }
        // Where nobody accepts with others, it does not matter in what pieces time passes.
        if (this.#lazy || plan.workers === 1) this.#runWholeChunks(area, plan);
        else this.#runEagerChunks(area, plan);
        idle.busy.fill(0);
        this.#clock.joinAll();
      }
    }
    this.#discardMemblock();
    this.#clock.endPhase("deferred init");
  }

  /** Whether struct pages are still to be initialised. */
  get defersInit(): boolean {
    return this.deferredAreas.some(({ firstDeferredPfn }) => Number.isFinite(firstDeferredPfn));
  }

  #runWholeChunks(area: DeferredArea, { chunks }: PadataPlan): void {
    const { cpus, idle } = this.#clock;
    for (const chunk of chunks) this.#runChunk(area, chunk, cpus.earliest(idle.busy), 0);
  }

  /**
   * Block by block, so that the CPUs accept beside each other. A chunk's memory goes to the
   * allocator when all of it is accepted.
   */
  #runEagerChunks(area: DeferredArea, { chunks }: PadataPlan): void {
    const { cpus, idle, ledger } = this.#clock;
    const current: (EagerChunk | undefined)[] = [];
    let taken = 0;
    for (let cpu = cpus.earliest(idle.busy); cpu >= 0; cpu = cpus.earliest(idle.busy)) {
      let chunk = current[cpu];
      if (chunk === undefined) {
        if (taken === chunks.length) {
          idle.busy[cpu] = 0;
          continue;
        }
        chunk = new EagerChunk(chunks[taken++]!, area.free, this.#acceptance);
        current[cpu] = chunk;
      }
      this.#clock.begin(cpu);
      if (chunk.findBlock()) {
        ledger.charge(CostEvent.initStructPage, MAX_ORDER_PAGES);
        chunk.acceptBlock();
        this.#clock.settle(cpu);
      } else {
        this.#runChunk(area, chunk.span, cpu, chunk.blocks * MAX_ORDER_PAGES);
        current[cpu] = undefined;
      }
    }
  }

  /** A CPU initialises and releases a chunk of which it has initialised some pages before. */
  #runChunk(area: DeferredArea, chunk: PfnRange, cpu: number, initialisedPages: number): void {
    this.#clock.begin(cpu);
    const pages = deferredInitChunk(area.free, chunk, this.#sink);
    this.#clock.ledger.charge(CostEvent.initStructPage, pages - initialisedPages);
    this.#clock.settle(cpu);
  }

  /** Gives back the region arrays that had to grow; the others lie in the kernel image (memblock_discard). */
  #discardMemblock(): void {
    for (const { start, end } of discardedArrays(this.early.memblock)) {
      for (let pfn = pfnDown(start); pfn < end / PAGE_SIZE; pfn++) this.release.block(pfn, 0);
    }
  }

  readonly #sink: {
    maxOrderBlocks(pfn: Pfn, blocks: number): void;
    singlePages(pfn: Pfn, pages: number): void;
  } = {
    maxOrderBlocks: (pfn, blocks) => this.release.maxOrderRun(pfn, blocks),
    singlePages: (pfn, pages) => this.release.singlePages(pfn, pages),
  };

  /**
   * Bytes the guest has used so far: what memblock gave away, and every page ever allocated, but for
   * what nobody has touched yet. With `init_on_free=1` all memory that was released and accepted.
   */
  get touchedBytes(): number {
    const { zones, touchedPages } = this.allocator;
    const { untouched } = this.early;
    const untouchedBytes = untouched.reduce((sum, { start, end }) => sum + end - start, 0);
    const givenAwayBytes = this.reservedBytes - untouchedBytes;
    if (!this.early.options.initOnFree) {
      return givenAwayBytes + (touchedPages - this.untouchedPages) * PAGE_SIZE;
    }
    const pages = zones.reduce((sum, zone) => sum + zone.presentPages - zone.unacceptedPages, 0);
    return pages * PAGE_SIZE - untouchedBytes;
  }
}

/**
 * Acceptance for the release of boot memory, which reschedules before each block (mm/mm_init.c:
 * deferred_init_memmap_chunk). Before that, in memblock_free_all(), there is nobody to run.
 */
function reschedulingAcceptor(acceptance: AcceptMemory, clock: GuestClock): BootAcceptor {
  return {
    acceptMemory(start, sizeBytes) {
      clock.reschedule();
      acceptance.acceptMemory(start, sizeBytes);
    },
    rangeContainsUnaccepted: (start, sizeBytes) => acceptance.rangeContainsUnaccepted(start, sizeBytes),
    unacceptedRunLength: (startPfn, blocks) => acceptance.unacceptedRunLength(startPfn, blocks),
  };
}

function bootAcceptor(
  faults: FaultAcceptance | undefined,
  acceptance: AcceptMemory,
  clock: GuestClock,
): BootAcceptor {
  return faults === undefined ? reschedulingAcceptor(acceptance, clock) : NOTHING_UNACCEPTED;
}

/** Where a fault accepts and free memory is cleared (`init_on_free=1`), all of it faults as it is released. */
function clearingAcceptor(faults: FaultAcceptance, clock: GuestClock): BootAcceptor {
  return {
    acceptMemory(start, sizeBytes) {
      clock.reschedule();
      faults.touch(start, sizeBytes);
    },
    rangeContainsUnaccepted: () => true,
    unacceptedRunLength: (_startPfn, blocks) => blocks,
  };
}

/** What the release of boot memory sees where a fault accepts: memory that needs nothing. */
const NOTHING_UNACCEPTED: BootAcceptor = {
  acceptMemory: () => {},
  rangeContainsUnaccepted: () => false,
  unacceptedRunLength: (_startPfn, blocks) => blocks,
};

/** The allocator then has no unaccepted block, and hands out pages that raise a fault. */
function touchingAcceptor(faults: FaultAcceptance): MemoryAcceptor {
  return {
    acceptMemory: () => {},
    touch: (start, sizeBytes) => faults.touch(start, sizeBytes),
  };
}

function newAllocator(
  nodes: readonly NodeSpan[],
  cpus: number,
  rules: PageAllocRules,
  acceptor: MemoryAcceptor,
  unmovable: readonly PfnRange[],
): PageAllocator {
  const zones = nodes.flatMap((node) => node.zones.filter(isPopulated));
  return new PageAllocator({
    zones,
    ...zonelistIndices(nodes, zones),
    cpus,
    rules,
    acceptor,
    pageblockTypes: pageblockTypesOf(unmovable),
  });
}

function pageblockTypesOf(unmovable: readonly PfnRange[]): PageblockTypes {
  return {
    typeAt: (pfn) =>
      unmovable.some(({ startPfn, endPfn }) => pfn >= startPfn && pfn < endPfn)
        ? MigrateType.UNMOVABLE
        : MigrateType.MOVABLE,
  };
}

function deferredArea(memblock: Memblock, node: NodeSpan, firstDeferredPfn: number): DeferredArea {
  const last = node.zones.findLast(isPopulated)!;
  const free = [
    ...memblock.freePfnRangesInZone({ nid: node.nid, startPfn: last.startPfn, endPfn: last.endPfn }),
  ];
  return { nodeId: node.nid, free, firstDeferredPfn };
}
