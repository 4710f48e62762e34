/** The model beside the files of /proc that a recording has. */

import { statThreshold } from "../mm/watermarks.js";
import { MAX_NR_ZONES } from "../mm/zones.js";
import type { PageAllocator, Zone } from "../page-alloc/index.js";
import { MAX_ORDER_PAGES, MAX_PAGE_ORDER } from "../units.js";
import {
  countOf,
  FieldReader,
  fieldsIn,
  KIB_PER_PAGE,
  PROC_FILES,
  type ProcField,
  type ProcFields,
  type ProcFileName,
  procEvidence,
  sumOf,
  zoneKey,
  zonesOfProc,
} from "./proc-fields.js";
import type { RecordingFiles } from "./recording-files.js";
import { freeListsIn, populated, type SnapshotPcp, type SnapshotZone } from "./snapshot.js";
import { type Comparison, Tally } from "./tally.js";

/** What /proc shows of a zone; pages. */
export interface ProcZone
  extends Pick<
    SnapshotZone,
    "nodeId" | "name" | "startPfn" | "endPfn" | "presentPages" | "managedPages" | "unacceptedPages" | "boost"
  > {
  /** The global counter, without what CPUs hold back. */
  readonly freePages: number;
  /** min, low, high, promo; without the boost. */
  readonly watermark: readonly number[];
  /** Pages kept from requests that could use a higher zone, by that zone. */
  readonly lowmemReserve: readonly number[];
  readonly freeBlocks: readonly number[];
  readonly pcp: readonly Pick<SnapshotPcp, "cpu" | "count" | "high" | "batch">[];
  /** Largest difference a CPU may hold back from the counters. */
  readonly statThreshold: number;
}

/**
 * Fields that follow from the page allocator's state (Linux 6.12): of /proc/buddyinfo (mm/vmstat.c:
 * frag_show_print), of zoneinfo without the statistics of LRU and NUMA (zoneinfo_show_print), and the lines of
 * physical memory in meminfo (fs/proc/meminfo.c) and vmstat.
 */
export function modelFields(file: ProcFileName, zones: readonly ProcZone[]): ProcFields {
  const reader = new FieldReader();
  const add = (name: string, value: number | string): void => reader.add(name, `${value}`, 0);
  const sum = (field: "freePages" | "managedPages" | "unacceptedPages"): number =>
    zones.reduce((total, zone) => total + zone[field], 0);
  if (file === "meminfo") {
    add("MemTotal", `${sum("managedPages") * KIB_PER_PAGE} kB`);
    add("MemFree", `${sum("freePages") * KIB_PER_PAGE} kB`);
    add("Unaccepted", `${sum("unacceptedPages") * KIB_PER_PAGE} kB`);
  } else if (file === "vmstat") {
    add("nr_free_pages", sum("freePages"));
    add("nr_unaccepted", sum("unacceptedPages"));
  } else {
    for (const zone of zones) {
      reader.begin(zoneKey(zone), 0);
      if (file === "zoneinfo") addZone(reader, add, zone);
      else for (const [order, blocks] of zone.freeBlocks.entries()) add(`order ${order}`, blocks);
    }
  }
  return reader.fields;
}

function addZone(
  reader: FieldReader,
  add: (name: string, value: number | string) => void,
  zone: ProcZone,
): void {
  add("pages free", zone.freePages);
  add("boost", zone.boost);
  for (const [index, name] of ["min", "low", "high", "promo"].entries())
    add(name, zone.watermark[index]! + zone.boost);
  add("spanned", zone.endPfn - zone.startPfn);
  add("present", zone.presentPages);
  add("managed", zone.managedPages);
  add("protection", zone.lowmemReserve.join(", "));
  add("nr_free_pages", zone.freePages);
  add("nr_unaccepted", zone.unacceptedPages);
  add("pagesets", "heading");
  for (const { cpu, count, high, batch } of zone.pcp) {
    reader.cpu = `cpu ${cpu} `;
    add("cpu", cpu);
    add("count", count);
    add("high", high);
    add("batch", batch);
    add("vm stats threshold", zone.statThreshold);
  }
  reader.cpu = "";
  add("start_pfn", zone.startPfn);
}

/** Fields of /proc that were compared, and those that were read at another moment than the snapshot. */
export interface ProcComparison extends Comparison {
  /** The recording's own /proc and snapshot differ there: the guest went on between the two. */
  readonly readElsewhen: number;
}

export class ProcTally extends Tally implements ProcComparison {
  readElsewhen = 0;
}

