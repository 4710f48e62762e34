/** The page allocator alone, beside the same algorithm in C and beside plain buddy lists. */

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { GfpMask, type PageAllocator } from "../src/page-alloc/index.js";
import { asPage, MAX_PAGE_ORDER } from "../src/units.js";
import { type BootOperations, bootOperations } from "./boot-operations.js";
import { benchDirectory, compiled, compilerSkip } from "./c-reference.js";
import { coreMachine, type MachineSize, ofOneType, runOperations, writeForC } from "./core-machine.js";
import { cpuMs, loopRatio, type Measure } from "./measure.js";
import { PlainBuddy } from "./plain-buddy.js";

const OPERATIONS = 6_000_000;
/** 64 GiB, of which nothing is accepted; and 1 GiB, all of it free. */
const BOOT_MACHINE: MachineSize = { blocks: 16384, freeBlocks: 0 };
const PAIR_MACHINE: MachineSize = { blocks: 256, freeBlocks: 256 };
/** 4 GiB to be accepted. */
const PARKED_MACHINE: MachineSize = { blocks: 1024, freeBlocks: 0 };
/** 4 PiB. */
const HUGE_MACHINE: MachineSize = { blocks: 2 ** 30, freeBlocks: 0 };
const PAIRS = 1_000_000;
const BURST = 4096;
const WARM_UPS = 3;

const PEER = "the same algorithm in C with one migrate type, bench/reference/buddy.c";
const PLAIN = "plain buddy lists, bench/plain-buddy.ts";
const { HIGHUSER_MOVABLE } = GfpMask;

/** What a program in C says of itself: CPU time in ns, and the hash of the frames that it handed out. */
interface Told {
  readonly ns: number;
  readonly hash: number;
}

function runC(words: readonly string[]): Told {
  const [ns, hash] = execFileSync(join(benchDirectory(), "buddy"), words, { encoding: "utf8" }).split(" ");
  return { ns: Number(ns), hash: Number(hash) };
}

function timeNs(run: () => unknown): number {
  const start = cpuMs();
  run();
  return (cpuMs() - start) * 1e6;
}

