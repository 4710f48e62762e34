import { KiB, PAGE_SIZE, roundDown } from "../../units.js";
import { LEVEL_PAGES, PageTables } from "../page-tables.js";
import { RangeSet } from "../range-set.js";

const SPAN_PAGES = LEVEL_PAGES[1];
/** After the last page of every guest, which has addresses of 52 bits. */
const FIRST_NEW_HOST_PAGE = 2 ** 40;

/** Bytes of an entry of the reverse map table (6.12 arch/x86/virt/svm/sev.c, up to Zen 4). */
const RMP_ENTRY_BYTES = 16;

/** Of the processor, at the start of a table (RMPTABLE_CPU_BOOKKEEPING_SZ). */
export const RMP_BOOKKEEPING_BYTES: number = 16 * KiB;

/**
 * Bytes of the reverse map table for host memory, without the processor's bookkeeping at its start: 1/256 of the memory, spent when the host boots, whatever guests do later.
 */
export function rmpBytes(sizeBytes: number): number {
  return Math.ceil(sizeBytes / PAGE_SIZE) * RMP_ENTRY_BYTES;
}

/**
 * State of a guest page in the reverse map table (AMD APM volume 2, 15.36): still, or again, the
 * hypervisor's; assigned to the guest, not validated; validated by the guest.
 */
export type RmpState = "hypervisor" | "guestInvalid" | "guestValid";

/**
 * The reverse map table as far as one guest's private memory is concerned, and the nested page
 * tables that map it. Entries of 2 MiB and nested leaves of 2 MiB go together: a span of 2 MiB
 * has either, or 512 of the small ones, and once it has small ones it keeps to them (of 622
 * spans that were split in a guest of 16 GiB about 30 were joined again: Michael Roth,
 * linux-fsdevel, 2025-07-11). Ranges are in page frames of the guest.
 *
 * An entry belongs to a page of the host and names one page of the guest, so that no access comes through
 * at another one. Pages of the host matter only where a hostile one plays with them; every other one is
 * where it was first given to.
 */
export class Rmp {
  readonly tables: PageTables = new PageTables();
  /** Pages the host has given memory for; those that are shared have a private copy that it kept. */
  readonly assigned: RangeSet = new RangeSet();
  /** Assigned pages that the nested page table maps; touching another one faults. */
  readonly #mapped = new RangeSet();
  readonly valid: RangeSet = new RangeSet();
  /** Pages that the guest has made shared and that are still assigned, because the host keeps the private copy. */
  readonly kept: RangeSet = new RangeSet();
  /** Spans of 2 MiB whose part of the host's direct map is split. */
  readonly #directMapSplits = new RangeSet();

  /**
   * Pages of the host are numbered here, not addressed: by the page of the guest that each was first given
   * to, whose number its entry has unless it says otherwise; pages of an attack are numbered after them all.
   */
  readonly #hostPages = new Map<number, number>();
  /** The page of the guest that an entry names, by its page of the host. */
  readonly #owners = new Map<number, number>();
  #nextHostPage = FIRST_NEW_HOST_PAGE;

  get assignedPages(): number {
    return this.assigned.size;
  }

  stateOf(pfn: number): RmpState {
    if (this.valid.has(pfn)) return "guestValid";
    return this.assigned.has(pfn) ? "guestInvalid" : "hypervisor";
  }

  assignedIn(start: number, end: number): number {
    return this.assigned.countIn(start, end);
  }

  unmappedIn(start: number, end: number): number {
    return end - start - this.#mapped.countIn(start, end);
  }

  /**
   * Assigns those pages of a range that are the hypervisor's, with entries of 4 KiB (level 0) or,
   * for whole spans without small entries, of 2 MiB (level 1), and maps all.
   */
  assign(start: number, end: number, level: 0 | 1): void {
    this.assigned.add(start, end);
    this.#mapped.add(start, end);
    this.tables.map(start, end, level);
  }

