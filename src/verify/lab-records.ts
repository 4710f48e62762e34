import { MAX_NR_ZONES } from "../mm/zones.js";
import { MIGRATE_TYPES } from "../page-alloc/migratetype.js";
import { PCP_LISTS } from "../page-alloc/pcp.js";
import type { Zone } from "../page-alloc/zone.js";
import { MAX_PAGE_ORDER, PAGEBLOCK_ORDER } from "../units.js";
import { LabKind, type LabLog, LabMark } from "../workload/lab-log.js";
import type { Comparison } from "./comparison.js";

/** What the records of a log may name. */
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

/** Addresses of x86 (52 bits). */
const ADDRESS_END = 2 ** 52;

/**
 * Looks at each record before anything follows it. One that no kernel writes is a difference, and
 * counts as if it were not there.
 *
 * @param count how many records the log should have, as the snapshot at its end says
 */
export function checkRecords(log: LabLog, machine: LabMachine, count: number): CheckedLog {
  const records: Comparison = { compared: Math.max(log.length, count), equal: 0 };
  const kind = log.kind.slice();
  for (let i = 0; i < log.length; i++) {
    const wrong = whatIsWrong(log, i, machine);
    if (wrong === undefined) {
      records.equal++;
      continue;
    }
    kind[i] = 0;
    records.firstDivergence ??= { event: i, ...wrong, context: `record at byte ${i * 24}` };
  }
  if (log.length !== count) {
    records.equal = Math.min(records.equal, Math.min(log.length, count));
    records.firstDivergence ??= {
      event: Math.min(log.length, count),
      expected: `${count} records, as the snapshot at the end says`,
      found: `${log.length}`,
      context: "length of the log",
    };
  }
  return { recorded: log, log: { ...log, kind }, records };
}

interface Wrong {
  readonly expected: string;
  readonly found: string;
}

function whatIsWrong(log: LabLog, i: number, machine: LabMachine): Wrong | undefined {
  const { kind, order, cpu, a, pfn, bLow, bHigh } = log;
  if (cpu[i]! >= machine.cpus) return { expected: `a CPU below ${machine.cpus}`, found: `${cpu[i]}` };
  switch (kind[i]) {
    case LabKind.ALLOC:
      // The frame of a request that failed.
      if (pfn[i] === -1) return wrongOrder(order[i]!);
      return wrongBlock(log, i, machine);
    case LabKind.BULK:
    case LabKind.FREE:
    case LabKind.INIT_FREE:
    case LabKind.PARK:
    case LabKind.ACCEPT_PAGE:
      return wrongBlock(log, i, machine);
    case LabKind.FREE_BATCHED:
    case LabKind.FREE_BUDDY:
    case LabKind.ZONE_LOCKED:
    case LabKind.EXTFRAG:
      return wrongBlock(log, i, machine) ?? wrongType(log.type[i]!);
    case LabKind.DRAIN:
      return wrongOrder(order[i]!) ?? wrongType(log.type[i]!) ?? wrongFrame(pfn[i]!, 0, machine);
    case LabKind.SET_TYPE:
      return wrongType(log.type[i]!) ?? wrongFrame(pfn[i]!, PAGEBLOCK_ORDER, machine);
    case LabKind.ACCEPT_MEMORY:
    case LabKind.ARCH_ACCEPT: {
      const b = bHigh[i]! * 2 ** 32 + bLow[i]!;
      if (pfn[i]! >= 0 && pfn[i]! < ADDRESS_END && b <= ADDRESS_END) return undefined;
      return { expected: "addresses below 2^52", found: `0x${pfn[i]!.toString(16)} and 0x${b.toString(16)}` };
    }
    case LabKind.COND_ACCEPT:
      return wrongZone(a[i]! & 0xff, a[i]! >>> 8, machine);
    case LabKind.MARK:
      return wrongMark(log, i, machine);
    case LabKind.SPLIT:
    case LabKind.ISOLATE:
      return undefined;
    default:
      return { expected: "a kind from 1 to 18", found: `${kind[i]}` };
  }
}

function wrongMark({ order, type, pfn }: LabLog, i: number, machine: LabMachine): Wrong | undefined {
  switch (order[i]) {
    case LabMark.PCP_DRAIN:
      if (pfn[i]! >= 0 && pfn[i]! < PCP_LISTS) return undefined;
      return { expected: `a list below ${PCP_LISTS}`, found: `${pfn[i]}` };
    case LabMark.PCP_DECAY:
    case LabMark.BELOW_HIGH:
      return wrongZone(type[i]! & 15, type[i]! >> 4, machine);
    case LabMark.PCP_SIZES:
    case LabMark.WATERMARKS: {
      // Zones without memory have them too.
      const [zone, node] = [type[i]! & 15, type[i]! >> 4];
      if (zone < MAX_NR_ZONES && machine.zones.some(({ nodeId }) => nodeId === node)) return undefined;
      return { expected: "a zone of this machine", found: `zone ${zone} of node ${node}` };
    }
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

function wrongZone(type: number, nodeId: number, { zones }: LabMachine): Wrong | undefined {
  if (zones.some((zone) => zone.type === type && zone.nodeId === nodeId)) return undefined;
  return { expected: "a zone of this machine", found: `zone ${type} of node ${nodeId}` };
}

function wrongBlock({ order, pfn }: LabLog, i: number, machine: LabMachine): Wrong | undefined {
  return wrongOrder(order[i]!) ?? wrongFrame(pfn[i]!, order[i]!, machine);
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
