import { type E820Entry, E820Type, ZERO_PAGE_ENTRIES } from "../efistub/setup-e820.js";
import type { ArchAccept, UnacceptedTable } from "../efistub/unaccepted-table.js";
import { type AddressRange, asPhys, PAGE_SIZE, roundDown } from "../units.js";
import type { AcceptMemory } from "./accept-memory.js";
import {
  countRequest,
  guardedRange,
  newUse,
  type Tracker,
  type TrackerName,
  type TrackerTraits,
  type TrackerUse,
} from "./tracker.js";

/** Bytes of an entry (struct boot_e820_entry, packed). */
const E820_ENTRY_BYTES = 20;
/** Entries in the kernel's own table: 3 more for each of 1024 possible nodes (E820_MAX_ENTRIES, NODES_SHIFT 10). */
export const KERNEL_ENTRIES: number = ZERO_PAGE_ENTRIES + 3 * 1024;

/** State of the memory of an entry; `other` is never accepted. */
export type RangeKind = "accepted" | "unaccepted" | "other";

/** Half-open, bytes. */
export interface TrackedRange extends AddressRange {
  readonly kind: RangeKind;
}

/**
 * The e820 table with a type of its own for unaccepted memory (Kirill A. Shutemov 2021). Each
 * accept inside a range splits it into up to three. When the table is full, the smallest
 * unaccepted range between accepted ones is accepted too, so that its neighbours become one.
 */
export class E820Ranges implements Tracker {
  readonly name: TrackerName;
  readonly use: TrackerUse;
  readonly traits: TrackerTraits = { granuleBytes: PAGE_SIZE, from: "decompressor", survivesKexec: true };
  readonly #capacity: number;
  readonly #hardware: ArchAccept;
  readonly #entries: TrackedRange[] = [];

  /**
   * @param map ascending, in whole pages
   * @param capacity entries that there is room for
   */
  constructor(name: TrackerName, map: readonly TrackedRange[], capacity: number, hardware: ArchAccept) {
    this.name = name;
    this.#capacity = capacity;
    this.#hardware = hardware;
    this.use = newUse(0, 0);
    for (const range of map) this.#append(range);
    this.#fit();
    this.#noteSize();
  }

  get entries(): readonly TrackedRange[] {
    return this.#entries;
  }

  accept(start: number, end: number): void {
    const range = guardedRange(start, end, PAGE_SIZE);
    this.#mark(range.start, range.end, (from, to) => this.#hardware.acceptMemory(asPhys(from), asPhys(to)));
  }

  /** Notes what has been accepted by others, byte by byte; where that makes the table too long, accepts gaps. */
  note(start: number, end: number): void {
    this.#mark(start, end, () => {});
  }

  #mark(start: number, end: number, accept: (from: number, to: number) => void): void {
    const range = { start, end };
    const before = this.#entries.length;
    let index = this.#entries.findIndex((entry) => entry.end > range.start);
    if (index < 0) index = before;
    // The kernel looks through the table from its start, and moves what follows an entry it inserts.
    let looked = index + 1;
    for (; index < this.#entries.length && this.#entries[index]!.start < range.end; index++) {
      looked++;
      const entry = this.#entries[index]!;
      if (entry.kind !== "unaccepted") continue;
      const from = Math.max(entry.start, range.start);
      const to = Math.min(entry.end, range.end);
      accept(from, to);
      index = this.#replace(index, from, to);
    }
    const made = this.#entries.length - before;
    if (made > 0) this.use.splits += made;
    const moved = made === 0 ? 0 : Math.max(0, this.#entries.length - index);
    countRequest(this.use, Math.min(looked, this.#entries.length) + moved, E820_ENTRY_BYTES);
    this.#fit();
    this.#noteSize();
  }

  hasUnaccepted(start: number, end: number): boolean {
    return this.#entries.some(
      (entry) => entry.kind === "unaccepted" && entry.start < end && entry.end > start,
    );
  }

  #append(range: TrackedRange): void {
    const last = this.#entries.at(-1);
    if (last?.kind === range.kind && last.end === range.start) {
      this.#entries[this.#entries.length - 1] = { ...range, start: last.start };
    } else {
      this.#entries.push(range);
    }
  }

