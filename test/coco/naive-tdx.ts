import type { PageLevel } from "../../src/coco/page-tables.js";

const PAGES = [1, 512, 262_144] as const;
const SUFFIX = ["4k", "2m", "1g"] as const;

/** What RAX holds after TDG.MEM.PAGE.ACCEPT (edk2 MdePkg/Include/IndustryStandard/Tdx.h), operand bits masked. */
export const STATUS = {
  success: 0n,
  alreadyAccepted: 0x00000b0a_00000000n,
  sizeMismatch: 0xc0000b0b_00000000n,
  operandBusy: 0x80000200_00000000n,
  operandInvalid: 0xc0000100_00000000n,
} as const;

/** The machine around a naive guest. */
export interface NaiveTdxOptions {
  readonly hostLevel: PageLevel;
  /** Whether the host finds a page of that level for a position counted in such pages. */
  readonly large: (position: number) => boolean;
  readonly septVeDisable: boolean;
  readonly keepsConverted: boolean;
  readonly dynamicPamt: boolean;
}

/** What the secure EPT has in a leaf. */
type LeafState = "pending" | "mapped" | "blocked";

interface Leaf {
  state: LeafState;
  /** How often the entry is found locked by the host before it lets go. */
  heldFor: number;
}

/** The guest leaves, and the VMM has nothing it could mend. */
export class NaiveTdExit extends Error {}

/**
 * A TDX guest's memory, host and module that do one thing after another: every accept walks the
 * tables, exits when there is no leaf, and is executed again after the host has mapped one. Leaves
 * are kept one by one, so it is slow and obvious. An entry is free when it has no leaf.
 */
export class NaiveTdx {
  /** Leaf by `keyOf`. */
  readonly leaves: Map<number, Leaf> = new Map();
  /** Tables by `keyOf`, with the level of their leaves. */
  readonly tables: Set<number> = new Set();
  /** Spans of 2 MiB with a pair of pages that track their pages of 4 KiB. */
  readonly pairs: Set<number> = new Set();
  readonly shared: Set<number> = new Set();
  readonly kept: Set<number> = new Set();
  counts: Record<string, number> = {};
  /** Levels that accepts asked for when they left the guest. */
  readonly exits: PageLevel[] = [];
  readonly #options: NaiveTdxOptions;

  constructor(options: Partial<NaiveTdxOptions> = {}) {
    const plain = { hostLevel: 0, large: () => true, septVeDisable: true } as const;
    this.#options = { ...plain, keepsConverted: false, dynamicPamt: false, ...options };
  }

  /**
   * TDG.MEM.PAGE.ACCEPT.
   *
   * @param rcx guest physical address in bits 51:12, level in bits 2:0
   */
  pageAccept(rcx: bigint): bigint {
    const asked = Number(rcx & 7n);
    const pfn = Number(rcx >> 12n);
    if (asked > 2 || pfn >= 2 ** 40 || rcx % 4096n > 7n || pfn % PAGES[asked as PageLevel] !== 0) {
      return STATUS.operandInvalid;
    }
    const level = asked as PageLevel;
    for (;;) {
      if (this.#hasTable(pfn, level)) {
        this.#count("tdcallMismatch");
        return STATUS.sizeMismatch;
      }
      const [leaf, leafLevel] = this.#walk(pfn);
      if (leaf === undefined || leafLevel > level) {
        this.exits.push(level);
        if (leaf === undefined) this.#fault(pfn, level);
        else this.demote(pfn);
        continue;
      }
      if (leaf.heldFor > 0) {
        leaf.heldFor--;
        this.#count("tdcallBusy");
        return STATUS.operandBusy;
      }
      if (leaf.state === "blocked") throw new NaiveTdExit(`page ${pfn} is blocked`);
      if (leaf.state === "mapped") {
        this.#count("tdcallAlreadyAccepted");
        return STATUS.alreadyAccepted;
      }
      leaf.state = "mapped";
      this.#count("tdcall");
      this.#count(`acceptZero${SUFFIX[level]}`);
      return STATUS.success;
    }
  }

