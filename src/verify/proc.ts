import { statThreshold } from "../mm/stat-threshold.js";
import { MAX_NR_ZONES } from "../mm/zones.js";
import type { PageAllocator } from "../page-alloc/page-allocator.js";
import { MAX_PAGE_ORDER } from "../units.js";
import type { Comparison } from "./comparison.js";
import { cannotCompare, fieldsIn, procEvidence } from "./proc-evidence.js";
import { PROC_FILES, type ProcFields, type ProcFileName, procFields } from "./proc-file.js";
import { formatBuddyinfo, formatMeminfo, formatVmstat, formatZoneinfo, type ProcZone } from "./proc-files.js";
import { ReadElsewhen } from "./proc-moment.js";
import type { RecordingFiles } from "./recording-files.js";
import { freeListKey, type SnapshotZone } from "./snapshot-zone.js";

/** Fields of /proc that were compared, and those that were read at another moment than the snapshot. */
export interface ProcComparison extends Comparison {
  /** The recording's own /proc and snapshot differ there: the guest went on between the two. */
  readElsewhen: number;
}

const FORMATS: Record<ProcFileName, (zones: readonly ProcZone[]) => string> = {
  buddyinfo: formatBuddyinfo,
  zoneinfo: formatZoneinfo,
  meminfo: formatMeminfo,
  vmstat: formatVmstat,
};

/** Lines that only a kernel with support for unaccepted memory prints. */
const UNACCEPTED = /(^|\s)(nr_unaccepted|Unaccepted)$/;

/**
 * Compares the model's look-alikes with recorded /proc files, field by field. The files are read by
 * a program, some time after the snapshot; a field that moves on its own, and in which the snapshot
 * does not agree with its own recording's file, cannot be expected of the model, and is counted apart.
 * Of a file that is missing or cannot be read every field counts as different.
 *
 * @param prefix of the names of the files: `boot`, `post-fork`
 */
export function compareProc(
  allocator: PageAllocator,
  files: RecordingFiles,
  prefix: string,
  snapshot: readonly SnapshotZone[],
): ProcComparison {
  const result: ProcComparison = { compared: 0, equal: 0, readElsewhen: 0 };
  const evidence = new Map(PROC_FILES.map((file) => [file, procEvidence(files, prefix, file)]));
  const model = zonesOfModel(allocator, snapshot[0]?.lowmemReserve.length ?? 0);
  const recorded = zonesOfSnapshot(snapshot);
  const fieldsOf = (zones: readonly ProcZone[], file: ProcFileName): ProcFields =>
    procFields(file, FORMATS[file](zones));
  const moment = new ReadElsewhen(fieldsIn(evidence.get("zoneinfo")!), fieldsOf(recorded, "zoneinfo"));
  const hasUnaccepted = [...evidence.values()].some((file) =>
    [...fieldsIn(file).keys()].some((key) => UNACCEPTED.test(key)),
  );
  // What cannot be read comes first, as the other files may differ because of it.
  for (const [file, found] of evidence) {
    if ("problem" in found) cannotCompare(result, fieldsOf(model, file).size, found.problem);
  }
  for (const [file, found] of evidence) {
    if ("problem" in found) continue;
    const modelled = fieldsOf(model, file);
    const atSnapshot = fieldsOf(recorded, file);
    for (const [key, { value }] of modelled) {
      const field = found.fields.get(key);
      if (field === undefined && !hasUnaccepted && UNACCEPTED.test(key)) continue;
      const isLater = field !== undefined && ![value, atSnapshot.get(key)?.value].includes(field.value);
      if (isLater && moment.explains(file, found.fields, field)) {
        result.readElsewhen++;
        continue;
      }
      compareField(result, file, key, field?.value, value);
    }
    compareOthers(result, file, found.fields, modelled);
  }
  return result;
}

function compareField(
  result: Comparison,
  file: ProcFileName,
  key: string,
  expected: string | undefined,
  found: string,
): void {
  result.compared++;
  if (expected === found) result.equal++;
  else {
    result.firstDivergence ??= {
      event: 0,
      expected: expected ?? "nothing, as the file has no such line",
      found,
      context: `/proc/${file}: ${key}`,
    };
  }
}

/** Zones and CPUs that a file has and the model has not. */
function compareOthers(
  result: Comparison,
  file: ProcFileName,
  recorded: ProcFields,
  modelled: ProcFields,
): void {
  if (file !== "buddyinfo" && file !== "zoneinfo") return;
  const zones = new Set(Array.from(modelled.values(), ({ zone }) => zone));
  for (const [key, { zone, cpu, name, value }] of recorded) {
    if (modelled.has(key)) continue;
    // Zones without memory are printed too, and zones of the model have statistics that it does not keep.
    const isOther = zones.has(zone)
      ? cpu !== "" && name === "cpu"
      : file === "buddyinfo" || (/^(pages free|spanned|present|managed)$/.test(name) && value !== "0");
    if (!isOther) continue;
    result.compared++;
    result.firstDivergence ??= {
      event: 0,
      expected: value,
      found: "no such line",
      context: `/proc/${file}: ${key}`,
    };
  }
}

/** Fields of /proc/zoneinfo that do not change once boot is done. */
const SIZES =
  /(boost|min|low|high|promo|spanned|present|managed|protection|nr_unaccepted|start_pfn|batch|vm stats threshold)$/;

/** Compares sizes and watermarks of all zones with the recorded /proc/zoneinfo of a boot. */
export function compareZoneSizes(allocator: PageAllocator, files: RecordingFiles): Comparison {
  const result: Comparison = { compared: 0, equal: 0 };
  const evidence = procEvidence(files, "boot", "zoneinfo");
  const recorded = fieldsIn(evidence);
  const zoneTypes = [...recorded.values()].find(({ name }) => name === "protection")?.value.split(",").length;
  const modelled = procFields("zoneinfo", formatZoneinfo(zonesOfModel(allocator, zoneTypes ?? MAX_NR_ZONES)));
  // Limits of per-CPU lists move all the time.
  const sizes = [...modelled].filter(
    ([key, { cpu, name }]) => SIZES.test(key) && !(cpu !== "" && name === "high"),
  );
  if ("problem" in evidence) {
    cannotCompare(result, sizes.length, evidence.problem);
    return result;
  }
  const hasUnaccepted = [...recorded.keys()].some((key) => UNACCEPTED.test(key));
  for (const [key, { value }] of sizes) {
    if (!hasUnaccepted && UNACCEPTED.test(key)) continue;
    compareField(result, "zoneinfo", key, recorded.get(key)?.value, value);
  }
  compareOthers(result, "zoneinfo", recorded, modelled);
  return result;
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
