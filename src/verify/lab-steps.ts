/** The log of an instrumented kernel as steps. */

import type { PageAllocRules } from "../linux/rules.js";
import { gfpMigrateType } from "../page-alloc/index.js";
import { asPfn, PAGEBLOCK_ORDER, type Pfn } from "../units.js";
import {
  ALLOC_NOLOCK,
  LAB_RECORD_BYTES,
  LabKind,
  type LabLog,
  LabMark,
  TryFailed,
  wholeB,
  zoneOfDecision,
} from "../workload/lab-log.js";
import { markCompared, markFrees, markStages } from "./lab-marks.js";
import {
  type LabMachine,
  type Wrong,
  wrongAddresses,
  wrongAllocation,
  wrongBlock,
  wrongClaim,
  wrongCpuDrain,
  wrongCpuOfZone,
  wrongDrain,
  wrongFrame,
  wrongGrowth,
  wrongMark,
  wrongSwitch,
  wrongType,
  wrongTypedBlock,
  wrongZone,
  wrongZoneMark,
} from "./lab-records.js";
import { getOrMake, Step, Steps } from "./steps.js";
import { type Comparison, Tally } from "./tally.js";

/** What a record is: when it is one that a kernel writes, and what it says of the steps. */
interface RecordKind {
  readonly wrong: (log: LabLog, i: number, machine: LabMachine) => Wrong | undefined;
  readonly read?: (reader: LabReader, i: number) => void;
}

const KINDS: Readonly<Record<number, RecordKind>> = {
  [LabKind.ALLOC]: { wrong: wrongAllocation, read: (reader, i) => reader.allocated(i, Step.ALLOC) },
  [LabKind.FREE]: { wrong: wrongBlock, read: (reader, i) => reader.freed(i) },
  [LabKind.FREE_BATCHED]: { wrong: wrongTypedBlock, read: (reader, i) => reader.freed(i) },
  [LabKind.DRAIN]: { wrong: wrongDrain, read: (reader, i) => reader.drained(i) },
  [LabKind.ZONE_LOCKED]: { wrong: wrongTypedBlock, read: (reader, i) => reader.taken(i) },
  [LabKind.EXTFRAG]: { wrong: wrongTypedBlock, read: (reader, i) => reader.taken(i) },
  [LabKind.BULK]: { wrong: wrongBlock, read: (reader, i) => reader.allocated(i, Step.BULK) },
  [LabKind.INIT_FREE]: { wrong: wrongBlock, read: (reader, i) => reader.released(i) },
  [LabKind.PARK]: { wrong: wrongBlock, read: (reader, i) => reader.released(i) },
  [LabKind.ACCEPT_PAGE]: { wrong: wrongBlock, read: (reader, i) => reader.accepting(i) },
  [LabKind.ACCEPT_MEMORY]: { wrong: wrongAddresses },
  [LabKind.ARCH_ACCEPT]: { wrong: wrongAddresses },
  [LabKind.COND_ACCEPT]: {
    wrong: ({ a }, i, machine) => wrongZone(zoneOfDecision(a[i]!), machine),
    read: (reader, i) => reader.accepting(i),
  },
  [LabKind.SET_TYPE]: {
    wrong: ({ type, pfn }, i, machine) =>
      wrongType(type[i]!) ?? wrongFrame(pfn[i]!, PAGEBLOCK_ORDER, machine),
  },
  [LabKind.MARK]: { wrong: wrongMark, read: (reader, i) => reader.marked(i) },
  [LabKind.FREE_BUDDY]: { wrong: wrongTypedBlock, read: (reader, i) => reader.freed(i) },
  [LabKind.SPLIT]: { wrong: () => undefined },
  [LabKind.ISOLATE]: { wrong: wrongTypedBlock, read: is(Step.ISOLATE) },
  [LabKind.FREE_PREPARED]: { wrong: wrongTypedBlock, read: (reader, i) => reader.freed(i) },
  [LabKind.MOVE_FREE]: {
    wrong: (log, i, machine) => wrongTypedBlock(log, i, machine) ?? wrongType(log.a[i]!),
  },
  [LabKind.CAPTURE]: { wrong: wrongBlock, read: is(Step.CAPTURE) },
  [LabKind.GROW_ZONE]: { wrong: wrongGrowth, read: (reader, i) => reader.grew(i) },
  [LabKind.COMPACT]: { wrong: wrongBlock },
  [LabKind.CLAIM_TRY]: { wrong: wrongClaim, read: (reader, i) => reader.claims(i) },
  [LabKind.BOOST]: { wrong: wrongZoneMark, read: (reader, i) => reader.boosted(i) },
  [LabKind.RECLAIM_ACTIVE]: { wrong: wrongSwitch, read: is(Step.RECLAIM_ACTIVE) },
  [LabKind.TRY_FAILED]: { wrong: wrongZoneMark, read: (reader, i) => reader.foundLocked(i) },
  [LabKind.PUT_OFF]: { wrong: wrongZoneMark },
  [LabKind.COMMIT_LOST]: { wrong: wrongZoneMark, read: (reader) => reader.lost() },
  [LabKind.PCP_FLAGS]: { wrong: wrongCpuOfZone, read: is(Step.PCP_FLAGS) },
  [LabKind.DRAIN_CPU]: { wrong: wrongCpuDrain, read: (reader, i) => reader.drainsCpu(i) },
  [LabKind.HIGHATOMIC]: { wrong: wrongZoneMark, read: is(Step.RESERVED) },
  [LabKind.LIST_CUT]: { wrong: wrongBlock, read: is(Step.LIST_CUT) },
};

