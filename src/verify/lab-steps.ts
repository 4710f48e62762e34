import { gfpMigrateType } from "../page-alloc/gfp.js";
import { pcpAllowedOrder } from "../page-alloc/pcp.js";
import { LabKind, type LabLog, LabMark } from "../workload/lab-log.js";

/** What a record asks of the allocator. Records without a step only say what the allocator did. */
export const Step = {
  NONE: 0,
  ALLOC: 1,
  /** To the per-CPU lists, or where the order does not go there, to the buddy lists. */
  FREE: 2,
  /** To the buddy lists although the order has a per-CPU list: an interrupt found the list locked. */
  FREE_LOCKED: 3,
  /** The vmstat worker lowers a per-CPU limit and drains down to it. */
  DECAY: 4,
  /** The vmstat worker drains the list of another node's zone. */
  TIMER_DRAIN: 5,
} as const;

/** What to do, and when: a log says most things a little after they happened. */
export interface LabSteps {
  /** Step of each record. */
  readonly step: Uint8Array;
  /** Records with a step, in the order in which they took effect. */
  readonly order: Uint32Array;
  /** For each record with a step: the record at which it took effect. */
  readonly effect: Int32Array;
  /** Pages that a free, a decay or a timer drained, and blocks that an allocation took from the buddy lists. */
  readonly moved: Int32Array;
  /** For each record the next allocation on its CPU, or -1. */
  readonly nextAllocation: Int32Array;
  /** The same for the next record of any kind, and for the next drain. */
  readonly nextOnCpu: Int32Array;
  readonly nextDrain: Int32Array;
  /** Allocations whose line came after frees that happened later. */
  readonly interruptedAllocations: number;
  /** Frees that found the per-CPU list locked. */
  readonly lockedFrees: number;
  /** Steps that took effect among another CPU's. */
  readonly interleavedSteps: number;
}

/** Put at the tail (FPI_TO_TAIL): only accepted blocks and boot memory are. */
const TO_TAIL = 2;
/** Order or type of a section not known yet. */
const ANY = -1;

/** Allocations of one CPU that are under way at once: a task's, and those of interrupts on top; more came to nothing. */
const NESTED_MAX = 64;

/** A run of records in which one allocation takes blocks from the buddy lists, before its own line. */
interface Section {
  readonly start: number;
  /** Blocks taken. */
  blocks: number;
  last: number;
  /** Of the blocks taken; -1 while nothing but acceptance has been seen. */
  order: number;
  type: number;
}

/** The state of one CPU while its records are read in turn. */
interface CpuReader {
  /** Allocations that have begun and have no line yet; one of an interrupt lies above what it interrupted. */
  readonly sections: Section[];
  /** The free or decay that a drain that comes next belongs to, or -1. */
  drainOwner: number;
  /** Record before this one. */
  previous: number;
  /** Latest record of a free. */
  lastFree: number;
}

/** Works out what each record asks for and when it took effect. Frame numbers only tie records of one free together. */
export function labSteps(log: LabLog): LabSteps {
  const step = new Uint8Array(log.length);
  const lockedFrees = markFrees(log, step);
  const effect = new Int32Array(log.length);
  const moved = new Int32Array(log.length);
  const cpus = new Map<number, CpuReader>();
  let interruptedAllocations = 0;
  for (let i = 0; i < log.length; i++) {
    let cpu = cpus.get(log.cpu[i]!);
    if (cpu === undefined) {
      cpu = { sections: [], drainOwner: -1, previous: -1, lastFree: -1 };
      cpus.set(log.cpu[i]!, cpu);
    }
    effect[i] = i;
    readRecord(log, i, cpu, step, effect, moved);
    if (step[i] === Step.ALLOC && cpu.lastFree > effect[i]!) interruptedAllocations++;
    cpu.previous = i;
  }
  return {
    step,
    effect,
    moved,
    order: inOrderOfEffect(step, effect),
    nextAllocation: nextOnCpu(log, (kind) => kind === LabKind.ALLOC || kind === LabKind.BULK),
    nextOnCpu: nextOnCpu(log, () => true),
    nextDrain: nextOnCpu(log, (kind) => kind === LabKind.DRAIN),
    interruptedAllocations,
    lockedFrees,
    interleavedSteps: countInterleaved(log, step, effect),
  };
}

/** Ties each free to the record with which its page leaves its owner's hands. Returns how many found the list locked. */
function markFrees(log: LabLog, step: Uint8Array): number {
  const { kind, order, pfn, a } = log;
  const prepared = new Map<number, number>();
  let lockedFrees = 0;
  for (let i = 0; i < log.length; i++) {
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
          if (locked) lockedFrees++;
        }
        break;
      }
      default:
    }
  }
  return lockedFrees;
}

