import { kernelRules } from "../../src/linux/kernel-rules.js";
import {
  initPerZoneWmarkMin,
  raiseForHugePages,
  setupPerCpuPageset,
} from "../../src/page-alloc/boot-stages.js";
import { releaseCmaArea } from "../../src/page-alloc/cma.js";
import { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { NO_PAGE } from "../../src/page-alloc/page-frames.js";
import { BootRelease } from "../../src/page-alloc/release.js";
import { asPage, asPfn, pageArray } from "../../src/units.js";
import { Oracle } from "./oracle.js";
import { NaiveAcceptor } from "./oracle-acceptor.js";
import { compareState, same } from "./oracle-compare.js";
import { HandOver } from "./oracle-hand-over.js";
import { HeldBlocks } from "./oracle-held.js";
import { type DuelKernel, type RandomMachine, randomMachine } from "./oracle-machines.js";
import { type Phase, randomFree, randomPhase } from "./oracle-phases.js";
import { Random } from "./oracle-random.js";
import { ORACLE_RULES } from "./oracle-rules.js";
import { expectFirstWatermarks, expectHugePageWatermarks, expectPcpSizes } from "./oracle-setup.js";
import { tuneZone } from "./oracle-tuning.js";

/** The allocator and the naive model side by side, through the same random operations. */

class Duel {
  readonly #random: Random;
  readonly #machine: RandomMachine;
  readonly #allocator: PageAllocator;
  readonly #handOver: HandOver;
  readonly #oracle: Oracle;
  readonly #actual: NaiveAcceptor;
  readonly #expected: NaiveAcceptor;
  readonly #reserved: number[];
  readonly #cmaAreas: { pfn: number; pages: number }[];
  readonly #held = new HeldBlocks();
  #phase: Phase = { allocatePercent: 0, orders: [], requests: [], cpus: [], splitPercent: 0, left: 0 };
  #comparedCalls = 0;
  /** Special cases this machine came to, so that a test can see that none is never met. */
  readonly reached: Set<string>;
  /** The operation under way, in words. */
  #what = "hand-over";

  constructor(seed: number, kernel: DuelKernel) {
    const random = new Random(seed);
    const machine = randomMachine(random, kernel);
    this.#random = random;
    this.#machine = machine;
    this.#actual = new NaiveAcceptor(machine.unacceptedFrom, machine.unacceptedTo);
    this.#expected = new NaiveAcceptor(machine.unacceptedFrom, machine.unacceptedTo);
    const initialType = (pfn: number): number => machine.initialTypes.get(pfn) ?? 1;
    this.#allocator = new PageAllocator({
      ...machine,
      rules: kernelRules(machine.kernel).pageAlloc,
      acceptor: this.#actual,
      pageblockTypes: { typeAt: initialType },
    });
    this.#oracle = new Oracle({
      ...machine,
      rules: ORACLE_RULES[machine.kernel],
      initialType,
      acceptMemory: (start, sizeBytes) => this.#expected.acceptMemory(start, sizeBytes),
      containsUnaccepted: (start, sizeBytes) => this.#expected.rangeContainsUnaccepted(start, sizeBytes),
    });
    this.reached = this.#oracle.met;
    this.#reserved = [...machine.reserved];
    this.#cmaAreas = [...machine.cmaAreas];
    const release = new BootRelease(this.#allocator, this.#actual, machine.lazy, 0);
    this.#handOver = new HandOver(machine.pieces, this.#allocator, release, this.#oracle);
  }

  get shape(): readonly string[] {
    return this.#machine.shape;
  }

  /** Compares everything there is. @throws Error */
  compareAll(): void {
    compareState(this.#allocator, this.#oracle);
    for (const zone of this.#oracle.zones) {
      if (zone.reservedHighatomic > 0) this.reached.add("highatomic reserve");
      if (zone.boost > 0) this.reached.add("boost");
      if (zone.belowHigh) this.reached.add("below high");
      if (zone.unaccepted > 0) this.reached.add("unaccepted");
      if (zone.cmaPages > 0 && zone.freeCma <= 0) this.reached.add("CMA areas full");
      if (zone.freeCma * 2 > zone.freePages) this.reached.add("most free memory in CMA areas");
      if (zone.freeDiff.some((held) => held !== 0)) this.reached.add("counter differences");
    }
  }

  /** One random operation on both. @throws Error at the first difference */
  step(): void {
    const random = this.#random;
    if (this.#phase.left-- <= 0) this.#phase = randomPhase(random, this.#machine.cpus);
    const dice = random.below(1000);
    if (dice < 5) this.#tune();
    else if (dice < 7) this.#drain();
    else if (dice < 12) this.#releaseLate();
    else if (dice < 20) this.#freeReserved();
    else if (dice < 40) this.#allocateBulk();
    else if (dice < 43) this.#releaseCma();
    else if (dice < 50) this.#freeRange();
    else if (dice < 60) this.#allocateNolock();
    else if (random.chance(this.#phase.allocatePercent)) this.#allocate();
    else this.#free();
    this.#compareCalls();
  }

  /** What the last operation was. */
  get what(): string {
    return this.#what;
  }

  #allocate(): void {
    const random = this.#random;
    const gfp = random.pick(this.#phase.requests);
    const order = random.pick(this.#phase.orders);
    const node = random.below(this.#machine.nodes);
    const cpu = random.pick(this.#phase.cpus);
    const locked = random.chance(2);
    this.#what = `allocate gfp 0x${gfp.toString(16)} order ${order} node ${node} cpu ${cpu}${locked ? " past its list" : ""}`;
    const expected = this.#oracle.allocPages(gfp, order, node, cpu, locked);
    const page = locked
      ? this.#allocator.allocPagesPastPcp(gfp, order, node, cpu)
      : this.#allocator.allocPages(gfp, order, node, cpu);
    const actual = page === NO_PAGE ? -1 : this.#allocator.frames.pfnOf(page);
    same("pfn", actual, expected);
    if (expected >= 0) {
      this.#held.add(expected, order);
      return;
    }
    same("reason", this.#allocator.lastFailure, this.#oracle.lastFailure);
    this.reached.add(this.#oracle.lastFailure);
  }

  /** BPF and the like, from 6.15 on. */
  #allocateNolock(): void {
    const random = this.#random;
    if (!ORACLE_RULES[this.#machine.kernel].knowsNolock) return;
    const order = random.pick([0, 0, 1, 2, 3, 4, 9]);
    const node = random.below(this.#machine.nodes);
    const cpu = random.pick(this.#phase.cpus);
    this.#what = `allocate without locks order ${order} node ${node} cpu ${cpu}`;
    const expected = this.#oracle.allocPagesNolock(order, node, cpu);
    const page = this.#allocator.allocPagesNoLock(0, order, node, cpu);
    same("pfn", page === NO_PAGE ? -1 : this.#allocator.frames.pfnOf(page), expected);
    if (expected >= 0) this.#held.add(expected, order);
  }

  #allocateBulk(): void {
    const random = this.#random;
    const gfp = random.pick(this.#phase.requests);
    const wanted = random.pick([1, 2, 16, random.between(2, 200)]);
    const node = random.below(this.#machine.nodes);
    const cpu = random.pick(this.#phase.cpus);
    this.#what = `allocate ${wanted} pages at once, gfp 0x${gfp.toString(16)} node ${node} cpu ${cpu}`;
    const expected = this.#oracle.allocPagesBulk(gfp, wanted, node, cpu);
    const pages = pageArray(wanted);
    const count = this.#allocator.allocPagesBulk(gfp, pages, node, cpu);
    same("number of pages", count, expected.length);
    expected.forEach((pfn, at) => {
      same(`page ${at}`, this.#allocator.frames.pfnOf(pages[at]!), pfn);
      this.#held.add(pfn, 0);
    });
    if (wanted > 1 && count === wanted) this.reached.add("bulk");
  }

  #free(): void {
    const random = this.#random;
    const taken = this.#held.takeAny(random);
    if (taken === undefined) return;
    const { pfn } = taken;
    let { order } = taken;
    // A block may be split and freed in parts (split_page); the upper parts stay allocated.
    while (order > 0 && random.chance(this.#phase.splitPercent)) {
      order--;
      this.#held.add(pfn + 2 ** order, order);
    }
    const cpu = random.pick(this.#phase.cpus);
    const how = randomFree(random, ORACLE_RULES[this.#machine.kernel]);
    this.#what = `free pfn 0x${pfn.toString(16)} order ${order} cpu ${cpu}, ${how}`;
    const page = asPage(this.#allocator.frames.pageOf(asPfn(pfn)));
    if (how === "past the lists") {
      this.#oracle.freePages(pfn, order, cpu, true);
      this.#allocator.freePagesPastPcp(page, order, cpu);
    } else if (how === "without locks") {
      this.#oracle.freePagesNolock(pfn, order, cpu);
      this.#allocator.freePagesNoLock(page, order, cpu);
    } else if (how === "put off") {
      this.#oracle.putOffFree(pfn, order);
      this.#allocator.putOffFree(page, order);
    } else {
      const mostBatches = how === "lists lost" ? random.between(1, 3) : Number.POSITIVE_INFINITY;
      this.#oracle.freePages(pfn, order, cpu, false, mostBatches);
      const pcp = this.#allocator.zoneOf(page).pcp[cpu]!;
      pcp.batchesUntilLost = mostBatches;
      this.#allocator.freePages(page, order, cpu);
      pcp.batchesUntilLost = Number.POSITIVE_INFINITY;
    }
  }

  /** Blocks that lie side by side, freed as one range of single pages; a few pages at its ends may stay. */
  #freeRange(): void {
    const random = this.#random;
    const taken = this.#held.takeAny(random);
    if (taken === undefined) return;
    let end = taken.pfn + 2 ** taken.order;
    for (let more = random.below(5); more > 0; more--) {
      const next = this.#held.takeFrom(end);
      if (next !== undefined) end += 2 ** next.order;
    }
    const kept = (): number => (random.chance(50) ? random.below(Math.min(6, end - taken.pfn)) : 0);
    const first = taken.pfn + kept();
    const last = Math.max(first + 1, end - kept());
    for (let pfn = taken.pfn; pfn < end; pfn++) if (pfn < first || pfn >= last) this.#held.add(pfn, 0);
    const cpu = random.pick(this.#phase.cpus);
    this.#what = `free range of ${last - first} pages from pfn 0x${first.toString(16)} cpu ${cpu}`;
    this.#oracle.freeRange(first, last - first, cpu);
    this.#allocator.freeRange(asPfn(first), last - first, cpu);
  }

  #freeReserved(): void {
    const pfn = this.#reserved.pop();
    if (pfn === undefined) return;
    const cpu = this.#random.pick(this.#phase.cpus);
    this.#what = `free reserved pfn 0x${pfn.toString(16)} cpu ${cpu}`;
    this.#oracle.freeReservedPage(pfn, cpu);
    this.#allocator.freeReservedPage(asPfn(pfn), cpu);
  }

  #releaseCma(): void {
    const area = this.#cmaAreas.pop();
    if (area === undefined) return;
    const cpu = this.#random.pick(this.#phase.cpus);
    this.#what = `release CMA area of ${area.pages} pages at pfn 0x${area.pfn.toString(16)} cpu ${cpu}`;
    this.#oracle.releaseCma(area.pfn, area.pages, cpu);
    releaseCmaArea(this.#allocator, asPfn(area.pfn), area.pages, cpu);
  }

  #drain(): void {
    const cpu = this.#random.pick(this.#phase.cpus);
    this.#what = `drain all on cpu ${cpu}`;
    this.#oracle.drainAllPcp(cpu);
    this.#allocator.drainAllPcp(cpu);
  }

  #releaseLate(): void {
    const piece = this.#handOver.nextLate();
    if (piece === undefined) return;
    this.#what = `release ${piece.how} 0x${piece.pfn.toString(16)} ${piece.size}`;
    this.#handOver.give(piece);
  }

  #tune(): void {
    const random = this.#random;
    const oracle = this.#oracle;
    const allocator = this.#allocator;
    this.#what = "tune";
    if (random.chance(20)) this.#handOver.growZones(random.chance(50));
    if (random.chance(30)) {
      oracle.kswapdRunning = random.chance(70);
      allocator.kswapdRunning = oracle.kswapdRunning;
    }
    if (random.chance(20)) {
      oracle.gfpAllowedMask = random.chance(25) ? ~0xcc0 : -1;
      allocator.gfpAllowedMask = oracle.gfpAllowedMask;
    }
    if (random.chance(40)) {
      this.#boot();
      return;
    }
    const all = random.chance(50);
    const only = random.below(this.#machine.zones.length);
    this.#machine.zones.forEach((_, index) => {
      if (all || index === only) tuneZone(random, allocator.zones[index]!, oracle.zones[index]!);
    });
  }

  /** The moments of boot at which zones are sized. */
  #boot(): void {
    const { cpuNodes } = this.#machine;
    const { zones } = this.#oracle;
    if (this.#random.chance(30)) {
      this.#what = "set up per-CPU lists";
      setupPerCpuPageset(this.#allocator, cpuNodes);
      expectPcpSizes(zones, cpuNodes);
      return;
    }
    this.#what = "set up watermarks";
    const kbytes = expectFirstWatermarks(zones, cpuNodes);
    same("min_free_kbytes", initPerZoneWmarkMin(this.#allocator, cpuNodes), kbytes);
    if (this.#random.chance(50)) return;
    const raised = expectHugePageWatermarks(zones, kbytes, cpuNodes);
    same("raised min_free_kbytes", raiseForHugePages(this.#allocator, kbytes, cpuNodes), raised);
  }

  #compareCalls(): void {
    const actual = this.#actual.calls;
    const expected = this.#expected.calls;
    same("number of accept calls", actual.length / 2, expected.length / 2);
    for (; this.#comparedCalls < expected.length; this.#comparedCalls++) {
      same("start or size of accept call", actual[this.#comparedCalls], expected[this.#comparedCalls]);
    }
    same("pieces handed over", this.#handOver.actual.size, this.#handOver.expected.size);
    if (this.#handOver.grown) this.reached.add("grown zone");
  }
}

/** How often the whole state is compared, in operations. */
const COMPARE_EVERY = 500;

/**
 * Runs one machine under a release through its operations.
 *
 * @returns its shape and the special cases it met
 * @throws Error naming seed, shape and operation at the first difference
 */
export function runDuel(
  seed: number,
  operations: number,
  kernel: DuelKernel,
): { shape: readonly string[]; reached: ReadonlySet<string> } {
  const duel = new Duel(seed, kernel);
  let operation = 0;
  try {
    duel.compareAll();
    while (operation < operations) {
      operation++;
      duel.step();
      if (operation % COMPARE_EVERY === 0 || operation === operations) duel.compareAll();
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `seed ${seed} (${duel.shape.join(", ")}), operation ${operation} (${duel.what}): ${reason}`,
      {
        cause: error,
      },
    );
  }
  return { shape: duel.shape, reached: duel.reached };
}
