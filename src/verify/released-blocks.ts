import { LabKind, type LabLog } from "../workload/lab-log.js";

/** A piece of boot memory as it reaches the page allocator. */
export interface ReleasedBlock {
  readonly pfn: number;
  readonly order: number;
  /** On the unaccepted list instead of the free lists. */
  readonly parked: boolean;
}

/** The pieces in the order of the log (INIT_FREE, PARK), in the records [from, to). */
export function releasedInLog(log: LabLog, from: number, to: number): ReleasedBlock[] {
  const blocks: ReleasedBlock[] = [];
  for (let i = from; i < to; i++) {
    const parked = log.kind[i] === LabKind.PARK;
    if (parked || log.kind[i] === LabKind.INIT_FREE) {
      blocks.push({ pfn: log.pfn[i]!, order: log.order[i]!, parked });
    }
  }
  return blocks;
}

/** Cuts a run of the model into the pieces that the kernel's log names. */
export function piecesOf(startPfn: number, order: number, count: number, parked: boolean): ReleasedBlock[] {
  return Array.from({ length: count }, (_, index) => ({ pfn: startPfn + index * 2 ** order, order, parked }));
}

/** For reports. */
export function releasedText(block: ReleasedBlock | undefined): string {
  if (block === undefined) return "nothing";
  return `pfn 0x${block.pfn.toString(16)} order ${block.order}${block.parked ? ", parked" : ""}`;
}