/** A record that is a step by itself. */
function is(step: number): (reader: LabReader, i: number) => void {
  return (reader, i) => reader.stands(i, step);
}

/** Works out what each record asks for and when it took effect. Frame numbers only tie records of one free together. */
export function labSteps(log: LabLog, rules: DrainRules): Steps {
  const { length: count, type: migrateType, a: detail } = log;
  const steps = new Steps({ ...log, count, migrateType, detail });
  markFrees(log, steps);
  markStages(log, steps);
  const reader = new LabReader(log, steps, rules);
  for (let i = 0; i < log.length; i++) reader.record(i);
  steps.countInterleaved();
  markCompared(log, steps);
  return steps;
}

type DrainRules = Pick<PageAllocRules, "drainsInBatches">;

/** Order or type of a section not known yet. */
const ANY = -1;
/** Allocations of one CPU that are under way at once: a task's, and those of interrupts on top; more came to nothing. */
const NESTED_MAX = 64;

/** An allocation that takes blocks from the buddy lists, before its own line. */
interface Allocating {
  readonly start: number;
  blocks: number;
  last: number;
  /** Of the blocks taken; -1 while nothing but acceptance has been seen. */
  order: number;
  type: number;
}

/** The batch that was drained last. */
interface Batch {
  /** The step that it belongs to, or -1, and how many it has had so far. */
  owner: number;
  batches: number;
  /** List it begins with, as the log numbers zones; pages to drain, and those that the lists hold now. */
  readonly list: number;
  readonly zone: number;
  readonly pages: number;
  held: number;
}

const NO_BATCH: Batch = { owner: -1, batches: 0, list: -1, zone: -1, pages: 0, held: 0 };

interface CpuState {
  /** Allocations that have begun and have no line yet; one of an interrupt lies above what it interrupted. */
  readonly under: Allocating[];
  /** The free or decay that a drain that comes next belongs to, or -1. */
  drainOwner: number;
  lastFree: number;
  last: Batch;
  /** The request in progress has found its list locked. */
  isLocked: boolean;
}

class LabReader {
  readonly #log: LabLog;
  readonly #steps: Steps;
  readonly #cpus = new Map<number, CpuState>();
  readonly #rules: DrainRules;
  readonly #captured = new Set<Pfn>();
  #cpu!: CpuState;
  #allocated = false;

  constructor(log: LabLog, steps: Steps, rules: DrainRules) {
    this.#log = log;
    this.#steps = steps;
    this.#rules = rules;
  }

  record(i: number): void {
    this.#cpu = getOrMake(this.#cpus, this.#log.cpu[i]!, newCpu);
    KINDS[this.#log.kind[i]!]?.read?.(this, i);
  }

  stands(i: number, step: number): void {
    this.#steps.step[i] = step;
    if (step === Step.CAPTURE) this.#captured.add(asPfn(this.#log.pfn[i]!));
  }