function readRecord(
  log: LabLog,
  i: number,
  cpu: CpuReader,
  step: Uint8Array,
  effect: Int32Array,
  moved: Int32Array,
): void {
  switch (log.kind[i]) {
    case LabKind.ALLOC:
    case LabKind.BULK: {
      step[i] = Step.ALLOC;
      const section = takeSection(cpu.sections, log.order[i]!, gfpMigrateType(log.a[i]!));
      if (section !== undefined) {
        effect[i] = section.start;
        moved[i] = section.blocks;
      }
      cpu.drainOwner = -1;
      break;
    }
    case LabKind.ZONE_LOCKED:
    case LabKind.EXTFRAG:
      extendSection(cpu, i, log.order[i]!, log.type[i]!);
      cpu.sections.at(-1)!.blocks++;
      break;
    case LabKind.COND_ACCEPT:
    case LabKind.ACCEPT_PAGE:
      extendSection(cpu, i, ANY, ANY);
      break;
    case LabKind.FREE:
    case LabKind.FREE_BATCHED:
    case LabKind.FREE_BUDDY:
      if (step[i] === Step.NONE) break;
      cpu.drainOwner = i;
      cpu.lastFree = i;
      break;
    case LabKind.DRAIN:
      // The lists change at the drain; another CPU may have been at them since the free's own line.
      if (cpu.drainOwner >= 0) {
        if (effect[cpu.drainOwner] === cpu.drainOwner) effect[cpu.drainOwner] = i;
        moved[cpu.drainOwner]! += 2 ** log.order[i]!;
      }
      break;
    case LabKind.MARK:
      readMark(log, i, cpu, step, effect);
      break;
    default:
  }
}

function readMark(log: LabLog, i: number, cpu: CpuReader, step: Uint8Array, effect: Int32Array): void {
  if (log.order[i] === LabMark.PCP_DECAY) {
    step[i] = Step.DECAY;
    cpu.drainOwner = i;
  } else if (log.order[i] === LabMark.PCP_DRAIN && cpu.sections.length === 0) {
    const owner = cpu.drainOwner;
    // A free drains at most once, a decay batch after batch.
    const owned = owner >= 0 && (step[owner] === Step.DECAY || effect[owner] === owner);
    if (owned) return;
    step[i] = Step.TIMER_DRAIN;
    cpu.drainOwner = i;
  }
}

/** Adds a record to the allocation in progress, or begins another one, of an interrupt, above it. */
function extendSection(cpu: CpuReader, i: number, order: number, type: number): void {
  const top = cpu.sections.at(-1);
  cpu.drainOwner = -1;
  if (
    top !== undefined &&
    top.last >= cpu.lastFree &&
    (top.order === ANY || order === ANY || top.order === order)
  ) {
    top.last = i;
    if (top.order === ANY) {
      top.order = order;
      top.type = type;
    }
  } else {
    if (cpu.sections.length === NESTED_MAX) cpu.sections.shift();
    cpu.sections.push({ start: i, blocks: 0, last: i, order, type });
  }
}

/** The section that an allocation's line closes; what lies above it came to nothing. */
function takeSection(sections: Section[], order: number, type: number): Section | undefined {
  for (let at = sections.length - 1; at >= 0; at--) {
    const section = sections[at]!;
    if (
      section.order === ANY ||
      (section.order === order && (section.type === type || at === sections.length - 1))
    ) {
      sections.length = at;
      return section;
    }
  }
  return undefined;
}

function inOrderOfEffect(step: Uint8Array, effect: Int32Array): Uint32Array {
  const keys = new Float64Array(step.reduce((count, s) => (s === Step.NONE ? count : count + 1), 0));
  let count = 0;
  for (let i = 0; i < step.length; i++) if (step[i] !== Step.NONE) keys[count++] = effect[i]! * 2 ** 26 + i;
  keys.sort();
  return Uint32Array.from(keys, (key) => key % 2 ** 26);
}

function countInterleaved(log: LabLog, step: Uint8Array, effect: Int32Array): number {
  let interleaved = 0;
  for (let i = 0; i < log.length; i++) {
    if (step[i] === Step.NONE || effect[i] === i) continue;
    const first = Math.min(i, effect[i]!);
    const last = Math.max(i, effect[i]!);
    for (let between = first + 1; between < last; between++) {
      if (log.cpu[between] === log.cpu[i]) continue;
      interleaved++;
      break;
    }
  }
  return interleaved;
}

function nextOnCpu({ length, cpu, kind }: LabLog, isWanted: (kind: number) => boolean): Int32Array {
  const next = new Int32Array(length);
  const latest = new Int32Array(256).fill(-1);
  for (let i = length - 1; i >= 0; i--) {
    next[i] = latest[cpu[i]!]!;
    if (isWanted(kind[i]!)) latest[cpu[i]!] = i;
  }
  return next;
}
