import type { PageAllocator } from "../../page-alloc/page-allocator.js";
import type { ProcComparison } from "./proc.js";

/** Per-CPU lists of a zone as /proc/zoneinfo shows them. */
export interface PerCpuListState {
  readonly nodeId: number;
  readonly zone: string;
  readonly cpu: number;
  /** Pages on all lists of the zone and CPU. */
  readonly count: number;
  readonly high: number;
}

/** Reads the per-CPU lists out of /proc/zoneinfo. */
export function perCpuLists(zoneinfo: string): PerCpuListState[] {
  const lists: PerCpuListState[] = [];
  for (const [, node, zone, body] of zoneinfo.matchAll(
    /^Node (\d+), zone +(\w+)\n([\s\S]*?)(?=^Node |$(?![\s\S]))/gm,
  )) {
    for (const [, cpu, count, high] of body!.matchAll(/cpu: (\d+)\s+count: +(\d+)\s+high: +(\d+)/g)) {
      lists.push({
        nodeId: Number(node),
        zone: zone!,
        cpu: Number(cpu),
        count: Number(count),
        high: Number(high),
      });
    }
  }
  return lists;
}

/**
 * Compares /proc/buddyinfo at the end of boot. A program reads it after the last event: of a zone
 * whose per-CPU lists hold another number of pages by then, a field that differs is no field of the
 * moment, and is counted apart.
 */
export function compareBuddyinfo(
  allocator: PageAllocator,
  buddyinfo: string,
  zoneinfo: string,
): ProcComparison {
  const result: ProcComparison = { compared: 0, equal: 0, readElsewhen: 0 };
  const lists = perCpuLists(zoneinfo);
  for (const [, node, name, counts] of buddyinfo.matchAll(/^Node (\d+), zone +(\w+) +(.*)$/gm)) {
    const zone = allocator.zones.find((z) => z.nodeId === Number(node) && z.name === name);
    const wentOn = lists.some(
      ({ nodeId, zone: other, cpu, count }) =>
        nodeId === Number(node) && other === name && zone?.pcp[cpu]?.count !== count,
    );
    for (const [order, count] of counts!.trim().split(/ +/).map(Number).entries()) {
      const found = zone?.nrFree[order] ?? 0;
      if (found !== count && wentOn) {
        result.readElsewhen++;
        continue;
      }
      result.compared++;
      if (found === count) result.equal++;
      else {
        result.firstDivergence ??= {
          event: 0,
          expected: `${count}`,
          found: `${found}`,
          context: `/proc/buddyinfo: node ${node} zone ${name} order ${order}`,
        };
      }
    }
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
export function compareFreePages(allocator: PageAllocator, zoneinfo: string): FreePages[] {
  const lists = perCpuLists(zoneinfo);
  const free = new Map(
    Array.from(
      zoneinfo.matchAll(/^Node (\d+), zone +(\w+)\n(?:(?!^Node )[\s\S])*?pages free +(\d+)/gm),
      (m) => [`${m[1]} ${m[2]}`, Number(m[3])],
    ),
  );
  return allocator.zones.map((zone) => {
    const ofZone = lists.filter(({ nodeId, zone: name }) => nodeId === zone.nodeId && name === zone.name);
    const recorded = {
      free: free.get(`${zone.nodeId} ${zone.name}`) ?? 0,
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