  /** Pages the VMM adds before the guest runs (TDH.MEM.PAGE.ADD). */
  launch(start: number, end: number): void {
    this.#unnoticed(() => {
      for (let pfn = start; pfn < end; pfn++) {
        this.augment(pfn, 0);
        this.leafOf(pfn)!.state = "mapped";
      }
    });
  }

  /** TDH.MEM.PAGE.AUG, with the tables and, for a page of 4 KiB, the tracking that it needs. */
  augment(pfn: number, level: PageLevel): void {
    if (this.leafOf(pfn) !== undefined) throw new Error("a page that is there is given again");
    for (let table = level; table <= 2; table++) this.#addTable(pfn, table as PageLevel);
    if (level === 0) this.#addPair(pfn);
    this.leaves.set(keyOf(level, pfn / PAGES[level]), { state: "pending", heldFor: 0 });
    for (let page = pfn; page < pfn + PAGES[level]; page++) {
      this.shared.delete(page);
      this.kept.delete(page);
    }
  }

  /** TDH.MEM.RANGE.BLOCK on the leaf around a page. */
  block(pfn: number): void {
    this.leafOf(pfn)!.state = "blocked";
  }

  /** TDH.MEM.PAGE.REMOVE of the leaf around a page, which must be blocked; TRACK has no state of its own. */
  remove(pfn: number): void {
    const [leaf, level] = this.#walk(pfn);
    if (leaf?.state !== "blocked") throw new Error("only a blocked page can be removed");
    this.leaves.delete(keyOf(level, Math.floor(pfn / PAGES[level])));
    const span = Math.floor(pfn / 512);
    for (let page = span * 512; page < (span + 1) * 512; page++) if (this.leaves.has(keyOf(0, page))) return;
    this.pairs.delete(span);
  }

  /** TDH.MEM.PAGE.DEMOTE of the leaf around a page, after BLOCK and TRACK: 512 smaller ones in the same state. */
  demote(pfn: number): void {
    const [leaf, level] = this.#walk(pfn);
    const { state } = leaf!;
    this.block(pfn);
    const index = Math.floor(pfn / PAGES[level]);
    this.leaves.delete(keyOf(level, index));
    const smaller = (level - 1) as PageLevel;
    this.#count("septDemote");
    this.#addTable(pfn, smaller);
    if (smaller === 0) this.#addPair(pfn);
    for (let at = index * 512; at < (index + 1) * 512; at++) {
      this.leaves.set(keyOf(smaller, at), { state, heldFor: 0 });
    }
  }

  /** The guest makes a range shared; the host takes leaf after leaf away. */
  mapGpaShared(start: number, end: number): void {
    this.#count("mapGpa");
    this.#removeAll(start, end);
    for (let pfn = start; pfn < end; pfn++) this.shared.add(pfn);
  }

  /** A host swaps pages for new ones, in its own time. */
  remap(start: number, end: number): void {
    this.#unnoticed(() => {
      this.#removeAll(start, end);
      for (let pfn = start; pfn < end; pfn++) this.augment(pfn, 0);
    });
  }

  /** The guest reads or writes each page. */
  access(start: number, end: number): "ok" | "td-exit" | "exception" {
    for (let pfn = start; pfn < end; pfn++) {
      if (this.shared.has(pfn)) continue;
      // An access tells the host no size.
      if (this.leafOf(pfn) === undefined) this.#fault(pfn, 0);
      const { state } = this.leafOf(pfn)!;
      if (state === "blocked") return "td-exit";
      if (state === "pending") return this.#options.septVeDisable ? "td-exit" : "exception";
    }
    return "ok";
  }

  /** The leaf around a page. */
  leafOf(pfn: number): Leaf | undefined {
    return this.#walk(pfn)[0];
  }

  /** Pages in leaves for which something holds. */
  pagesOf(holds: (state: LeafState) => boolean): number {
    let pages = 0;
    for (const [key, { state }] of this.leaves) {
      if (holds(state)) pages += PAGES[(key % 4) as PageLevel];
    }
    return pages;
  }

  #count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }

  #unnoticed(work: () => void): void {
    const before = { ...this.counts };
    work();
    this.counts = before;
  }

  #walk(pfn: number): [leaf: Leaf | undefined, level: PageLevel] {
    for (const level of [2, 1, 0] as const) {
      const leaf = this.leaves.get(keyOf(level, Math.floor(pfn / PAGES[level])));
      if (leaf !== undefined) return [leaf, level];
    }
    return [undefined, 0];
  }

  #hasTable(pfn: number, level: PageLevel): boolean {
    return level > 0 && this.tables.has(keyOf(level - 1, Math.floor(pfn / PAGES[level])));
  }

  #addTable(pfn: number, level: PageLevel): void {
    const key = keyOf(level, Math.floor(pfn / (PAGES[level] * 512)));
    if (this.tables.has(key)) return;
    this.tables.add(key);
    this.#count("septAdd");
  }

  #addPair(pfn: number): void {
    const span = Math.floor(pfn / 512);
    if (!this.#options.dynamicPamt || this.pairs.has(span)) return;
    this.pairs.add(span);
    this.#count("pamtAdd");
  }

  /** The host maps as large as its page and what the guest asks for allow; a smaller table was seen before. */
  #fault(pfn: number, asked: PageLevel): void {
    const { hostLevel, large } = this.#options;
    const found = large(Math.floor(pfn / PAGES[hostLevel])) ? hostLevel : 0;
    const level = Math.min(asked, found) as PageLevel;
    this.#count(`eptViolation${SUFFIX[level]}`);
    const start = Math.floor(pfn / PAGES[level]) * PAGES[level];
    if (!this.#keepsSome(start, start + PAGES[level])) {
      if (level === 0) this.#count("hostClear4k");
      for (let at = start; level > 0 && at < start + PAGES[level]; at += PAGES[1]) this.#count("hostClear2m");
    }
    this.augment(start, level);
  }

  /** Whether the host has a page for these that it cleared once. */
  #keepsSome(start: number, end: number): boolean {
    for (let pfn = start; pfn < end; pfn++) if (this.kept.has(pfn)) return true;
    return false;
  }

  /** BLOCK, TRACK and REMOVE of each leaf, those that reach across an end broken up before. */
  #removeAll(start: number, end: number): void {
    for (const edge of [start, end]) {
      for (let [leaf, level] = this.#walk(edge); leaf !== undefined && edge % PAGES[level] !== 0; ) {
        this.demote(edge);
        [leaf, level] = this.#walk(edge);
      }
    }
    for (let pfn = start; pfn < end; ) {
      const [leaf, level] = this.#walk(pfn);
      if (leaf !== undefined) {
        this.block(pfn);
        this.remove(pfn);
        this.#count("septRemove");
        if (this.#options.keepsConverted) {
          for (let page = pfn; page < pfn + PAGES[level]; page++) this.kept.add(page);
        }
      }
      pfn += leaf === undefined ? 1 : PAGES[level];
    }
  }
}

