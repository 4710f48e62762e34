import type { PageAllocator, Zone } from "../page-alloc/index.js";
import { MAX_PAGE_ORDER } from "../units.js";
import { isAllFree, ProcTally } from "./proc.js";
import {
  countOf,
  numberOf,
  type ProcEvidence,
  type ProcFields,
  zoneKey,
  zonesOfProc,
} from "./proc-fields.js";

/**
 * Compares /proc/buddyinfo at the end of boot. A program reads it after the last event: of a zone
 * whose per-CPU lists hold another number of pages by then, a field that differs is no field of the
 * moment, and is counted apart.
 *
 * @param zoneinfo empty if it cannot be read: then no zone went on
 */
export function compareBuddyinfo(
  allocator: PageAllocator,
  buddyinfo: ProcEvidence,
  zoneinfo: ProcFields,
): ProcTally {
  const tally = new ProcTally();
  if ("problem" in buddyinfo) {
    tally.cannotCompare(allocator.zones.length * (MAX_PAGE_ORDER + 1), buddyinfo.problem);
    return tally;
  }
  const { fields } = buddyinfo;
  const recorded = new Set(zonesOfProc(fields));
  for (const zone of allocator.zones) {
    const name = zoneKey(zone);
    recorded.delete(name);
    const wentOn = hasGoneOn(zone, fields, zoneinfo);
    for (let order = 0; order <= MAX_PAGE_ORDER; order++) {
      const found = zone.nrFree[order]!;
      const count = numberOf(fields, `${name}order ${order}`);
      if (count !== undefined && found !== count && wentOn) {
        tally.readElsewhen++;
        continue;
      }
      const expected = `${count ?? "nothing, as the file has no such zone"}`;
      tally.same(expected, `${found}`, `/proc/buddyinfo: ${name}order ${order}`);
    }
  }
  for (const name of recorded) {
    const context = "/proc/buddyinfo";
    tally.cannotCompare(1, { event: 0, expected: name.trim(), found: "no such zone", context });
  }
  return tally;
}

/**
 * Whether a zone was used between the end of a trace and the program that read /proc: its per-CPU lists hold another
 * number of pages, and its free blocks are as many as its counter says.
 */
export function hasGoneOn(zone: Zone, buddyinfo: ProcFields, zoneinfo: ProcFields): boolean {
  const name = zoneKey(zone);
  return (
    isAllFree(buddyinfo, zoneinfo, name) &&
    zone.pcp.some(({ count }, cpu) => {
      const recorded = numberOf(zoneinfo, `${name}cpu ${cpu} count`);
      return recorded !== undefined && recorded !== count;
    })
  );
}

/** Free pages of a zone at the end of boot, on its lists and on those of CPUs. */
export interface FreePages {
  readonly nodeId: number;
  readonly zone: string;
  readonly recorded: { readonly free: number; readonly perCpu: number };
  readonly model: { readonly free: number; readonly perCpu: number };
  /** Pages that the kernel has less than the model, all lists together: taken after the last event or by bulk requests. */
  readonly takenSince: number;
}

export function compareFreePages(allocator: PageAllocator, zoneinfo: ProcFields): FreePages[] {
  return allocator.zones.map((zone) => {
    const recordedOn = (list: string): number => countOf(zoneinfo, `${zoneKey(zone)}${list}`);
    const recorded = {
      free: recordedOn("pages free"),
      perCpu: zone.pcp.reduce((sum, _, cpu) => sum + recordedOn(`cpu ${cpu} count`), 0),
    };
    const model = {
      free: zone.exactFreePages(),
      perCpu: zone.pcp.reduce((sum, { count }) => sum + count, 0),
    };
    return {
      nodeId: zone.nodeId,
      zone: zone.name,
      recorded,
      model,
      takenSince: model.free + model.perCpu - recorded.free - recorded.perCpu,
    };
  });
}
