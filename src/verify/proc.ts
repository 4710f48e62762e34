/** The model beside the files of /proc that a recording has. */

import { statThreshold } from "../mm/watermarks.js";
import { MAX_NR_ZONES } from "../mm/zones.js";
import { MIGRATE_TYPES, MigrateType, type PageAllocator, type Zone } from "../page-alloc/index.js";
import { MAX_ORDER_PAGES, MAX_PAGE_ORDER, PAGEBLOCK_ORDER } from "../units.js";
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
  /** Of these, those in free blocks of at least a pageblock (NR_FREE_PAGES_BLOCKS, 6.15), and those of CMA areas. */
  readonly freePagesInBlocks: number;
  readonly freeCmaPages: number;
  readonly reservedHighatomicPages: number;
  readonly freeHighatomicPages: number;
  /** min, low, high, promo; without the boost. */
  readonly watermark: readonly number[];
  /** Pages kept from requests that could use a higher zone, by that zone. */
  readonly lowmemReserve: readonly number[];
  readonly freeBlocks: readonly number[];
  readonly pcp: readonly Pick<SnapshotPcp, "cpu" | "count" | "high" | "batch" | "highMin" | "highMax">[];
  /** Largest difference a CPU may hold back from the counters. */
  readonly statThreshold: number;
}

/**
 * Fields that follow from the page allocator's state (Linux 7.3): of /proc/buddyinfo (mm/vmstat.c:
 * frag_show_print), of zoneinfo without the statistics of LRU and NUMA (zoneinfo_show_print), and the lines of
 * physical memory in meminfo (fs/proc/meminfo.c) and vmstat.
 */