/** Lines that only a kernel with support for unaccepted memory prints. */
const UNACCEPTED = /(^|\s)(nr_unaccepted|Unaccepted)$/;

function tellsUnaccepted(fields: ProcFields): boolean {
  return [...fields.keys()].some((key) => UNACCEPTED.test(key));
}

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
  const tally = new ProcTally();
  const evidence = new Map(PROC_FILES.map((file) => [file, procEvidence(files, prefix, file)]));
  const model = allocator.zones.map((zone) => zoneOfModel(zone, snapshot[0]?.lowmemReserve.length ?? 0));
  const recorded = zonesOfSnapshot(snapshot);
  const moment = new ReadElsewhen(fieldsIn(evidence.get("zoneinfo")!), modelFields("zoneinfo", recorded));
  const hasUnaccepted = [...evidence.values()].some((file) => tellsUnaccepted(fieldsIn(file)));
  // What cannot be read comes first, as the other files may differ because of it.
  for (const [file, found] of evidence) {
    if ("problem" in found) tally.cannotCompare(modelFields(file, model).size, found.problem);
  }
  for (const [file, found] of evidence) {
    if ("problem" in found) continue;
    const modelled = modelFields(file, model);
    const atSnapshot = modelFields(file, recorded);
    for (const [key, { value }] of modelled) {
      const field = found.fields.get(key);
      if (field === undefined && !hasUnaccepted && UNACCEPTED.test(key)) continue;
      const isLater = field !== undefined && ![value, atSnapshot.get(key)?.value].includes(field.value);
      if (isLater && moment.explains(file, found.fields, field)) {
        tally.readElsewhen++;
        continue;
      }
      tally.same(field?.value ?? NO_LINE, value, `/proc/${file}: ${key}`);
    }
    compareOthers(tally, file, found.fields, modelled);
  }
  return tally;
}

const NO_LINE = "nothing, as the file has no such line";

function compareOthers(tally: Tally, file: ProcFileName, recorded: ProcFields, modelled: ProcFields): void {
  if (file !== "buddyinfo" && file !== "zoneinfo") return;
  const zones = new Set(Array.from(modelled.values(), ({ zone }) => zone));
  for (const [key, { zone, cpu, name, value }] of recorded) {
    if (modelled.has(key)) continue;
    // Zones without memory are printed too, and zones of the model have statistics that it does not keep.
    const isOther = zones.has(zone)
      ? cpu !== "" && name === "cpu"
      : file === "buddyinfo" || (/^(pages free|spanned|present|managed)$/.test(name) && value !== "0");
    const context = `/proc/${file}: ${key}`;
    if (isOther) tally.cannotCompare(1, { event: 0, expected: value, found: "no such line", context });
  }
}

/** Fields of /proc/zoneinfo that do not change once boot is done. */
const SIZES =
  /(boost|min|low|high|promo|spanned|present|managed|protection|nr_unaccepted|start_pfn|batch|vm stats threshold)$/;

export function compareZoneSizes(allocator: PageAllocator, files: RecordingFiles): Comparison {
  const tally = new Tally();
  const evidence = procEvidence(files, "boot", "zoneinfo");
  const recorded = fieldsIn(evidence);
  const zoneTypes = [...recorded.values()].find(({ name }) => name === "protection")?.value.split(",").length;
  const zones = allocator.zones.map((zone) => zoneOfModel(zone, zoneTypes ?? MAX_NR_ZONES));
  const modelled = modelFields("zoneinfo", zones);
  // Limits of per-CPU lists move all the time.
  const sizes = [...modelled].filter(([key, field]) => SIZES.test(key) && !isMoving(field));
  if ("problem" in evidence) {
    tally.cannotCompare(sizes.length, evidence.problem);
    return tally;
  }
  const hasUnaccepted = tellsUnaccepted(recorded);
  for (const [key, { value }] of sizes) {
    if (!hasUnaccepted && UNACCEPTED.test(key)) continue;
    tally.same(recorded.get(key)?.value ?? NO_LINE, value, `/proc/zoneinfo: ${key}`);
  }
  compareOthers(tally, "zoneinfo", recorded, modelled);
  return tally;
}

/** @param zoneTypes kinds of zones the kernel is built with */
export function zoneOfModel(zone: Zone, zoneTypes: number): ProcZone {
  return {
    nodeId: zone.nodeId,
    name: zone.name,
    startPfn: zone.startPfn,
    endPfn: zone.endPfn,
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
  };
}

