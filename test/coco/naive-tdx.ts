import type { PageLevel } from "../../src/coco/page-level.js";

const PAGES = [1, 512, 262_144] as const;
const SUFFIX = ["4k", "2m", "1g"] as const;

/** What an accept instruction reports. */
export type AcceptStatus = "success" | "alreadyAccepted" | "sizeMismatch";

/**
 * A TDX host and module that do one thing after another: every accept walks the tables, exits
 * when there is no leaf, and is executed again after the host has mapped one. Leaves are kept
 * one by one, so it is slow and obvious.
 */
export class NaiveTdx {
  /** Leaf by `level:index`, true when the guest has accepted it. */
  readonly leaves: Map<string, boolean> = new Map();
  /** Tables by `level of their leaves:index`. */
  readonly tables: Set<string> = new Set();
  readonly counts: Record<string, number> = {};
  readonly #hostLevel: PageLevel;

  constructor(hostLevel: PageLevel) {
    this.#hostLevel = hostLevel;
  }

  count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }

  /** TDG.MEM.PAGE.ACCEPT. */
  accept(pfn: number, level: PageLevel): AcceptStatus {
    const key = `${level}:${pfn / PAGES[level]}`;
    for (let larger = level + 1; larger <= 2; larger++) {
      if (this.leaves.has(`${larger}:${Math.floor(pfn / PAGES[larger as PageLevel])}`)) {
        throw new Error("the naive host does not break up leaves");
      }
    }
    if (!this.leaves.has(key) && !this.#hasTable(pfn, level)) this.#fault(pfn, level);
    if (this.#hasTable(pfn, level)) {
      this.count("tdcallMismatch");
      return "sizeMismatch";
    }
    if (this.leaves.get(key) === true) {
      this.count("tdcallAlreadyAccepted");
      return "alreadyAccepted";
    }
    this.leaves.set(key, true);
    this.count("tdcall");
    this.count(`acceptZero${SUFFIX[level]}`);
    return "success";
  }

  /** TDH.MEM.PAGE.AUG, with the tables it needs. */
  augment(pfn: number, level: PageLevel): void {
    for (let table = level; table <= 2; table++) {
      const key = `${table}:${Math.floor(pfn / (PAGES[table]! * 512))}`;
      if (this.tables.has(key)) continue;
      this.tables.add(key);
      this.count("septAdd");
    }
    this.leaves.set(`${level}:${pfn / PAGES[level]}`, false);
  }

  /** Pages below accepted leaves. */
  acceptedPages(): number {
    let pages = 0;
    for (const [key, accepted] of this.leaves) {
      if (accepted) pages += PAGES[Number(key[0]) as PageLevel];
    }
    return pages;
  }

  #hasTable(pfn: number, level: PageLevel): boolean {
    return level > 0 && this.tables.has(`${level - 1}:${Math.floor(pfn / PAGES[level])}`);
  }

  /** The host maps as large as it can, as far as the guest asks for, where no smaller table is in the way. */
  #fault(pfn: number, asked: PageLevel): void {
    const level = Math.min(asked, this.#hostLevel) as PageLevel;
    this.count(`eptViolation${SUFFIX[level]}`);
    this.augment(pfn, level);
  }
}

/** Linux's loop, one call at a time. @returns false if it gives up */
export function naiveGuestAccept(tdx: NaiveTdx, start: number, end: number): boolean {
  let position = start;
  next: while (position < end) {
    for (const level of [2, 1, 0] as const) {
      if (position % PAGES[level] !== 0 || end - position < PAGES[level]) continue;
      if (tdx.accept(position, level) !== "success") continue;
      position += PAGES[level];
      continue next;
    }
    return false;
  }
  return true;
}

/** TDVF's loop over pages of one size. @returns pages that were accepted already */
export function naiveFirmwareAccept(tdx: NaiveTdx, start: number, count: number, level: 0 | 1): number {
  let duplicates = 0;
  for (let index = 0; index < count; index++) {
    const pfn = start + index * PAGES[level];
    const status = tdx.accept(pfn, level);
    if (status === "alreadyAccepted") duplicates++;
    if (status === "sizeMismatch") duplicates += naiveFirmwareAccept(tdx, pfn, 512, 0);
  }
  return duplicates;
}