  /** The host splits its direct map for the hypervisor's pages of a range. @returns spans that were whole */
  splitDirectMapOfHypervisor(start: number, end: number): number {
    let splits = 0;
    for (let position = start; position < end; ) {
      const runEnd = this.assigned.runEnd(position, end);
      if (!this.assigned.has(position)) splits += this.splitDirectMap(position, runEnd);
      position = runEnd;
    }
    return splits;
  }

  /** The same for all pages of a range. */
  splitDirectMap(start: number, end: number): number {
    // An empty range inside a span would otherwise count as one that touches the span.
    if (start >= end) return 0;
    return this.#directMapSplits.add(Math.floor(start / SPAN_PAGES), Math.ceil(end / SPAN_PAGES));
  }

  /** Whether the host's direct map is whole in spans of 2 MiB. */
  isDirectMapWhole(start: number, end: number): boolean {
    return this.#directMapSplits.countIn(start / SPAN_PAGES, end / SPAN_PAGES) === 0;
  }

  /** PVALIDATE: makes a range of assigned pages usable. */
  validate(start: number, end: number): void {
    if (this.assigned.countIn(start, end) < end - start) {
      throw new Error("snp: PVALIDATE needs pages that are assigned to the guest.");
    }
    if (this.valid.add(start, end) < end - start) {
      throw new Error("snp: a page was validated twice.");
    }
  }

  rescind(start: number, end: number): void {
    if (this.valid.remove(start, end) < end - start) {
      throw new Error("snp: validation was taken back from a page that had none.");
    }
  }

  /**
   * PSMASH: the 2 MiB entry around a page becomes 512 small ones, validated as it was. KVM takes
   * the span out of the nested page table, and what is touched next is mapped in pages of 4 KiB.
   */
  smash(pfn: number): void {
    const start = roundDown(pfn, SPAN_PAGES);
    this.#mapped.remove(start, start + SPAN_PAGES);
    this.tables.map(start, start + SPAN_PAGES, 0);
  }

  unmap(start: number, end: number): void {
    this.#mapped.remove(start, end);
  }

  keep(start: number, end: number): void {
    for (let pfn = this.assigned.firstIn(start, end); pfn < end; ) {
      const runEnd = this.assigned.runEnd(pfn, end);
      this.kept.add(pfn, runEnd);
      pfn = this.assigned.firstIn(runEnd, end);
    }
  }

  /** RMPUPDATE: pages go back to the hypervisor. */
  unassign(start: number, end: number): void {
    this.assigned.remove(start, end);
  }

  /** RMPUPDATE twice: other memory takes the place of assigned pages, mapped and not validated. */
  replace(start: number, end: number): void {
    this.valid.remove(start, end);
    this.#mapped.add(start, end);
    for (let pfn = start; pfn < end; pfn++) {
      this.mapAt(pfn, this.#nextHostPage);
      this.update(this.#nextHostPage, pfn);
      this.#nextHostPage++;
    }
  }

  hostPageOf(pfn: number): number {
    return this.#hostPages.get(pfn) ?? pfn;
  }

  /** The nested page table, which is the host's to write, maps a host page at a page of the guest. */
  mapAt(pfn: number, hostPage: number): void {
    this.#hostPages.set(pfn, hostPage);
  }

  /** Whether the entry of the host page that is mapped at a page of the guest names that page. */
  letsThrough(pfn: number): boolean {
    return this.#ownerOf(this.hostPageOf(pfn)) === pfn;
  }

  /** RMPUPDATE of one entry: it names another page of the guest, and is not validated, for either. */
  update(hostPage: number, pfn: number): void {
    for (const one of [this.#ownerOf(hostPage), pfn]) this.valid.remove(one, one + 1);
    this.#owners.set(hostPage, pfn);
  }

  #ownerOf(hostPage: number): number {
    return this.#owners.get(hostPage) ?? hostPage;
  }
}