  /** Makes [from, to) of an unaccepted entry accepted. @returns the index of the entry it is in now */
  #replace(index: number, from: number, to: number): number {
    const { start, end } = this.#entries[index]!;
    const pieces: TrackedRange[] = [];
    if (start < from) pieces.push({ start, end: from, kind: "unaccepted" });
    pieces.push({ start: from, end: to, kind: "accepted" });
    if (to < end) pieces.push({ start: to, end, kind: "unaccepted" });
    let first = index;
    let last = index + 1;
    const below = this.#entries[index - 1];
    if (from === start && below?.kind === "accepted" && below.end === start) {
      pieces[0] = { ...pieces[0]!, start: below.start };
      first--;
    }
    const above = this.#entries[index + 1];
    if (to === end && above?.kind === "accepted" && above.start === end) {
      pieces[pieces.length - 1] = { ...pieces.at(-1)!, end: above.end };
      last++;
    }
    this.#entries.splice(first, last - first, ...pieces);
    return first + (from > start ? 1 : 0);
  }

  /** Accepts the smallest gaps until the table fits. A map that is too long without them stays as it is. */
  #fit(): void {
    while (this.#entries.length > this.#capacity) {
      const gap = this.#smallestGap();
      if (gap < 0) return;
      const { start, end } = this.#entries[gap]!;
      this.#hardware.acceptMemory(asPhys(start), asPhys(end));
      this.use.gapBytes += end - start;
      countRequest(this.use, this.#entries.length, E820_ENTRY_BYTES);
      this.#replace(gap, start, end);
    }
  }

  /** The smallest unaccepted entry that touches an accepted one; the lowest of equals; -1 if there is none. */
  #smallestGap(): number {
    let smallest = -1;
    let bytes = Number.POSITIVE_INFINITY;
    for (const [index, { kind, start, end }] of this.#entries.entries()) {
      if (kind !== "unaccepted" || end - start >= bytes) continue;
      if (!this.#isAccepted(index - 1, start) && !this.#isAccepted(index + 1, end)) continue;
      smallest = index;
      bytes = end - start;
    }
    return smallest;
  }

  #isAccepted(index: number, border: number): boolean {
    const entry = this.#entries[index];
    return entry?.kind === "accepted" && (entry.start === border || entry.end === border);
  }

  #noteSize(): void {
    this.use.entries = Math.max(this.use.entries, this.#entries.length);
    this.use.memoryBytes = this.use.entries * E820_ENTRY_BYTES;
  }
}

/**
 * Where the kernel keeps what is accepted: in the bitmap of 6.5, or as ranges of its e820 table, with as
 * many entries as the zero page or the kernel's own table has.
 */
export const ACCEPTANCE_RECORDS = ["bitmap", "e820-zero-page", "e820-kernel"] as const;
export type AcceptanceRecord = (typeof ACCEPTANCE_RECORDS)[number];

export interface E820RecordResult {
  readonly entries: number;
  /** Memory accepted only because there was no room to say that it is not; bytes. */
  readonly gapBytes: number;
}

/**
 * The e820 table as the record of what is accepted ("remove the unaccepted memory flag from the range that
 * got accepted", Kirill A. Shutemov, linux-coco, February 2021; that it gets bulky, "[PATCHv10 04/11]
 * efi/x86: Implement support for unaccepted memory", 2023). The kernel accepts by the same units and at the
 * same moments as with a bitmap (assumption); where the table is full, the smallest gap is accepted too.
 */
export class E820Record {
  readonly #ranges: E820Ranges;
  readonly #acceptance: AcceptMemory;

  /**
   * @param map the kernel's memory as it begins, by what is accepted
   * @param acceptGap accepts what the table has no room for, on the hardware
   */
  constructor(
    record: Exclude<AcceptanceRecord, "bitmap">,
    map: readonly TrackedRange[],
    acceptance: AcceptMemory,
    acceptGap: (start: number, end: number) => void,
  ) {
    this.#acceptance = acceptance;
    const capacity = record === "e820-kernel" ? KERNEL_ENTRIES : ZERO_PAGE_ENTRIES;
    this.#ranges = new E820Ranges(record, map, capacity, {
      acceptMemory: (start, end) => {
        acceptGap(start, end);
        this.#forget(start, end);
      },
    });
  }

  /** The kernel has accepted [start, end); bytes. */
  accepted(start: number, end: number): void {
    this.#ranges.note(start, end);
  }

  get result(): E820RecordResult {
    const { entries, gapBytes } = this.#ranges.use;
    return { entries, gapBytes };
  }

  /** So that the kernel finds the gap accepted. */
  #forget(start: number, end: number): void {
    const table = this.#acceptance.table!;
    const unitOf = (address: number): number => (address - table.physBase) / table.unitSizeBytes;
    table.clearRange(Math.floor(unitOf(start)), Math.min(Math.ceil(unitOf(end)), table.unitCount));
  }
}

/** The memory as a kernel knows it: the map, with RAM split by what the table says at this moment. */
export function trackedMap(
  entries: readonly E820Entry[],
  table: UnacceptedTable | undefined,
): TrackedRange[] {
  return entries.flatMap(({ start, end, type }): TrackedRange[] => {
    // An entry of the firmware may end inside a page.
    const range = { start, end: roundDown(end, PAGE_SIZE) };
    if (type !== E820Type.RAM) return [{ ...range, kind: "other" }];
    return table === undefined
      ? [{ ...range, kind: "accepted" }]
      : splitByTable(range.start, range.end, table);
  });
}

function splitByTable(start: number, end: number, table: UnacceptedTable): TrackedRange[] {
  const { physBase, unitSizeBytes: unit, unitCount } = table;
  const pieces: TrackedRange[] = [];
  for (let from = start; from < end; ) {
    const at = Math.floor((from - physBase) / unit);
    const unaccepted = at >= 0 && at < unitCount && table.isSet(at);
    let to = end;
    if (at < 0) to = Math.min(to, physBase);
    else if (at < unitCount) {
      const next = unaccepted ? table.nextClear(at, unitCount) : table.nextSet(at, unitCount);
      to = Math.min(to, next < unitCount || unaccepted ? physBase + next * unit : end);
    }
    const last = pieces.at(-1);
    const kind = unaccepted ? "unaccepted" : "accepted";
    if (last?.kind === kind) pieces[pieces.length - 1] = { ...last, end: to };
    else pieces.push({ start: from, end: to, kind });
    from = to;
  }
  return pieces;
}
