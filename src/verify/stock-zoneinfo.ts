import type { PageAllocator } from "../page-alloc/page-allocator.js";
import { MAX_PAGE_ORDER } from "../units.js";
import type { ProcComparison } from "./proc.js";
import { cannotCompare, type ProcEvidence } from "./proc-evidence.js";
import { numberOf, type ProcFields, zonesOfProc } from "./proc-file.js";
import { isAllFree } from "./proc-moment.js";

/** Per-CPU lists of a zone as /proc/zoneinfo shows them. */
export interface PerCpuListState {
  readonly nodeId: number;
  readonly zone: string;
  readonly cpu: number;
  /** Pages on all lists of the zone and CPU. */
  readonly count: number;
  readonly high: number;
}

/** The per-CPU lists in the fields of /proc/zoneinfo. */
export function perCpuLists(zoneinfo: ProcFields): PerCpuListState[] {
  const lists: PerCpuListState[] = [];
  for (const { zone, cpu, name, value } of zoneinfo.values()) {
    if (name !== "cpu") continue;
    const [, nodeId, , zoneName] = zone.split(" ");
    lists.push({
      nodeId: Number(nodeId),
      zone: zoneName!,
      cpu: Number(value),
      count: numberOf(zoneinfo, `${zone}${cpu}count`)!,
      high: numberOf(zoneinfo, `${zone}${cpu}high`)!,
    });
  }
  return lists;
}

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
): ProcComparison {
  const result: ProcComparison = { compared: 0, equal: 0, readElsewhen: 0 };
  if ("problem" in buddyinfo) {
    cannotCompare(result, allocator.zones.length * (MAX_PAGE_ORDER + 1), buddyinfo.problem);
    return result;
  }
  const { fields } = buddyinfo;
  const lists = perCpuLists(zoneinfo);
  const recorded = new Set(zonesOfProc(fields));
  for (const zone of allocator.zones) {
    const name = `node ${zone.nodeId} zone ${zone.name} `;
    recorded.delete(name);
    const wentOn =
      isAllFree(fields, zoneinfo, name) &&
      lists.some(
        (list) =>
          list.nodeId === zone.nodeId && list.zone === zone.name && zone.pcp[list.cpu]?.count !== list.count,
      );
    for (let order = 0; order <= MAX_PAGE_ORDER; order++) {
      const found = zone.nrFree[order]!;
      const count = numberOf(fields, `${name}order ${order}`);
      if (count !== undefined && found !== count && wentOn) {
        result.readElsewhen++;
        continue;
      }
      result.compared++;
      if (found === count) result.equal++;
      else {
        result.firstDivergence ??= {
          event: 0,
          expected: `${count ?? "nothing, as the file has no such zone"}`,
          found: `${found}`,
          context: `/proc/buddyinfo: ${name}order ${order}`,
        };
      }
    }
  }
  for (const name of recorded) {
    const context = "/proc/buddyinfo";
    cannotCompare(result, 1, { event: 0, expected: name.trim(), found: "no such zone", context });
  }
  return result;
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

/** Accounts for every free page of every zone. */
export function compareFreePages(allocator: PageAllocator, zoneinfo: ProcFields): FreePages[] {
  const lists = perCpuLists(zoneinfo);
  return allocator.zones.map((zone) => {
    const ofZone = lists.filter(({ nodeId, zone: name }) => nodeId === zone.nodeId && name === zone.name);
    const recorded = {
      free: numberOf(zoneinfo, `node ${zone.nodeId} zone ${zone.name} pages free`) ?? 0,
      perCpu: ofZone.reduce((sum, { count }) => sum + count, 0),
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
