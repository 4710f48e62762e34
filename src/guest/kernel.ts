import type { AcceptMemory } from "../accept/accept-memory.js";
import type { FaultAcceptance } from "../accept/fault-acceptance.js";
import type { KernelBuild } from "../linux/kernel-build.js";
import type { KernelRules } from "../linux/rules.js";
import { handOver, reservedPfnRanges } from "../memblock/hand-over.js";
import { Memblock } from "../memblock/memblock.js";
import { type DeferredPages, type DeferredSink, growZone } from "../mm/deferred-init.js";
import { type MemmapInit, memmapInit, withoutReservedHeads } from "../mm/memmap.js";
import type { PfnRange } from "../mm/pfn-range.js";
import { zonelistIndices } from "../mm/zonelists.js";
import { isPopulated, type NodeSpan, nodeSpans, ZoneType } from "../mm/zones.js";
import {
  type BootAcceptor,
  BootRelease,
  BootStages,
  type MemoryAcceptor,
  MigrateType,
  PageAllocator,
  type PageblockTypes,
  type ReleaseObserver,
} from "../page-alloc/index.js";
import { CostEvent } from "../sim/cost-events.js";
import type { GuestClock } from "../sim/guest-clock.js";
import { Steps } from "../sim/steps.js";
import { MAX_ORDER_PAGES, PAGE_SIZE } from "../units.js";
import { EarlyBoot, type EarlyMachine } from "../x86/early-machine.js";
import { runEarlySteps } from "../x86/early-memblock.js";

export interface KernelStart {
  readonly machine: EarlyMachine;
  readonly build: KernelBuild;
  readonly rules: KernelRules;
  readonly acceptance: AcceptMemory;
  /** Whether blocks that are not accepted wait for a request (accept_memory=lazy). */
  readonly lazy: boolean;
  readonly clock: GuestClock;
  /** Whether huge pages are on where the command line says nothing; absent: yes. */
  readonly transparentHugePages?: boolean;
  /** In place of the version's `reserveBeforeWatermarksPages`. */
  readonly reserveBeforeWatermarksPages?: number;
  /** In place of the steps that the build takes before the hand-over, to repeat the boot of a real kernel. */
  readonly earlySteps?: (boot: EarlyBoot) => void;
  readonly released?: ReleaseObserver;
  /** CPUs of a node that initialise struct pages late; all if absent. */
  readonly acceptingCpus?: number;
  /** Pages accepted at once when the allocator accepts; as the version does if absent. */
  readonly acceptAtOncePages?: number;
  /** Memory is accepted when it is touched, and counts as accepted before. */
  readonly faults?: FaultAcceptance | undefined;
}

/** The part of a node whose struct pages wait for deferred initialisation: of its last zone. */
export interface DeferredArea extends DeferredPages {
  readonly nodeId: number;
  firstDeferredPfn: number;
}

interface FirstMemmap {
  readonly nodes: readonly NodeSpan[];
  readonly memmap: MemmapInit;
}

/** From a kernel's first instruction until its page allocator has memory, in the order of start_kernel(). */
export const KERNEL: Steps<{ readonly start: KernelStart }, { readonly kernel: Kernel }> = Steps.from<{
  readonly start: KernelStart;
}>()
  .step("setup_arch", setupArch)
  .phase("memblock")
  .step("memmap_init", initFirstMemmap)
  .phase("first struct pages")
  .step("memblock_free_all", memblockFreeAll)
  .phase("memblock_free_all");

export function startKernel(start: KernelStart): Kernel {
  return KERNEL.run({ start }, (phase) => start.clock.endPhase(phase)).kernel;
}

/** setup_arch(), and the memblock requests of start_kernel() that follow it. */
function setupArch({ start }: { readonly start: KernelStart }): { readonly early: EarlyBoot } {
  const { acceptance, faults } = start;
  const memblock = new Memblock({
    rules: start.rules.memblock,
    accept: (address, sizeBytes) =>
      faults === undefined ? acceptance.acceptMemory(address, sizeBytes) : faults.touch(address, sizeBytes),
    acceptInTurns: (turns, rows) =>
      faults === undefined ? acceptance.acceptInTurns(turns, rows) : faults.touchInTurns(turns, rows),
  });
  const early = new EarlyBoot(memblock, start.machine, start.build, start.rules.boot);
  early.unacceptedTable = acceptance.table;
  (start.earlySteps ?? runEarlySteps)(early);
  return { early };
}

