import {
  formatBuddyinfo,
  formatMeminfo,
  formatVmstat,
  formatZoneinfo,
  type ProcZone,
} from "../../metrics/proc-files.js";
import { statThreshold } from "../../mm/stat-threshold.js";
import type { PageAllocator } from "../../page-alloc/page-allocator.js";
import { MAX_PAGE_ORDER } from "../../units.js";
import type { Comparison } from "./comparison.js";
import { freeListKey, type SnapshotZone } from "./snapshot.js";

/** Fields of /proc that were compared, and those that were read at another moment than the snapshot. */
export interface ProcComparison extends Comparison {
  /** The recording's own /proc and snapshot differ there: the guest went on between the two. */
  readElsewhen: number;
}

const FILES: readonly (readonly [name: string, format: (zones: readonly ProcZone[]) => string])[] = [
  ["buddyinfo", formatBuddyinfo],
  ["zoneinfo", formatZoneinfo],
  ["meminfo", formatMeminfo],
  ["vmstat", formatVmstat],
];

/**
 * Compares the model's look-alikes with recorded /proc files, field by field. The files are read by
 * a program, some time after the snapshot; a field in which the snapshot does not agree with its own
 * recording's file cannot be expected of the model, and is counted apart.
 *
 * @param read content of a file by its name in /proc, if recorded
 */
export function compareProc(
  allocator: PageAllocator,
  read: (file: string) => string | undefined,
  snapshot: readonly SnapshotZone[],
): ProcComparison {
  const result: ProcComparison = { compared: 0, equal: 0, readElsewhen: 0 };
  const model = zonesOfModel(allocator, snapshot[0]?.lowmemReserve.length ?? 0);
  const recorded = zonesOfSnapshot(snapshot);
  for (const [file, format] of FILES) {
    const text = read(file);
    if (text === undefined) continue;
    const expected = fieldsOf(text);
    const atSnapshot = fieldsOf(format(recorded));
    for (const [key, found] of fieldsOf(format(model))) {
      const value = expected.get(key);
      // A kernel without support for unaccepted memory has no such line.
      if (value === undefined) continue;
      if (found !== value && atSnapshot.get(key) !== value) {
        result.readElsewhen++;
        continue;
      }
      result.compared++;
      if (found === value) result.equal++;
      else result.firstDivergence ??= { event: 0, expected: value, found, context: `/proc/${file}: ${key}` };
    }
  }
  return result;
}

/** Fields of /proc/zoneinfo that do not change once boot is done. */
const SIZES =
  /(boost|min|low|high|promo|spanned|present|managed|protection|start_pfn|batch|vm stats threshold)$/;

/** Compares sizes and watermarks of all zones with a recorded /proc/zoneinfo. */
export function compareZoneSizes(allocator: PageAllocator, zoneinfo: string): Comparison {
  const result: Comparison = { compared: 0, equal: 0 };
  const expected = fieldsOf(zoneinfo);
  const protection = /protection: \((.*)\)/.exec(zoneinfo)?.[1] ?? "";
  const zoneTypes = protection.split(",").length;
  for (const [key, found] of fieldsOf(formatZoneinfo(zonesOfModel(allocator, zoneTypes)))) {
    const value = expected.get(key);
    // Limits of per-CPU lists move all the time.
    if (value === undefined || !SIZES.test(key) || /cpu \d+ high$/.test(key)) continue;
    result.compared++;
    if (found === value) result.equal++;
    else result.firstDivergence ??= { event: 0, expected: value, found, context: `/proc/zoneinfo: ${key}` };
  }
  return result;
}

/** Lines `name value`, by name below the zone and CPU they stand under. */
function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  let zone = "";
  let cpu = "";
  for (const line of text.split("\n")) {
    const head = /^Node (\d+), zone +(\w+)(.*)$/.exec(line);
    if (head !== null) {
      zone = `node ${head[1]} zone ${head[2]} `;
      cpu = "";
      head[3]!
        .trim()
        .split(/ +/)
        .filter(Boolean)
        .forEach((count, order) => {
          fields.set(`${zone}order ${order}`, count);
        });
      continue;
    }
    const field = /^\s*([\w ()]+?):?\s+(\S.*?)\s*$/.exec(line);
    if (field === null) continue;
    const [, name, value] = field;
    if (name === "cpu") cpu = `cpu ${value} `;
    else if (name === "start_pfn") cpu = "";
    fields.set(`${zone}${cpu}${name}`, value!);
  }
  return fields;
}

/** @param zoneTypes kinds of zones the kernel is built with */
function zonesOfModel(allocator: PageAllocator, zoneTypes: number): ProcZone[] {
  return allocator.zones.map((zone) => ({
    nodeId: zone.nodeId,
    name: zone.name,
    startPfn: zone.startPfn,
    spannedPages: zone.endPfn - zone.startPfn,
    presentPages: zone.presentPages,
    managedPages: zone.managedPages,
    freePages: zone.freePages,
    unacceptedPages: zone.unacceptedPages,
    boost: zone.watermarkBoost,
    watermark: [...zone.watermark],
    lowmemReserve: [...zone.lowmemReserve.subarray(0, zoneTypes)],
    freeBlocks: [...zone.nrFree],
    pcp: zone.pcp.map(({ count, high, batch }, cpu) => ({ cpu, count, high, batch })),
    statThreshold: zone.statThreshold,
  }));
}

function zonesOfSnapshot(snapshot: readonly SnapshotZone[]): ProcZone[] {
  const populated = snapshot.filter((zone) => zone.presentPages > 0);
  return populated.map((zone) => ({
    ...zone,
    spannedPages: zone.endPfn - zone.startPfn,
    freeBlocks: Array.from({ length: MAX_PAGE_ORDER + 1 }, (_, order) =>
      [0, 1, 2, 3, 4, 5].reduce(
        (blocks, type) => blocks + (zone.free.get(freeListKey(order, type))?.length ?? 0),
        0,
      ),
    ),
    statThreshold: statThreshold(zone.pcp.length, zone.managedPages),
  }));
}
