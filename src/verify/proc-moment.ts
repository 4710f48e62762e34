import { MAX_ORDER_PAGES, MAX_PAGE_ORDER } from "../units.js";
import { numberOf, type ProcField, type ProcFields, type ProcFileName, zonesOfProc } from "./proc-file.js";

/**
 * Most pages that a guest takes or gives back between a snapshot and the program that reads /proc, or
 * between two such files. Recordings of Linux 6.12 have up to 267 and 851; the rest is an assumption.
 */
const READ_APART_PAGES: number = MAX_ORDER_PAGES;

/** What the vmstat worker and the program that reads /proc change. */
const MOVING = /^(order \d+|pages free|nr_free_pages|MemFree|count|high)$/;

/**
 * Tells whether a field of /proc may differ from the snapshot because it was read later. Only what moves
 * on its own may, only in a zone of which /proc/zoneinfo says that it went on, and only so
 * far.
 */
export class ReadElsewhen {
  readonly #zoneinfo: ProcFields;
  readonly #atSnapshot: ProcFields;

  /** @param zoneinfo as recorded; empty if it cannot be read. @param atSnapshot the same as the snapshot has it */
  constructor(zoneinfo: ProcFields, atSnapshot: ProcFields) {
    this.#zoneinfo = zoneinfo;
    this.#atSnapshot = atSnapshot;
  }

  /** @param fields of the file that has the field */
  explains(file: ProcFileName, fields: ProcFields, { zone, cpu, name, value }: ProcField): boolean {
    if (!MOVING.test(name) || (name === "high" && cpu === "")) return false;
    switch (file) {
      case "zoneinfo":
        return this.#isNear(zone) && (name !== "high" || Number(value) <= this.#limit(zone));
      case "buddyinfo":
        return this.#wentOn(zone) && this.#isNear(zone) && isAllFree(fields, this.#zoneinfo, zone);
      default: {
        const zones = zonesOfProc(this.#atSnapshot);
        const pages = Number.parseInt(value, 10) / (file === "meminfo" ? 4 : 1);
        const free = zones.reduce(
          (sum, each) => sum + (numberOf(this.#zoneinfo, `${each}pages free`) ?? 0),
          0,
        );
        return zones.some((each) => this.#wentOn(each)) && Math.abs(pages - free) <= READ_APART_PAGES;
      }
    }
  }

  /** Pages that the lists of a zone hold, the per-CPU ones among them. */
  #held(fields: ProcFields, zone: string): number {
    let pages = numberOf(fields, `${zone}pages free`) ?? 0;
    for (let cpu = 0; fields.has(`${zone}cpu ${cpu} count`); cpu++) {
      pages += numberOf(fields, `${zone}cpu ${cpu} count`)!;
    }
    return pages;
  }

  /** Largest limit of a per-CPU list (mm/page_alloc.c: zone_highsize with MIN_PERCPU_PAGELIST_HIGH_FRACTION 8). */
  #limit(zone: string): number {
    return (numberOf(this.#atSnapshot, `${zone}managed`) ?? 0) / 8;
  }

  #isNear(zone: string): boolean {
    const apart = this.#held(this.#zoneinfo, zone) - this.#held(this.#atSnapshot, zone);
    return Math.abs(apart) <= READ_APART_PAGES;
  }

  #wentOn(zone: string): boolean {
    for (const [key, field] of this.#atSnapshot) {
      if (field.zone !== zone || !MOVING.test(field.name) || (field.name === "high" && field.cpu === ""))
        continue;
      if (this.#zoneinfo.get(key)?.value !== field.value) return true;
    }
    return false;
  }
}

/** Whether the blocks of a zone in /proc/buddyinfo are as many pages as its counter in zoneinfo says. */
export function isAllFree(buddyinfo: ProcFields, zoneinfo: ProcFields, zone: string): boolean {
  let pages = numberOf(zoneinfo, `${zone}nr_unaccepted`) ?? 0;
  for (let order = 0; order <= MAX_PAGE_ORDER; order++) {
    pages += (numberOf(buddyinfo, `${zone}order ${order}`) ?? 0) * 2 ** order;
  }
  return Math.abs(pages - (numberOf(zoneinfo, `${zone}pages free`) ?? 0)) <= READ_APART_PAGES;
}
