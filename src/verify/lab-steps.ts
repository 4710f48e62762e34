/** The log of an instrumented kernel as steps. */

import { MAX_NR_ZONES } from "../mm/zones.js";
import { gfpMigrateType, MIGRATE_TYPES, PCP_LISTS, pcpAllowedOrder, type Zone } from "../page-alloc/index.js";
import { MAX_PAGE_ORDER, PAGEBLOCK_ORDER, PHYSICAL_ADDRESS_END } from "../units.js";
import {
  LAB_RECORD_BYTES,
  LabKind,
  type LabLog,
  LabMark,
  type LabZone,
  wholeB,
  zoneOfDecision,
  zoneOfMark,
} from "../workload/lab-log.js";
import { getOrMake, Step, Steps } from "./steps.js";
import { type Comparison, type Divergence, Tally } from "./tally.js";

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
  [LabKind.ISOLATE]: { wrong: () => undefined },
};

/** Works out what each record asks for and when it took effect. Frame numbers only tie records of one free together. */
export function labSteps(log: LabLog): Steps {
  const { length: count, type: migrateType, a: detail } = log;
  const steps = new Steps({ ...log, count, migrateType, detail });
  markFrees(log, steps);
  markStages(log, steps);
  const reader = new LabReader(log, steps);
  for (let i = 0; i < log.length; i++) reader.record(i);
  steps.countInterleaved();
  markRetypings(log, steps);
  return steps;
}

/** Put at the tail (FPI_TO_TAIL): only accepted blocks and boot memory are. */
const TO_TAIL = 2;

/** Ties each free to the record with which its page leaves its owner's hands. */
function markFrees({ length, kind, order, pfn, a }: LabLog, steps: Steps): void {
  const { step } = steps;
  const prepared = new Map<number, number>();
  for (let i = 0; i < length; i++) {
    const frame = pfn[i]!;
    switch (kind[i]) {
      case LabKind.ALLOC:
      case LabKind.BULK:
        prepared.delete(frame);
        break;
      case LabKind.FREE:
        step[i] = Step.FREE;
        prepared.set(frame, i);
        break;
      case LabKind.FREE_BATCHED:
      case LabKind.FREE_BUDDY: {
        const free = prepared.get(frame);
        prepared.delete(frame);
        if (free !== undefined) step[free] = Step.NONE;
        if (kind[i] === LabKind.FREE_BATCHED) step[i] = Step.FREE;
        else if ((a[i]! & TO_TAIL) === 0) {
          const locked = pcpAllowedOrder(order[i]!);
          step[i] = locked ? Step.FREE_LOCKED : Step.FREE;
          if (locked) steps.lockedFrees++;
        }
        break;
      }
      default:
    }
  }
}

/**
 * Marks the records with which a stage of boot begins. It has one for each zone, and they need not be
 * neighbours: an interrupt or another CPU can come between. Watermarks are set from the first zone on,
 * so each record of that zone begins a stage; sizes of per-CPU lists follow from them. Before there are
 * any, sizes are set when a CPU comes up, and only zones whose sizes change have a record.
 */
function markStages({ length, kind, order, type, cpu: cpus }: LabLog, { step }: Steps): void {
  const sized = new Set<number>();
  const previousOnCpu = new Map<number, number>();
  let lastSize = -1;
  let firstZone = -1;
  for (let i = 0; i < length; i++) {
    const cpu = cpus[i]!;
    const zone = type[i]!;
    const mark = kind[i] === LabKind.MARK ? order[i] : 0;
    if (mark === LabMark.WATERMARKS) {
      if (firstZone < 0) firstZone = zone;
      if (zone === firstZone) step[i] = Step.WATERMARKS;
    } else if (mark === LabMark.PCP_SIZES && firstZone < 0) {
      const goesOn = lastSize >= 0 && previousOnCpu.get(cpu) === lastSize && !sized.has(zone);
      if (!goesOn) {
        sized.clear();
        step[i] = Step.PCP_SIZES;
      }
      sized.add(zone);
      lastSize = i;
    }
    previousOnCpu.set(cpu, i);
  }
}

/** A pageblock's new type shows once what it changed for is through: the next record of its CPU that is no such change. */
function markRetypings({ length, kind }: LabLog, steps: Steps): void {
  const next = steps.nextOnCpu((i) => kind[i] !== LabKind.SET_TYPE);
  for (let i = 0; i < length; i++) {
    if (kind[i] !== LabKind.SET_TYPE) continue;
    steps.step[i] = Step.RETYPE;
    steps.effect[i] = next[i]! < 0 ? length - 1 : next[i]!;
  }
}

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

interface CpuState {
  /** Allocations that have begun and have no line yet; one of an interrupt lies above what it interrupted. */
  readonly under: Allocating[];
  /** The free or decay that a drain that comes next belongs to, or -1. */
  drainOwner: number;
  lastFree: number;
}

class LabReader {
  readonly #log: LabLog;
  readonly #steps: Steps;
  readonly #cpus = new Map<number, CpuState>();
  #cpu!: CpuState;
  #allocated = false;

  constructor(log: LabLog, steps: Steps) {
    this.#log = log;
    this.#steps = steps;
  }

  record(i: number): void {
    this.#cpu = getOrMake(this.#cpus, this.#log.cpu[i]!, () => ({ under: [], drainOwner: -1, lastFree: -1 }));
    KINDS[this.#log.kind[i]!]?.read?.(this, i);
  }