function initFirstMemmap({ start, early }: { start: KernelStart; early: EarlyBoot }): FirstMemmap {
  // A table beyond what `mem=` leaves is memory, but in no zone.
  const ranges = [...early.memblock.memPfnRanges()].flatMap((range) =>
    range.startPfn < early.maxPfn ? [{ ...range, endPfn: Math.min(range.endPfn, early.maxPfn) }] : [],
  );
  const { coreMemory, earlyPageExt } = early.options;
  const nodes = nodeSpans(ranges, coreMemory);
  noteMovable(early, nodes);
  // Not where page extensions must be there early (6.12 mm/mm_init.c: defer_init; mm/page_ext.c: setup_early_page_ext).
  const memmap = memmapInit(nodes, ranges, !earlyPageExt);
  start.clock.ledger.charge(CostEvent.initStructPage, memmap.initialisedPages);
  return { nodes, memmap };
}

/** Says where nothing came of `kernelcore=` and `movablecore=`. */
function noteMovable({ options, remarks }: EarlyBoot, nodes: readonly NodeSpan[]): void {
  const asked = options.words.filter(({ name }) => name === "kernelcore" || name === "movablecore");
  if (asked.length === 0 || nodes.some(({ zones }) => isPopulated(zones[ZoneType.MOVABLE]!))) return;
  const why = options.coreMemory.mirror
    ? "the machine has no mirrored memory"
    : "that leaves no memory for it";
  remarks.push(`${asked.map(({ text }) => text).join(" ")}: no ZONE_MOVABLE, as ${why}`);
}

/** Gives memblock's free memory to the allocator, but for what is deferred. */
function memblockFreeAll(state: { readonly start: KernelStart; readonly early: EarlyBoot } & FirstMemmap): {
  readonly kernel: Kernel;
} {
  const kernel = new Kernel(state.start, state.early, state);
  const { allocator, early, release } = kernel;
  const deferred = new Map(kernel.deferredAreas.map((area) => [area.nodeId, area.firstDeferredPfn]));
  for (const { startPfn, order, blockCount } of handOver(early.memblock, early.maxPfn)) {
    const limit = deferred.get(allocator.zoneOfPfn(startPfn).nodeId)!;
    if (startPfn >= limit) continue;
    if (order < 10) release.block(startPfn, order);
    else release.maxOrderRun(startPfn, Math.min(blockCount, (limit - startPfn) / MAX_ORDER_PAGES));
  }
  allocator.growZone = (zone) => kernel.growZone(zone.nodeId, zone.endPfn);
  return { kernel };
}

/** The kernel's own view of memory, from the moment on at which it has a page allocator. */
export class Kernel {
  readonly start: KernelStart;
  readonly early: EarlyBoot;
  readonly allocator: PageAllocator;
  readonly release: BootRelease;
  readonly stages: BootStages;
  readonly deferredAreas: readonly DeferredArea[];
  /** Node of each CPU that comes online at boot. */
  readonly cpuNodes: readonly number[];
  /** Pages that were allocated and that nobody has touched: in pools of huge pages. */
  untouchedPages = 0;
  /** Memory that was plugged in and is online; bytes. */
  pluggedBytes = 0;
  /** Whether it takes memory for accepted that is not. */
  assumesAccepted = false;
  /** Bytes that memblock gave away: image, tables, memmap, buffers. Used from the start. */
  readonly #reservedBytes: number;