export function modelFields(file: ProcFileName, zones: readonly ProcZone[]): ProcFields {
  const reader = new FieldReader();
  const add = (name: string, value: number | string): void => reader.add(name, `${value}`, 0);
  const sum = (field: SummedPages): number => zones.reduce((total, zone) => total + zone[field], 0);
  if (file === "meminfo") {
    add("MemTotal", `${sum("managedPages") * KIB_PER_PAGE} kB`);
    add("MemFree", `${sum("freePages") * KIB_PER_PAGE} kB`);
    add("Unaccepted", `${sum("unacceptedPages") * KIB_PER_PAGE} kB`);
  } else if (file === "vmstat") {
    add("nr_free_pages", sum("freePages"));
    add("nr_free_pages_blocks", sum("freePagesInBlocks"));
    add("nr_free_cma", sum("freeCmaPages"));
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

type SummedPages = "freePages" | "freePagesInBlocks" | "freeCmaPages" | "managedPages" | "unacceptedPages";

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
  add("nr_free_pages_blocks", zone.freePagesInBlocks);
  add("nr_free_cma", zone.freeCmaPages);
  add("nr_unaccepted", zone.unacceptedPages);
  add("pagesets", "heading");
  for (const { cpu, count, high, batch, highMin, highMax } of zone.pcp) {
    reader.cpu = `cpu ${cpu} `;
    add("cpu", cpu);
    add("count", count);
    add("high", high);
    add("batch", batch);
    add("high_min", highMin);
    add("high_max", highMax);
    add("vm stats threshold", zone.statThreshold);
  }
  reader.cpu = "";
  add("start_pfn", zone.startPfn);
  add("reserved_highatomic", zone.reservedHighatomicPages);
  add("free_highatomic", zone.freeHighatomicPages);
}

/** Fields of /proc that were compared, and those that were read at another moment than the snapshot. */
export interface ProcComparison extends Comparison {
  /** The recording's own /proc and snapshot differ there: the guest went on between the two. */
  readonly readElsewhen: number;
}

export class ProcTally extends Tally implements ProcComparison {
  readElsewhen = 0;
}

/**
 * Lines that not every kernel prints: with support for unaccepted memory, from 6.15 on, from 7.0 on (the last two;
 * mm/vmstat.c: zoneinfo_show_print). Where one file has any of a group, all have to have it.
 */
const OPTIONAL = [
  /^(nr_unaccepted|Unaccepted)$/,
  /^nr_free_pages_blocks$/,
  /^high_(min|max)$/,
  /^(reserved|free)_highatomic$/,
];

/** Those of the optional lines that none of the files has. */
function missingLines(files: readonly ProcFields[]): RegExp[] {
  const names = new Set(files.flatMap((fields) => Array.from(fields.values(), ({ name }) => name)));
  return OPTIONAL.filter((line) => ![...names].some((name) => line.test(name)));
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
  const missing = missingLines(Array.from(evidence.values(), fieldsIn));
  // What cannot be read comes first, as the other files may differ because of it.
  for (const [file, found] of evidence) {
    if ("problem" in found) tally.cannotCompare(modelFields(file, model).size, found.problem);
  }
  for (const [file, found] of evidence) {
    if ("problem" in found) continue;
    const modelled = modelFields(file, model);
    const atSnapshot = modelFields(file, recorded);
    for (const [key, { value, name }] of modelled) {
      const field = found.fields.get(key);
      if (missing.some((line) => line.test(name))) continue;
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
  /(boost|min|low|high|promo|spanned|present|managed|protection|nr_unaccepted|start_pfn|batch|high_min|high_max|reserved_highatomic|vm stats threshold)$/;

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
  const missing = missingLines([recorded]);
  for (const [key, { value, name }] of sizes) {
    if (missing.some((line) => line.test(name))) continue;
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
    freePagesInBlocks: pagesInBlocks([...zone.nrFree]),
    freeCmaPages: zone.freeCmaPages,
    reservedHighatomicPages: zone.reservedHighatomicPages,
    freeHighatomicPages: zone.freeHighatomicPages,
    freeBlocks: [...zone.nrFree],
    pcp: zone.pcp.map(({ count, high, batch, highMin, highMax }, cpu) => ({
      cpu,
      count,
      high,
      batch,
      highMin,
      highMax,
    })),
    statThreshold: zone.statThreshold,
  };
}

function zonesOfSnapshot(snapshot: readonly SnapshotZone[]): ProcZone[] {
  return populated(snapshot).map((zone) => ({
    ...zone,
    ...freePagesOf(zone),
    statThreshold: statThreshold(zone.pcp.length, zone.managedPages),
  }));
}

function freePagesOf(
  zone: SnapshotZone,
): Pick<ProcZone, "freeBlocks" | "freePagesInBlocks" | "freeCmaPages" | "freeHighatomicPages"> {
  const freeBlocks = Array.from({ length: MAX_PAGE_ORDER + 1 }, () => 0);
  const pagesOfType = new Float64Array(MIGRATE_TYPES);
  for (const { order, type, pfns } of freeListsIn(zone)) {
    freeBlocks[order]! += pfns.length;
    pagesOfType[type]! += pfns.length * 2 ** order;
  }
  return {
    freeBlocks,
    freePagesInBlocks: pagesInBlocks(freeBlocks),
    freeCmaPages: pagesOfType[MigrateType.CMA]!,
    freeHighatomicPages: pagesOfType[MigrateType.HIGHATOMIC]!,
  };
}

/** Blocks that are isolated would not count (mm/page_alloc.c: account_freepages); no recording has any. */
function pagesInBlocks(freeBlocks: readonly number[]): number {
  return freeBlocks.reduce(
    (sum, blocks, order) => sum + (order < PAGEBLOCK_ORDER ? 0 : blocks * 2 ** order),
    0,
  );
}

/**
 * Most pages that a guest takes or gives back between a snapshot and the program that reads /proc, or
 * between two such files. Recordings of Linux 6.12 have up to 267 and 851; the rest is an assumption.
 */
const READ_APART_PAGES: number = MAX_ORDER_PAGES;

/** What the vmstat worker and the program that reads /proc change. */
const MOVING =
  /^(order \d+|pages free|nr_free_pages|nr_free_pages_blocks|nr_free_cma|free_highatomic|MemFree|count|high)$/;

const FREE_OF_A_KIND = /^(nr_free_pages_blocks|nr_free_cma|free_highatomic)$/;

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
        return this.#isNear(zone) && Number(value) <= this.#most(zone, name);
      case "buddyinfo":
        return this.#wentOn(zone) && this.#isNear(zone) && isAllFree(fields, this.#zoneinfo, zone);
      default: {
        const zones = zonesOfProc(this.#atSnapshot);
        const pages = Number.parseInt(value, 10) / (file === "meminfo" ? KIB_PER_PAGE : 1);
        const free = sumOf(this.#zoneinfo, name === "MemFree" ? "pages free" : name, zones);
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

  /** A limit of a per-CPU list has a largest (mm/page_alloc.c: zone_highsize with MIN_PERCPU_PAGELIST_HIGH_FRACTION 8); a kind of free pages is a part of them. */
  #most(zone: string, name: string): number {
    if (name === "high") return countOf(this.#atSnapshot, `${zone}managed`) / 8;
    if (!FREE_OF_A_KIND.test(name)) return Number.POSITIVE_INFINITY;
    return countOf(this.#zoneinfo, `${zone}pages free`) + READ_APART_PAGES;
  }

  #isNear(zone: string): boolean {
    const apart = this.#held(this.#zoneinfo, zone) - this.#held(this.#atSnapshot, zone);
    return Math.abs(apart) <= READ_APART_PAGES;
  }

  #wentOn(zone: string): boolean {
    for (const [key, field] of this.#atSnapshot) {
      if (field.zone !== zone || !isMoving(field)) continue;
      const recorded = this.#zoneinfo.get(key)?.value ?? field.value;
      if (recorded !== field.value) return true;
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