  allocated(i: number, step: number): void {
    const steps = this.#steps;
    const cpu = this.#cpu;
    this.#allocated = true;
    steps.step[i] = step;
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
    this.#cpu.under.at(-1)!.blocks++;
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
    if (this.#cpu.drainOwner >= 0) this.#steps.drain(this.#cpu.drainOwner, i);
  }

  /** What memblock handed over in front of the first request is no step. */
  released(i: number): void {
    if (this.#allocated) this.#steps.step[i] = Step.RELEASE;
  }

  marked(i: number): void {
    const { step, drained } = this.#steps;
    const cpu = this.#cpu;
    if (!this.#allocated) step[i] = Step.NONE;
    if (this.#log.order[i] === LabMark.PCP_DECAY) {
      step[i] = Step.DECAY;
      cpu.drainOwner = i;
    } else if (this.#log.order[i] === LabMark.PCP_DRAIN && cpu.under.length === 0) {
      const owner = cpu.drainOwner;
      // A free drains at most once, a decay batch after batch.
      if (owner >= 0 && (step[owner] === Step.DECAY || !drained.has(owner))) return;
      step[i] = Step.TIMER_DRAIN;
      cpu.drainOwner = i;
    }
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

export interface LabMachine {
  readonly zones: readonly Pick<Zone, "startPfn" | "endPfn" | "nodeId" | "type">[];
  readonly cpus: number;
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

type Wrong = Pick<Divergence, "expected" | "found">;

function whatIsWrong(log: LabLog, i: number, machine: LabMachine): Wrong | undefined {
  const kind = log.kind[i]!;
  const cpu = log.cpu[i]!;
  if (cpu >= machine.cpus) return { expected: `a CPU below ${machine.cpus}`, found: `${cpu}` };
  const known = KINDS[kind];
  return known === undefined
    ? { expected: "a kind from 1 to 18", found: `${kind}` }
    : known.wrong(log, i, machine);
}

/** The frame of a request that failed is -1. */
function wrongAllocation(log: LabLog, i: number, machine: LabMachine): Wrong | undefined {
  return log.pfn[i] === -1 ? wrongOrder(log.order[i]!) : wrongBlock(log, i, machine);
}

function wrongDrain({ order, type, pfn }: LabLog, i: number, machine: LabMachine): Wrong | undefined {
  return wrongOrder(order[i]!) ?? wrongType(type[i]!) ?? wrongFrame(pfn[i]!, 0, machine);
}

function wrongAddresses(log: LabLog, i: number): Wrong | undefined {
  const [start, b] = [log.pfn[i]!, wholeB(log, i)];
  if (start >= 0 && start < PHYSICAL_ADDRESS_END && b <= PHYSICAL_ADDRESS_END) return undefined;
  return { expected: "addresses below 2^52", found: `0x${start.toString(16)} and 0x${b.toString(16)}` };
}

function wrongMark({ order, type, pfn }: LabLog, i: number, machine: LabMachine): Wrong | undefined {
  const zone = zoneOfMark(type[i]!);
  switch (order[i]) {
    case LabMark.PCP_DRAIN:
      if (pfn[i]! >= 0 && pfn[i]! < PCP_LISTS) return undefined;
      return { expected: `a list below ${PCP_LISTS}`, found: `${pfn[i]}` };
    case LabMark.PCP_DECAY:
    case LabMark.BELOW_HIGH:
      return wrongZone(zone, machine);
    case LabMark.PCP_SIZES:
    case LabMark.WATERMARKS:
      // Zones without memory have them too.
      if (zone.type < MAX_NR_ZONES && machine.zones.some(({ nodeId }) => nodeId === zone.nodeId))
        return undefined;
      return { expected: "a zone of this machine", found: `zone ${zone.type} of node ${zone.nodeId}` };
    default:
      return { expected: "a mark from 1 to 5", found: `${order[i]}` };
  }
}

function wrongOrder(order: number): Wrong | undefined {
  return order <= MAX_PAGE_ORDER
    ? undefined
    : { expected: `an order up to ${MAX_PAGE_ORDER}`, found: `${order}` };
}

function wrongType(type: number): Wrong | undefined {
  return type < MIGRATE_TYPES
    ? undefined
    : { expected: `a migrate type below ${MIGRATE_TYPES}`, found: `${type}` };
}

function wrongZone({ type, nodeId }: LabZone, { zones }: LabMachine): Wrong | undefined {
  if (zones.some((zone) => zone.type === type && zone.nodeId === nodeId)) return undefined;
  return { expected: "a zone of this machine", found: `zone ${type} of node ${nodeId}` };
}

function wrongBlock({ order, pfn }: LabLog, i: number, machine: LabMachine): Wrong | undefined {
  return wrongOrder(order[i]!) ?? wrongFrame(pfn[i]!, order[i]!, machine);
}

function wrongTypedBlock(log: LabLog, i: number, machine: LabMachine): Wrong | undefined {
  return wrongBlock(log, i, machine) ?? wrongType(log.type[i]!);
}

/** Of a block, which lies in one zone whole and is aligned as its order asks. */
function wrongFrame(pfn: number, order: number, { zones }: LabMachine): Wrong | undefined {
  const pages = 2 ** order;
  const found = pfn < 0 ? "none" : `0x${pfn.toString(16)}`;
  if (pfn % pages !== 0) return { expected: `a frame that is a multiple of 0x${pages.toString(16)}`, found };
  // Pageblocks at the ends of a zone may reach beyond it.
  const first = order === PAGEBLOCK_ORDER ? pfn + pages - 1 : pfn;
  if (zones.some((zone) => first >= zone.startPfn && pfn < zone.endPfn)) return undefined;
  return { expected: "a frame of this machine", found };
}