  constructor(start: KernelStart, early: EarlyBoot, { nodes, memmap }: FirstMemmap) {
    const { machine, rules, acceptance, clock, lazy, faults } = start;
    const { memblock } = early;
    this.start = start;
    this.early = early;
    this.cpuNodes = machine.cpuNodes.slice(0, machine.onlineCpus);
    this.#reservedBytes = memblock.reservedSize();
    const { acceptAtOncePages = rules.pageAlloc.acceptAtOncePages } = start;
    const { reserveBeforeWatermarksPages = rules.pageAlloc.reserveBeforeWatermarksPages } = start;
    const zones = nodes.flatMap((node) => node.zones.filter(isPopulated));
    // It may move memblock's array to memory that was free.
    const reserved = reservedPfnRanges(memblock);
    const unmovable = rules.boot.reservedHeadsMovable
      ? withoutReservedHeads(memmap, reserved)
      : memmap.unmovable;
    this.allocator = new PageAllocator({
      zones,
      ...zonelistIndices(nodes, zones),
      cpus: early.cpuCount,
      rules: { ...rules.pageAlloc, acceptAtOncePages, reserveBeforeWatermarksPages },
      acceptor: faults === undefined ? acceptance : touchingAcceptor(faults),
      pageblockTypes: pageblockTypesOf(unmovable),
    });
    const { initOnFree, transparentHugePages = start.transparentHugePages ?? true } = early.options;
    this.stages = new BootStages(this.allocator, this.cpuNodes, transparentHugePages);
    const onTouch = initOnFree && faults !== undefined;
    const untouched = faults === undefined ? reschedulingAcceptor(acceptance, clock) : NOTHING_UNACCEPTED;
    const acceptor = onTouch ? clearingAcceptor(faults, clock) : untouched;
    this.release = new BootRelease(this.allocator, acceptor, lazy && !onTouch, 0, start.released);
    this.deferredAreas = nodes.map((node) =>
      deferredArea(memblock, node, memmap.firstDeferredPfn.get(node.nid)!),
    );
  }

  get defersInit(): boolean {
    return this.deferredAreas.some(({ firstDeferredPfn }) => Number.isFinite(firstDeferredPfn));
  }

  /** Grows a node's last zone by a section because it ran empty early (deferred_grow_zone). */
  growZone(nodeId: number, zoneEndPfn: number): boolean {
    const area = this.deferredAreas.find((candidate) => candidate.nodeId === nodeId)!;
    if (area.free.length === 0 || area.free.at(-1)!.endPfn > zoneEndPfn) return false;
    const { zoneGrowth } = this.early.bootRules;
    const { grown, firstDeferredPfn, pages } = growZone(area, zoneGrowth, this.sink);
    area.firstDeferredPfn = firstDeferredPfn;
    this.start.clock.ledger.charge(CostEvent.initStructPage, pages);
    return grown;
  }

  /** Where memory goes whose struct pages are initialised late. */
  readonly sink: DeferredSink = {
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
    const givenAwayBytes = this.#reservedBytes - untouchedBytes;
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
    acceptBlocks: (startPfn, blocks) => acceptance.acceptBlocks(startPfn, blocks, true),
    unacceptedRunLength: (startPfn, blocks) => acceptance.unacceptedRunLength(startPfn, blocks),
  };
}

/** Where a fault accepts and free memory is cleared (`init_on_free=1`), all of it faults as it is released. */
function clearingAcceptor(faults: FaultAcceptance, clock: GuestClock): BootAcceptor {
  return {
    acceptMemory(start, sizeBytes) {
      clock.reschedule();
      faults.touch(start, sizeBytes);
    },
    rangeContainsUnaccepted: () => true,
    acceptBlocks: () => 0,
    unacceptedRunLength: (_startPfn, blocks) => blocks,
  };
}

/** The release of boot memory where a fault accepts: nothing needs accepting. */
const NOTHING_UNACCEPTED: BootAcceptor = {
  acceptMemory: () => {},
  rangeContainsUnaccepted: () => false,
  acceptBlocks: () => 0,
  unacceptedRunLength: (_startPfn, blocks) => blocks,
};

/** The allocator then has no unaccepted block, and hands out pages that raise a fault. */
function touchingAcceptor(faults: FaultAcceptance): MemoryAcceptor {
  return { acceptMemory: () => {}, touch: (start, sizeBytes) => faults.touch(start, sizeBytes) };
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
  return { nodeId: node.nid, free, firstDeferredPfn, endPfn: last.endPfn };
}
