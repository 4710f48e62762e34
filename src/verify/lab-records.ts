/** Which records a kernel writes: of what its machine has, and of what its allocator has. */

import { MAX_NR_ZONES } from "../mm/zones.js";
import { MIGRATE_TYPES, PCP_LISTS, type Zone } from "../page-alloc/index.js";
import { MAX_PAGE_ORDER, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES, PHYSICAL_ADDRESS_END } from "../units.js";
import { type LabLog, LabMark, type LabZone, wholeB, zoneOfMark } from "../workload/lab-log.js";
import type { Divergence } from "./tally.js";

export interface LabMachine {
  readonly zones: readonly Pick<Zone, "startPfn" | "endPfn" | "nodeId" | "type">[];
  readonly cpus: number;
}

/** What a record should be, and is not. */
export type Wrong = Pick<Divergence, "expected" | "found">;

/** The frame of a request that failed is -1. */
export function wrongAllocation(log: LabLog, i: number, machine: LabMachine): Wrong | undefined {
  return log.pfn[i] === -1 ? wrongOrder(log.order[i]!) : wrongBlock(log, i, machine);
}

export function wrongDrain({ order, type, pfn }: LabLog, i: number, machine: LabMachine): Wrong | undefined {
  return wrongOrder(order[i]!) ?? wrongType(type[i]!) ?? wrongFrame(pfn[i]!, 0, machine);
}

export function wrongAddresses(log: LabLog, i: number): Wrong | undefined {
  const [start, b] = [log.pfn[i]!, wholeB(log, i)];
  if (start >= 0 && start < PHYSICAL_ADDRESS_END && b <= PHYSICAL_ADDRESS_END) return undefined;
  return { expected: "addresses below 2^52", found: `0x${start.toString(16)} and 0x${b.toString(16)}` };
}

export function wrongMark({ order, type, pfn }: LabLog, i: number, machine: LabMachine): Wrong | undefined {
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

/** A record that names a zone in its migrate type. */
export function wrongZoneMark({ type }: LabLog, i: number, machine: LabMachine): Wrong | undefined {
  return wrongZone(zoneOfMark(type[i]!), machine);
}

export function wrongSwitch(log: LabLog, i: number, machine: LabMachine): Wrong | undefined {
  if (log.a[i]! > 1) return { expected: "1 for set or 0 for cleared", found: `${log.a[i]}` };
  return wrongZoneMark(log, i, machine);
}

/** A record about the lists of CPU pfn. */
export function wrongCpuOfZone(log: LabLog, i: number, machine: LabMachine): Wrong | undefined {
  return wrongZoneMark(log, i, machine) ?? wrongCpu(log.pfn[i]!, machine);
}

export function wrongCpuDrain(log: LabLog, i: number, machine: LabMachine): Wrong | undefined {
  return wrongZoneMark(log, i, machine) ?? wrongCpu(log.a[i]!, machine);
}

function wrongCpu(cpu: number, { cpus }: LabMachine): Wrong | undefined {
  return cpu >= 0 && cpu < cpus ? undefined : { expected: `a CPU below ${cpus}`, found: `${cpu}` };
}

/** Of a claim that failed at the end of a zone, what is in the pageblock is not known. */
export const NOT_COUNTED = 0xffffffff;

export function wrongClaim(log: LabLog, i: number, machine: LabMachine): Wrong | undefined {
  const [counts, b] = [log.a[i]!, log.bLow[i]!];
  const pages = (counts & 0xffff) + (counts >>> 16);
  if (counts !== NOT_COUNTED && pages > PAGEBLOCK_PAGES) {
    return { expected: `up to ${PAGEBLOCK_PAGES} pages in a pageblock`, found: `${pages}` };
  }
  return wrongTypedBlock(log, i, machine) ?? wrongType(b & 0xff) ?? wrongOrder(b >>> 8);
}

/** The first deferred frame moves on, if only to the end of the zone. */
export function wrongGrowth(log: LabLog, i: number, machine: LabMachine): Wrong | undefined {
  if (log.pfn[i]! <= wholeB(log, i)) return wrongZoneMark(log, i, machine);
  return {
    expected: `a frame from 0x${log.pfn[i]!.toString(16)} on`,
    found: `0x${wholeB(log, i).toString(16)}`,
  };
}

function wrongOrder(order: number): Wrong | undefined {
  return order <= MAX_PAGE_ORDER
    ? undefined
    : { expected: `an order up to ${MAX_PAGE_ORDER}`, found: `${order}` };
}

export function wrongType(type: number): Wrong | undefined {
  return type < MIGRATE_TYPES
    ? undefined
    : { expected: `a migrate type below ${MIGRATE_TYPES}`, found: `${type}` };
}

export function wrongZone({ type, nodeId }: LabZone, { zones }: LabMachine): Wrong | undefined {
  if (zones.some((zone) => zone.type === type && zone.nodeId === nodeId)) return undefined;
  return { expected: "a zone of this machine", found: `zone ${type} of node ${nodeId}` };
}

export function wrongBlock({ order, pfn }: LabLog, i: number, machine: LabMachine): Wrong | undefined {
  return wrongOrder(order[i]!) ?? wrongFrame(pfn[i]!, order[i]!, machine);
}

export function wrongTypedBlock(log: LabLog, i: number, machine: LabMachine): Wrong | undefined {
  return wrongBlock(log, i, machine) ?? wrongType(log.type[i]!);
}

/** Of a block, which lies in one zone whole and is aligned as its order asks. */
export function wrongFrame(pfn: number, order: number, { zones }: LabMachine): Wrong | undefined {
  const pages = 2 ** order;
  const found = pfn < 0 ? "none" : `0x${pfn.toString(16)}`;
  if (pfn % pages !== 0) return { expected: `a frame that is a multiple of 0x${pages.toString(16)}`, found };
  // Pageblocks at the ends of a zone may reach beyond it.
  const first = order === PAGEBLOCK_ORDER ? pfn + pages - 1 : pfn;
  if (zones.some((zone) => first >= zone.startPfn && pfn < zone.endPfn)) return undefined;
  return { expected: "a frame of this machine", found };
}