  foundLocked(i: number): void {
    if (this.#log.a[i] === TryFailed.ALLOC) this.#cpu.isLocked = true;
  }

  /** What a request has its zone grow by is handed over by the model when it comes to that request. */
  grew(i: number): void {
    const { step } = this.#steps;
    const { cpu, kind, pfn } = this.#log;
    step[i] = Step.GROWN;
    const end = wholeB(this.#log, i);
    for (let before = i - 1; before >= 0; before--) {
      if (cpu[before] !== cpu[i]) continue;
      if (kind[before] === LabKind.ALLOC) break;
      if (step[before] === Step.RELEASE && pfn[before]! >= pfn[i]! && pfn[before]! < end)
        step[before] = Step.NONE;
    }
  }

  /** What a claim found in the pageblock belongs to the allocation in progress. */
  claims(i: number): void {
    this.#extend(i, this.#log.bLow[i]! >>> 8, this.#log.type[i]!);
    getOrMake(this.#steps.claims, this.#cpu.under.at(-1)!.start, (): number[] => []).push(i);
  }

  boosted(i: number): void {
    this.#steps.step[i] = this.#log.bLow[i] === 1 ? Step.KSWAPD_BOOST : Step.BOOSTED;
  }

  lost(): void {
    const { owner, batches } = this.#cpu.last;
    if (owner >= 0) this.#steps.cutDrains.set(owner, batches);
  }

  drainsCpu(i: number): void {
    this.#steps.step[i] = Step.DRAIN_CPU;
    this.#cpu.drainOwner = i;
  }

  allocated(i: number, step: number): void {
    const steps = this.#steps;
    const cpu = this.#cpu;
    this.#allocated = true;
    steps.step[i] = step;
    if (step === Step.ALLOC && (this.#log.bHigh[i]! & ALLOC_NOLOCK) !== 0) steps.step[i] = Step.ALLOC_NO_LOCK;
    else if (step === Step.ALLOC && cpu.isLocked) steps.step[i] = Step.ALLOC_LOCKED;
    if (this.#captured.delete(asPfn(this.#log.pfn[i]!))) steps.step[i] = Step.ALLOC_CAPTURED;
    cpu.isLocked = false;
    const own = closed(cpu.under, this.#log.order[i]!, gfpMigrateType(this.#log.a[i]!));
    if (own !== undefined) {
      steps.effect[i] = own.start;
      steps.moved[i] = own.blocks;
    }
    cpu.drainOwner = -1;
    if (cpu.lastFree > steps.effect[i]!) steps.interruptedAllocations++;
  }

  taken(i: number): void {
    this.#extend(i, this.#log.order[i]!, this.#log.type[i]!);
    // A block below order 9 that is claimed is then taken like others, which is a record of its own.
    const { kind, a } = this.#log;
    const isClaim = kind[i] === LabKind.EXTFRAG && a[i]! >>> 16 === 1 && (a[i]! & 0xff) < PAGEBLOCK_ORDER;
    if (!isClaim) this.#cpu.under.at(-1)!.blocks++;
  }

  accepting(i: number): void {
    this.#extend(i, ANY, ANY);
  }

  freed(i: number): void {
    if (this.#steps.step[i] === Step.NONE) return;
    this.#cpu.drainOwner = i;
    this.#cpu.lastFree = i;
  }

  drained(i: number): void {
    this.#cpu.last.held -= 2 ** this.#log.order[i]!;
    if (this.#cpu.drainOwner >= 0) this.#steps.drain(this.#cpu.drainOwner, i);
  }

  /** What memblock handed over in front of the first request is no step. */
  released(i: number): void {
    if (this.#allocated) this.#steps.step[i] = Step.RELEASE;
  }

  marked(i: number): void {
    const { step } = this.#steps;
    const cpu = this.#cpu;
    if (!this.#allocated) step[i] = Step.NONE;
    if (this.#log.order[i] === LabMark.PCP_DECAY) {
      step[i] = Step.DECAY;
      cpu.drainOwner = i;
    } else if (this.#log.order[i] === LabMark.PCP_DRAIN && cpu.under.length === 0) {
      this.#drains(i);
    }
  }

  /**
   * A batch of a drain. A decay drains batch after batch, a free once, or batch after batch beginning with the same
   * list; then an interrupt or another task can come between, whose frees go elsewhere: the list holds what it held.
   */
  #drains(i: number): void {
    const { step, drained, cutDrains } = this.#steps;
    const { pfn, a, bLow, type } = this.#log;
    const cpu = this.#cpu;
    const { drainOwner: owner, last } = cpu;
    const goesOn =
      this.#rules.drainsInBatches &&
      last.list === pfn[i] &&
      last.zone === type[i] &&
      last.held === bLow[i] &&
      a[i]! <= last.pages;
    cpu.last = { ...last, list: pfn[i]!, zone: type[i]!, held: bLow[i]!, pages: a[i]! };
    if (goesOn && last.owner >= 0) {
      cpu.last.batches++;
      if (owner === last.owner) return;
      cutDrains.set(last.owner, last.batches);
      step[i] = Step.DRAIN_REST;
    } else if (owner >= 0 && (step[owner] === Step.DECAY || !drained.has(owner))) {
      cpu.last.owner = owner;
      cpu.last.batches = 1;
      return;
    } else step[i] = Step.TIMER_DRAIN;
    cpu.last.owner = i;
    cpu.last.batches = 1;
    cpu.drainOwner = i;
  }

  /** Adds a record to the allocation in progress, or begins another one, of an interrupt, above it. */
  #extend(i: number, order: number, type: number): void {
    const { under, lastFree } = this.#cpu;
    const top = under.at(-1);
    this.#cpu.drainOwner = -1;
    const goesOn = top !== undefined && top.last >= lastFree;
    if (goesOn && (top.order === ANY || order === ANY || top.order === order)) {
      top.last = i;
      if (top.order === ANY) {
        top.order = order;
        top.type = type;
      }
    } else {
      if (under.length === NESTED_MAX) under.shift();
      under.push({ start: i, blocks: 0, last: i, order, type });
    }
  }
}

function newCpu(): CpuState {
  return { under: [], drainOwner: -1, lastFree: -1, last: { ...NO_BATCH }, isLocked: false };
}

/** The allocation that a line closes; what lies above it came to nothing. */
function closed(under: Allocating[], order: number, type: number): Allocating | undefined {
  for (let at = under.length - 1; at >= 0; at--) {
    const own = under[at]!;
    if (own.order === ANY || (own.order === order && (own.type === type || at === under.length - 1))) {
      under.length = at;
      return own;
    }
  }
  return undefined;
}

/** A log whose records can be followed, and how many of those it had could not. */
export interface CheckedLog {
  /** As it was recorded: to compare with, not to follow. */
  readonly recorded: LabLog;
  /** Records that cannot be followed have kind 0. */
  readonly log: LabLog;
  readonly records: Comparison;
}

/**
 * Looks at each record before anything follows it. One that no kernel writes is a difference, and
 * counts as if it were not there.
 *
 * @param count how many records the log should have, as the snapshot at its end says
 */
export function checkRecords(log: LabLog, machine: LabMachine, count: number): CheckedLog {
  const records = new Tally();
  const kind = log.kind.slice();
  for (let i = 0; i < log.length; i++) {
    const wrong = whatIsWrong(log, i, machine);
    records.expect(wrong === undefined, () => ({
      event: i,
      ...wrong!,
      context: `record at byte ${i * LAB_RECORD_BYTES}`,
    }));
    if (wrong !== undefined) kind[i] = 0;
  }
  if (log.length !== count) {
    const shorter = Math.min(log.length, count);
    records.compared = Math.max(log.length, count);
    records.equal = Math.min(records.equal, shorter);
    records.firstDivergence ??= {
      event: shorter,
      expected: `${count} records, as the snapshot at the end says`,
      found: `${log.length}`,
      context: "length of the log",
    };
  }
  return { recorded: log, log: { ...log, kind }, records };
}

function whatIsWrong(log: LabLog, i: number, machine: LabMachine): Wrong | undefined {
  const kind = log.kind[i]!;
  const cpu = log.cpu[i]!;
  if (cpu >= machine.cpus) return { expected: `a CPU below ${machine.cpus}`, found: `${cpu}` };
  const known = KINDS[kind];
  return known === undefined
    ? { expected: "a kind from 1 to 18, or from 32 to 46", found: `${kind}` }
    : known.wrong(log, i, machine);
}