function zonesOfSnapshot(snapshot: readonly SnapshotZone[]): ProcZone[] {
  return populated(snapshot).map((zone) => ({
    ...zone,
    freeBlocks: freeBlocksOf(zone),
    statThreshold: statThreshold(zone.pcp.length, zone.managedPages),
  }));
}

function freeBlocksOf(zone: SnapshotZone): number[] {
  const blocks = Array.from({ length: MAX_PAGE_ORDER + 1 }, () => 0);
  for (const { order, pfns } of freeListsIn(zone)) blocks[order]! += pfns.length;
  return blocks;
}

/**
 * Most pages that a guest takes or gives back between a snapshot and the program that reads /proc, or
 * between two such files. Recordings of Linux 6.12 have up to 267 and 851; the rest is an assumption.
 */
const READ_APART_PAGES: number = MAX_ORDER_PAGES;

/** What the vmstat worker and the program that reads /proc change. */
const MOVING = /^(order \d+|pages free|nr_free_pages|MemFree|count|high)$/;

/** Of the two called high, the limit of a per-CPU list moves, and the watermark does not. */
function isMoving({ name, cpu }: ProcField): boolean {
  return MOVING.test(name) && !(name === "high" && cpu === "");
}

/**
 * Whether a field of /proc may differ from the snapshot because it was read later: only what moves on its
 * own may, only in a zone of which /proc/zoneinfo says that it went on, and only so far.
 */
class ReadElsewhen {
  readonly #zoneinfo: ProcFields;
  readonly #atSnapshot: ProcFields;

  /** @param zoneinfo as recorded; empty if it cannot be read. @param atSnapshot the same as the snapshot has it */
  constructor(zoneinfo: ProcFields, atSnapshot: ProcFields) {
    this.#zoneinfo = zoneinfo;
    this.#atSnapshot = atSnapshot;
  }

  explains(file: ProcFileName, fields: ProcFields, field: ProcField): boolean {
    const { zone, name, value } = field;
    if (!isMoving(field)) return false;
    switch (file) {
      case "zoneinfo":
        return this.#isNear(zone) && (name !== "high" || Number(value) <= this.#limit(zone));
      case "buddyinfo":
        return this.#wentOn(zone) && this.#isNear(zone) && isAllFree(fields, this.#zoneinfo, zone);
      default: {
        const zones = zonesOfProc(this.#atSnapshot);
        const pages = Number.parseInt(value, 10) / (file === "meminfo" ? KIB_PER_PAGE : 1);
        const free = sumOf(this.#zoneinfo, "pages free", zones);
        return zones.some((each) => this.#wentOn(each)) && Math.abs(pages - free) <= READ_APART_PAGES;
      }
    }
  }

  /** Pages that the lists of a zone hold, the per-CPU ones among them. */
  #held(fields: ProcFields, zone: string): number {
    let pages = countOf(fields, `${zone}pages free`);
    for (let cpu = 0; fields.has(`${zone}cpu ${cpu} count`); cpu++)
      pages += countOf(fields, `${zone}cpu ${cpu} count`);
    return pages;
  }

  /** Largest limit of a per-CPU list (mm/page_alloc.c: zone_highsize with MIN_PERCPU_PAGELIST_HIGH_FRACTION 8). */
  #limit(zone: string): number {
    return countOf(this.#atSnapshot, `${zone}managed`) / 8;
  }

  #isNear(zone: string): boolean {
    const apart = this.#held(this.#zoneinfo, zone) - this.#held(this.#atSnapshot, zone);
    return Math.abs(apart) <= READ_APART_PAGES;
  }

  #wentOn(zone: string): boolean {
    for (const [key, field] of this.#atSnapshot) {
      if (field.zone !== zone || !isMoving(field)) continue;
      if (this.#zoneinfo.get(key)?.value !== field.value) return true;
    }
    return false;
  }
}

/** Whether the blocks of a zone in /proc/buddyinfo are as many pages as its counter in zoneinfo says. */
export function isAllFree(buddyinfo: ProcFields, zoneinfo: ProcFields, zone: string): boolean {
  let pages = countOf(zoneinfo, `${zone}nr_unaccepted`);
  for (let order = 0; order <= MAX_PAGE_ORDER; order++)
    pages += countOf(buddyinfo, `${zone}order ${order}`) * 2 ** order;
  return Math.abs(pages - countOf(zoneinfo, `${zone}pages free`)) <= READ_APART_PAGES;
}
