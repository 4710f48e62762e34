/** Steps of a log that show only in records which are further apart. */

import { pcpAllowedOrder } from "../page-alloc/index.js";
import { FreeFlag, LabKind, type LabLog, LabMark } from "../workload/lab-log.js";
import { Step, type Steps } from "./steps.js";

/** Ties each free to the record with which its page leaves its owner's hands. */
export function markFrees({ length, kind, order, pfn, a }: LabLog, steps: Steps): void {
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
      case LabKind.FREE_PREPARED:
        if (kind[i] === LabKind.FREE && (a[i]! & FreeFlag.PREPARED) !== 0) break;
        step[i] = (a[i]! & FreeFlag.NO_LOCK) !== 0 ? Step.FREE_NO_LOCK : Step.FREE;
        prepared.set(frame, i);
        break;
      case LabKind.PUT_OFF:
      case LabKind.FREE_BATCHED:
      case LabKind.FREE_BUDDY: {
        const free = prepared.get(frame);
        prepared.delete(frame);
        if (free !== undefined) step[free] = Step.NONE;
        if (kind[i] === LabKind.FREE_BATCHED) step[i] = Step.FREE;
        else if (kind[i] === LabKind.PUT_OFF) step[i] = Step.FREE_PUT_OFF;
        // Only accepted blocks and boot memory go to the tail.
        else if ((a[i]! & (FreeFlag.TO_TAIL | FreeFlag.PREPARED)) === 0) {
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
export function markStages({ length, kind, order, type, cpu: cpus }: LabLog, { step }: Steps): void {
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

/**
 * A pageblock's new type shows once what it changed for is through: the next record of its CPU that is no such
 * change. So do a boost and a reserve, but for those of the same zone that one request changes more than once.
 */
export function markCompared({ length, kind, type }: LabLog, steps: Steps): void {
  const { step } = steps;
  const next = steps.nextOnCpu((i) => kind[i] !== LabKind.SET_TYPE);
  const nextChange = steps.nextOnCpu((i) => {
    const isLine = kind[i] === LabKind.ALLOC || kind[i] === LabKind.BULK;
    return isLine || step[i] === Step.BOOSTED || step[i] === Step.RESERVED;
  });
  for (let i = 0; i < length; i++) {
    if (kind[i] === LabKind.SET_TYPE) step[i] = Step.RETYPE;
    if (step[i] === Step.RETYPE || step[i] === Step.CAPTURE) {
      steps.effect[i] = next[i]! < 0 ? length - 1 : next[i]!;
    } else if (step[i] === Step.GROWN) {
      steps.effect[i] = nextChange[i]! < 0 ? length - 1 : nextChange[i]!;
    } else if (step[i] === Step.BOOSTED || step[i] === Step.RESERVED) {
      const then = nextChange[i]!;
      if (then < 0 || (step[then] === step[i] && type[then] === type[i])) step[i] = Step.NONE;
      else steps.effect[i] = then;
    }
  }
}