/** A boot of one seed, here and in C. Made and warmed up when first sampled. */
class Boot {
  readonly #seed: number;
  #made: { readonly operations: BootOperations; readonly file: string } | undefined;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** @throws Error when C and this project hand out other frames where all memory is of one type */
  #make(): { readonly operations: BootOperations; readonly file: string } {
    if (this.#made !== undefined) return this.#made;
    const operations = bootOperations(OPERATIONS, this.#seed);
    const file = join(benchDirectory(), `boot-${this.#seed}`);
    if (compilerSkip() === undefined) {
      compiled("buddy");
      writeForC(file, BOOT_MACHINE, operations);
      const allocator = coreMachine(BOOT_MACHINE);
      // The reference has no counters that a CPU holds back.
      allocator.zones[0]!.statThreshold = 0;
      const hash = runOperations(allocator, ofOneType(operations));
      if (hash !== runC([file]).hash) throw new Error("bench: buddy.c hands out other frames");
    }
    for (let i = 0; i < WARM_UPS; i++) runOperations(coreMachine(BOOT_MACHINE), operations);
    this.#made = { operations, file };
    return this.#made;
  }

  ownNs(): number {
    const { operations } = this.#make();
    const allocator = coreMachine(BOOT_MACHINE);
    return timeNs(() => runOperations(allocator, operations));
  }

  ratioToC(): number {
    const { file } = this.#make();
    const { ns } = runC([file]);
    return this.ownNs() / ns;
  }

  /** Bytes of metadata for each page that was handed out. */
  metadataBytes(): number {
    const allocator = coreMachine(BOOT_MACHINE);
    runOperations(allocator, this.#make().operations);
    return allocator.frames.metadataBytes / allocator.touchedPages;
  }
}

/** Takes a block and gives it back, time after time. */
class Pairs {
  readonly #allocator: PageAllocator = coreMachine(PAIR_MACHINE);

  run(order: number, pairs: number): number {
    let page = 0;
    for (let i = 0; i < pairs; i++) {
      page = this.#allocator.allocPages(HIGHUSER_MOVABLE, order, 0, 0);
      this.#allocator.freePages(asPage(page), order, 0);
    }
    return page;
  }

  ownNs(order: number): number {
    this.run(order, PAIRS / 10);
    return timeNs(() => this.run(order, PAIRS));
  }

  ratioToC(order: number): number {
    const file = join(benchDirectory(), "pairs");
    compiled("buddy");
    writeForC(file, PAIR_MACHINE, { words: new Uint32Array(0), slots: 0, singlePages: 0 });
    const { ns } = runC([file, `${order}`, `${PAIRS}`]);
    return this.ownNs(order) / ns;
  }
}

function plain(blocks: number): PlainBuddy {
  const buddy = new PlainBuddy(blocks);
  for (let block = 0; block < blocks; block++) buddy.free(block * 2 ** MAX_PAGE_ORDER, MAX_PAGE_ORDER);
  return buddy;
}

function burstRatio(): Promise<number> {
  const allocator = coreMachine(PAIR_MACHINE);
  const buddy = plain(PAIR_MACHINE.blocks);
  const burst = new Int32Array(BURST);
  return loopRatio(
    () => {
      for (let i = 0; i < BURST; i++) burst[i] = allocator.allocPages(HIGHUSER_MOVABLE, 0, 0, 0);
      for (let i = 0; i < BURST; i++) allocator.freePages(asPage(burst[i]!), 0, 0);
      return burst[0];
    },
    () => {
      for (let i = 0; i < BURST; i++) burst[i] = buddy.takePage();
      for (let i = 0; i < BURST; i++) buddy.freePage(burst[i]!);
      return burst[0];
    },
  );
}

/** Takes all memory of a fresh machine in blocks of an order; it is accepted on the way. */
function acceptRatio(order: number): Promise<number> {
  return loopRatio(
    () => {
      const allocator = coreMachine(PARKED_MACHINE);
      let page = 0;
      while (page >= 0) page = allocator.allocPages(HIGHUSER_MOVABLE, order, 0, 0);
      return page;
    },
    () => {
      const buddy = plain(PARKED_MACHINE.blocks);
      let page = 0;
      while (page >= 0) page = buddy.take(order);
      return page;
    },
  );
}

/** What a machine costs of which nobody has touched a page; what lists of its ranges take is the same for each. */
function untouchedBytes(): number {
  return coreMachine(HUGE_MACHINE).frames.metadataBytes;
}

export function measures(): readonly Measure[] {
  const first = new Boot(1);
  const second = new Boot(2);
  const pairs = new Pairs();
  const skip = compilerSkip();
  const toC = { unit: "ratio", better: "less", peer: PEER, ...(skip === undefined ? {} : { skip }) } as const;
  const toPlain = { goal: "for reading", unit: "ratio", better: "less", peer: PLAIN } as const;
  return [
    {
      name: "core/boot",
      goal: "at most 3.5 times C",
      limit: 3.5,
      ...toC,
      sample: () => first.ratioToC(),
    },
    {
      name: "core/boot-other-seed",
      goal: "at most 3.5 times C",
      limit: 3.5,
      ...toC,
      sample: () => second.ratioToC(),
    },
    {
      name: "core/boot-requests",
      goal: "15 to 20 million requests a second",
      unit: "M/s",
      limit: 15,
      better: "more",
      peer: "6 million requests of a made-up boot of 64 GiB",
      sample: () => OPERATIONS / (first.ownNs() / 1e3),
    },
    {
      name: "core/pair-order-0",
      goal: "at most 6 times C",
      limit: 6,
      ...toC,
      sample: () => pairs.ratioToC(0),
    },
    { name: "core/pair-order-9", goal: "for reading", ...toC, sample: () => pairs.ratioToC(9) },
    {
      name: "core/pair-order-9-to-order-0",
      goal: "the same for 512 pages as for one",
      unit: "ratio",
      limit: 2,
      better: "less",
      peer: "a pair of order 0",
      sample: () => pairs.ownNs(9) / pairs.ownNs(0),
    },
    {
      name: "core/metadata",
      goal: "at most 10 bytes for a touched page",
      unit: "bytes",
      limit: 10,
      better: "less",
      peer: "8 bytes of two links",
      rounds: 1,
      sample: () => first.metadataBytes(),
    },
    {
      name: "core/metadata-untouched",
      goal: "none for 4 PiB that are not touched",
      unit: "bytes",
      limit: 0,
      better: "less",
      peer: "nothing",
      rounds: 1,
      sample: untouchedBytes,
    },
    { name: "core/burst-to-plain", ...toPlain, sample: burstRatio },
    { name: "core/accept-order-10-to-plain", ...toPlain, sample: () => acceptRatio(MAX_PAGE_ORDER) },
    { name: "core/accept-order-0-to-plain", ...toPlain, sample: () => acceptRatio(0) },
  ];
}
