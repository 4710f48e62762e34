import { LINUX_6_12, LINUX_6_12_0 } from "../../src/page-alloc/kernel-rules.js";
import { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { NO_PAGE } from "../../src/page-alloc/page-frames.js";
import { FREE_HIGH_BATCH } from "../../src/page-alloc/pcp.js";
import { BootRelease } from "../../src/page-alloc/release.js";
import { Oracle } from "./oracle.js";
import { compareState } from "./oracle-compare.js";
import { NaiveAcceptor, type Piece, Random, type RandomMachine, randomMachine } from "./oracle-machines.js";

/** The allocator and the naive model side by side, through the same random operations. */

/** What requests ask for: bits of gfp and, beside them, what they stand for. */
const REQUESTS = [
  0xcc0, // GFP_KERNEL
  0x100cca, // GFP_HIGHUSER_MOVABLE
  0xcd0, // GFP_KERNEL | __GFP_RECLAIMABLE
  0x820, // GFP_ATOMIC
  0x2800, // GFP_NOWAIT
  0, // GFP_KERNEL early in boot
  0xcc8, // GFP_KERNEL | __GFP_MOVABLE
  0x100cc2, // GFP_HIGHUSER
  0xcc1, // GFP_KERNEL | GFP_DMA
  0xcc4, // GFP_KERNEL | GFP_DMA32
  0x8cc0, // GFP_KERNEL | __GFP_NOFAIL
  0x20cc0, // GFP_KERNEL | __GFP_MEMALLOC
  0x20820, // GFP_ATOMIC | __GFP_MEMALLOC
  0xa0820, // GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOMEMALLOC
  0x80820, // GFP_ATOMIC | __GFP_NOMEMALLOC
  0x200cc0, // GFP_KERNEL | __GFP_THISNODE
  0x300cca, // GFP_HIGHUSER_MOVABLE | __GFP_THISNODE
  0x1c20ca, // GFP_TRANSHUGE_LIGHT
  0x1c24ca, // GFP_TRANSHUGE
  0xce0, // GFP_KERNEL | __GFP_HIGH
  0x830, // GFP_ATOMIC | __GFP_RECLAIMABLE
  0x82a, // GFP_ATOMIC for movable memory
];

const SMALL_ORDERS = [0, 0, 0, 0, 0, 0, 1, 1, 2, 3];
const ANY_ORDERS = [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const LARGE_ORDERS = [8, 9, 10, 10, 10];

interface Phase {
  allocatePercent: number;
  orders: readonly number[];
  requests: readonly number[];
  cpus: readonly number[];
  splitPercent: number;
  left: number;
}

export class Duel {
  readonly #random: Random;
  readonly #machine: RandomMachine;
  readonly #allocator: PageAllocator;
  readonly #release: BootRelease;
  readonly #oracle: Oracle;
  readonly #actual: NaiveAcceptor;
  readonly #expected: NaiveAcceptor;
  readonly #grownActual = new Set<Piece>();
  readonly #grownExpected = new Set<Piece>();
  readonly #reserved: number[];
  /** Blocks handed out. */
  readonly #held: { pfn: number; order: number }[] = [];
  #phase: Phase = { allocatePercent: 0, orders: [], requests: [], cpus: [], splitPercent: 0, left: 0 };
  #comparedCalls = 0;
  /** The operation under way, in words. */
  #what = "hand-over";

  constructor(seed: number) {
    const random = new Random(seed);
    const machine = randomMachine(random);
    this.#random = random;
    this.#machine = machine;
    this.#actual = new NaiveAcceptor(machine.unacceptedFrom, machine.unacceptedTo);
    this.#expected = new NaiveAcceptor(machine.unacceptedFrom, machine.unacceptedTo);
    const initialType = (pfn: number): number => machine.initialTypes.get(pfn) ?? 1;
    this.#allocator = new PageAllocator({
      ...machine,
      rules: machine.oldKernel ? LINUX_6_12_0 : LINUX_6_12,
      acceptor: this.#actual,
      pageblockTypes: { typeAt: initialType },
    });
    this.#release = new BootRelease(this.#allocator, this.#actual, machine.lazy, 0);
    this.#oracle = new Oracle({
      ...machine,
      rule: machine.oldKernel ? "6.12.0" : "claim-then-steal",
      acceptsBeforeWatermarks: !machine.oldKernel,
      initialType,
      acceptMemory: (start, sizeBytes) => this.#expected.acceptMemory(start, sizeBytes),
      containsUnaccepted: (start, sizeBytes) => this.#expected.rangeContainsUnaccepted(start, sizeBytes),
    });
    this.#reserved = [...machine.reserved];
    for (const piece of machine.pieces) {
      if (piece.late) continue;
      this.#giveActual(piece);
      this.#giveExpected(piece);
    }
  }

  get shape(): string {
    return this.#machine.shape;
  }

  /** Compares everything there is. @throws Error */
  compareAll(): void {
    compareState(this.#allocator, this.#oracle);
  }

  /** One random operation on both. @throws Error at the first difference */
  step(): void {
    const random = this.#random;
    if (this.#phase.left-- <= 0) this.#newPhase();
    const dice = random.below(1000);
    if (dice < 5) this.#tune();
    else if (dice < 7) this.#drain();
    else if (dice < 12) this.#releaseLate();
    else if (dice < 20) this.#freeReserved();
    else if (random.chance(this.#phase.allocatePercent)) this.#allocate();
    else this.#free();
    this.#compareCalls();
  }

  /** What the last operation was. */
  get what(): string {
    return this.#what;
  }

  #newPhase(): void {
    const random = this.#random;
    const cpus = Array.from({ length: this.#machine.cpus }, (_, cpu) => cpu);
    this.#phase = {
      allocatePercent: random.pick([10, 30, 45, 50, 55, 70, 95]),
      orders: random.pick([
        [0],
        [0],
        SMALL_ORDERS,
        SMALL_ORDERS,
        ANY_ORDERS,
        LARGE_ORDERS,
        [random.below(11)],
      ]),
      requests: Array.from({ length: random.between(1, 5) }, () =>
        random.chance(50) ? random.pick(REQUESTS.slice(0, 4)) : random.pick(REQUESTS),
      ),
      cpus: random.chance(50) ? cpus : [random.pick(cpus)],
      splitPercent: random.chance(30) ? 30 : 0,
      left: random.pick([20, 100, 300, 800]),
    };
  }

  #allocate(): void {
    const random = this.#random;
    const gfp = random.pick(this.#phase.requests);
    const order = random.pick(this.#phase.orders);
    const node = random.below(this.#machine.nodes);
    const cpu = random.pick(this.#phase.cpus);
    this.#what = `allocate gfp 0x${gfp.toString(16)} order ${order} node ${node} cpu ${cpu}`;
    const expected = this.#oracle.allocPages(gfp, order, node, cpu);
    const page = this.#allocator.allocPages(gfp, order, node, cpu);
    const actual = page === NO_PAGE ? -1 : this.#allocator.frames.pfnOf(page);
    expectSame("pfn", actual, expected);
    if (expected < 0) expectSame("reason", this.#allocator.lastFailure, this.#oracle.lastFailure);
    else this.#held.push({ pfn: expected, order });
  }

  #free(): void {
    const random = this.#random;
    const held = this.#held;
    if (held.length === 0) return;
    const at = random.below(held.length);
    const { pfn, order: whole } = held[at]!;
    held[at] = held.at(-1)!;
    held.pop();
    let order = whole;
    // A block may be split and freed in parts (split_page); the upper parts stay allocated.
    while (order > 0 && random.chance(this.#phase.splitPercent)) {
      order--;
      held.push({ pfn: pfn + 2 ** order, order });
    }
    const cpu = random.pick(this.#phase.cpus);
    this.#what = `free pfn 0x${pfn.toString(16)} order ${order} cpu ${cpu}`;
    this.#oracle.freePages(pfn, order, cpu);
    this.#allocator.freePages(this.#allocator.frames.pageOf(pfn), order, cpu);
  }

  #freeReserved(): void {
    const pfn = this.#reserved.pop();
    if (pfn === undefined) return;
    const cpu = this.#random.pick(this.#phase.cpus);
    this.#what = `free reserved pfn 0x${pfn.toString(16)} cpu ${cpu}`;
    this.#oracle.freeReservedPage(pfn, cpu);
    this.#allocator.freeReservedPage(pfn, cpu);
  }

  #drain(): void {
    this.#what = "drain all";
    this.#oracle.drainAllPcp();
    this.#allocator.drainAllPcp();
  }

  #releaseLate(): void {
    const piece = this.#machine.pieces.find((late) => late.late && !this.#grownExpected.has(late));
    if (piece === undefined) return;
    this.#what = `release ${piece.how} 0x${piece.pfn.toString(16)} ${piece.size}`;
    this.#giveExpected(piece);
    this.#giveActual(piece);
  }

  #giveActual(piece: Piece): void {
    this.#grownActual.add(piece);
    if (piece.how === "run") this.#release.maxOrderRun(piece.pfn, piece.size);
    else if (piece.how === "block") this.#release.block(piece.pfn, piece.size);
    else this.#release.singlePages(piece.pfn, piece.size);
  }

  #giveExpected(piece: Piece): void {
    this.#grownExpected.add(piece);
    if (piece.how === "block") this.#oracle.releaseBlock(piece.pfn, piece.size, 0);
    else if (piece.how === "single pages") this.#oracle.releaseSinglePages(piece.pfn, piece.size, 0);
    else for (let i = 0; i < piece.size; i++) this.#oracle.releaseBlock(piece.pfn + i * 1024, 10, 0);
  }

  /** Next late piece of a zone that one side does not have yet. */
  #nextOf(zone: number, given: ReadonlySet<Piece>): Piece | undefined {
    return this.#machine.pieces.find((piece) => piece.late && piece.zone === zone && !given.has(piece));
  }

  #tune(): void {
    const random = this.#random;
    const oracle = this.#oracle;
    const allocator = this.#allocator;
    this.#what = "tune";
    if (random.chance(20)) {
      const growing = random.chance(50);
      oracle.growZone = growing
        ? (zone) => {
            const piece = this.#nextOf(oracle.zones.indexOf(zone), this.#grownExpected);
            if (piece !== undefined) this.#giveExpected(piece);
            return piece !== undefined;
          }
        : undefined;
      allocator.growZone = growing
        ? (zone) => {
            const piece = this.#nextOf(zone.index, this.#grownActual);
            if (piece !== undefined) this.#giveActual(piece);
            return piece !== undefined;
          }
        : undefined;
    }
    if (random.chance(30)) {
      oracle.kswapdRunning = random.chance(70);
      allocator.kswapdRunning = oracle.kswapdRunning;
    }
    if (random.chance(20)) {
      oracle.gfpAllowedMask = random.chance(25) ? ~0xcc0 : -1;
      allocator.gfpAllowedMask = oracle.gfpAllowedMask;
    }
    const all = random.chance(50);
    const only = random.below(this.#machine.zones.length);
    this.#machine.zones.forEach((_, index) => {
      if (all || index === only) this.#tuneZone(index);
    });
  }

  #tuneZone(index: number): void {
    const random = this.#random;
    const expected = this.#oracle.zones[index]!;
    const actual = this.#allocator.zones[index]!;
    if (random.chance(50)) {
      const min = random.pick([0, 0, random.below(20), random.below(1000), random.below(5000)]);
      const delta = min === 0 && random.chance(70) ? 0 : random.between(0, random.pick([10, 300, 2000]));
      expected.watermark = [min, min + delta, min + 2 * delta, min + 3 * delta];
      actual.watermark.set(expected.watermark);
    }
    if (random.chance(10)) {
      expected.boost = 0;
      actual.watermarkBoost = 0;
    }
    if (random.chance(30)) {
      const reserve = random.pick([0, random.below(100), random.below(3000)]);
      expected.lowmemReserve = [0, 1, 2, 3, 4].map((type) =>
        type > expected.type ? reserve * (type - expected.type) : 0,
      );
      actual.lowmemReserve.set(expected.lowmemReserve);
    }
    if (random.chance(30)) {
      expected.statThreshold = random.pick([0, random.below(20), 125]);
      actual.statThreshold = expected.statThreshold;
    }
    if (random.chance(20)) {
      expected.reclaimActive = random.chance(30);
      actual.reclaimActive = expected.reclaimActive;
    }
    if (random.chance(60)) this.#tunePcp(index);
  }

  #tunePcp(index: number): void {
    const random = this.#random;
    const batch = random.pick([1, 1, 3, 7, 31, 63]);
    const off = random.chance(15);
    const highMin = off ? 0 : Math.max(4 * batch, random.pick([0, random.below(1000)]));
    const highMax = off
      ? 0
      : Math.max(highMin, random.pick([4 * batch, random.below(1500), random.below(8000)]));
    const freeHighBatch = random.chance(50);
    this.#oracle.zones[index]!.pcp.forEach((expected, cpu) => {
      const actual = this.#allocator.zones[index]!.pcp[cpu]!;
      Object.assign(expected, { batch: off ? 1 : batch, highMin, highMax, freeHighBatch });
      Object.assign(actual, { batch: off ? 1 : batch, highMin, highMax });
      actual.flags = (actual.flags & ~FREE_HIGH_BATCH) | (freeHighBatch ? FREE_HIGH_BATCH : 0);
    });
  }

  #compareCalls(): void {
    const actual = this.#actual.calls;
    const expected = this.#expected.calls;
    expectSame("number of accept calls", actual.length / 2, expected.length / 2);
    for (; this.#comparedCalls < expected.length; this.#comparedCalls++) {
      expectSame("start or size of accept call", actual[this.#comparedCalls], expected[this.#comparedCalls]);
    }
    expectSame("pieces handed over", this.#grownActual.size, this.#grownExpected.size);
  }
}

function expectSame(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${what} is ${actual}, the model has ${expected}`);
}

/** How often the whole state is compared, in operations. */
const COMPARE_EVERY = 500;

/**
 * Runs one machine through its operations.
 *
 * @throws Error naming seed, shape and operation at the first difference
 */
export function runDuel(seed: number, operations: number): void {
  const duel = new Duel(seed);
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
    throw new Error(`seed ${seed} (${duel.shape}), operation ${operation} (${duel.what}): ${reason}`, {
      cause: error,
    });
  }
}