/** A number for a level and an index in units of its size. */
export function keyOf(level: number, index: number): number {
  return index * 4 + level;
}

function accept(tdx: NaiveTdx, pfn: number, level: PageLevel): bigint {
  return tdx.pageAccept(BigInt(pfn) * 4096n + BigInt(level));
}

/** Linux's loop, one call at a time. @returns false if it gives up */
export function naiveGuestAccept(tdx: NaiveTdx, start: number, end: number): boolean {
  let position = start;
  next: while (position < end) {
    for (const level of [2, 1, 0] as const) {
      if (position % PAGES[level] !== 0 || end - position < PAGES[level]) continue;
      if (accept(tdx, position, level) !== STATUS.success) continue;
      position += PAGES[level];
      continue next;
    }
    return false;
  }
  return true;
}

/** Tries of the firmware after the first that met a locked entry. */
const BUSY_RETRIES = 3;

/** TDVF's loop over pages of one size. @returns pages that were accepted already, -1 if it gives up */
export function naiveFirmwareAccept(tdx: NaiveTdx, start: number, count: number, level: 0 | 1): number {
  let duplicates = 0;
  for (let index = 0; index < count; index++) {
    const pfn = start + index * PAGES[level];
    let status = accept(tdx, pfn, level);
    for (let retry = 0; status === STATUS.operandBusy && retry < BUSY_RETRIES; retry++) {
      status = accept(tdx, pfn, level);
    }
    if (status === STATUS.alreadyAccepted) duplicates++;
    else if (status === STATUS.sizeMismatch && level === 1) {
      const inside = naiveFirmwareAccept(tdx, pfn, 512, 0);
      if (inside < 0) return -1;
      duplicates += inside;
    } else if (status !== STATUS.success) return -1;
  }
  return duplicates;
}

/** TDVF's three parts of a range: a head and a tail in 4 KiB, and what lies between in 2 MiB if that is more than one. */
export function naiveFirmwareAcceptRange(tdx: NaiveTdx, start: number, end: number): number {
  const head = Math.min((512 - (start % 512)) % 512, end - start);
  const rest = end - start - head;
  const large = rest > 512 ? Math.floor(rest / 512) : 0;
  const parts = [
    naiveFirmwareAccept(tdx, start, head, 0),
    naiveFirmwareAccept(tdx, start + head, large, 1),
    naiveFirmwareAccept(tdx, start + head + large * 512, rest - large * 512, 0),
  ];
  return parts[0]! + parts[1]! + parts[2]!;
}

/** In a #VE handler: one page after another. */
export function naiveAcceptAgain(tdx: NaiveTdx, start: number, end: number): void {
  for (let pfn = start; pfn < end; pfn++) {
    if (accept(tdx, pfn, 0) !== STATUS.success) throw new Error("the guest panics");
  }
}
