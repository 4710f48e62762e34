import { RangeSet } from "../coco/range-set.js";
import {
  type AddressRange,
  GiB,
  MiB,
  PAGE_SIZE,
  PHYSICAL_ADDRESS_END,
  roundDown,
  roundUp,
} from "../units.js";

/** A stretch of the direct map and the size of its leaves in bytes: 4 KiB, 2 MiB or 1 GiB. */
export interface MappedPiece extends AddressRange {
  readonly pageSize: number;
}

/** How many leaves of each size there are; /proc/meminfo shows their bytes as DirectMap4k, 2M and 1G. */
export interface LeafCounts {
  readonly leaves1g: number;
  readonly leaves2m: number;
  readonly leaves4k: number;
}

export interface AttributeChange {
  /** Leaves that had to be split; each takes one new page table. */
  readonly splits: number;
  /** Leaves whose entry was changed, of any size. */
  readonly changedLeaves: number;
}

const LEAF_2M = 2 * MiB;
const LEAF_1G_PAGES = GiB / PAGE_SIZE;
const LEAF_2M_PAGES = LEAF_2M / PAGE_SIZE;

/**
 * The kernel's direct map of a confidential guest, and which part of it is shared with the host
 * (arch/x86/mm/pat/set_memory.c: __change_page_attr, __should_split_large_page, 6.12).
 *
 * A leaf has one attribute. Making a part of it shared splits it, level by level; nothing puts
 * the parts together again. Addresses in bytes on page boundaries.
 */
export class DirectMap {
  readonly #mapped = new RangeSet();
  /** Spans of 1 GiB that have a table of smaller leaves, and spans of 2 MiB that do. */
  readonly #tables1g = new RangeSet();
  readonly #tables2m = new RangeSet();
  readonly #shared = new RangeSet();

  /**
   * Maps a piece with leaves of one size, which may reach beyond the piece. Where larger leaves
   * map some of it already, the caller has none to add.
   */
  map({ start, end, pageSize }: MappedPiece): void {
    const [from, to] = [roundDown(start, pageSize), roundUp(end, pageSize)];
    this.#mapped.add(from / PAGE_SIZE, to / PAGE_SIZE);
    if (pageSize < GiB) this.#tables1g.add(Math.floor(from / GiB), Math.ceil(to / GiB));
    if (pageSize < LEAF_2M) this.#tables2m.add(Math.floor(from / LEAF_2M), Math.ceil(to / LEAF_2M));
  }

  get leaves(): LeafCounts {
    const pages = this.#mapped.size;
    const below1g = this.#mappedIn(this.#tables1g, LEAF_1G_PAGES);
    const below2m = this.#mappedIn(this.#tables2m, LEAF_2M_PAGES);
    return {
      leaves1g: (pages - below1g) / LEAF_1G_PAGES,
      leaves2m: (below1g - below2m) / LEAF_2M_PAGES,
      leaves4k: below2m,
    };
  }

  get sharedBytes(): number {
    return this.#shared.size * PAGE_SIZE;
  }

  /** Size of the leaf that maps an address: 4 KiB, 2 MiB or 1 GiB. */
  leafBytes(address: number): number {
    if (!this.#tables1g.has(Math.floor(address / GiB))) return GiB;
    return this.#tables2m.has(Math.floor(address / LEAF_2M)) ? PAGE_SIZE : LEAF_2M;
  }

  isShared(address: number): boolean {
    return this.#shared.has(address / PAGE_SIZE);
  }

  sharedBytesIn(start: number, end: number): number {
    return this.#shared.countIn(start / PAGE_SIZE, end / PAGE_SIZE) * PAGE_SIZE;
  }

  sharedLeaves(): AddressRange[] {
    const leaves: AddressRange[] = [];
    const end = PHYSICAL_ADDRESS_END / PAGE_SIZE;
    for (let page = this.#shared.firstIn(0, end); page < end; page = this.#shared.firstIn(page, end)) {
      const start = page * PAGE_SIZE;
      leaves.push({ start, end: start + this.leafBytes(start) });
      page = leaves.at(-1)!.end / PAGE_SIZE;
    }
    return leaves;
  }

  /**
   * Makes [start, end) shared with the host, or private again. A leaf that has the attribute
   * already stays whole; nothing is done to it.
   */
  setShared(start: number, end: number, shared: boolean): AttributeChange {
    let splits = 0;
    let changedLeaves = 0;
    for (let at = start; at < end; ) {
      const leaf = this.leafBytes(at);
      const leafStart = roundDown(at, leaf);
      const leafEnd = Math.min(leafStart + leaf, end);
      if (this.#shared.has(at / PAGE_SIZE) === shared) {
        at = leafEnd;
        continue;
      }
      if (at > leafStart || leafEnd < leafStart + leaf) {
        this.#split(leafStart, leaf);
        splits++;
        continue;
      }
      changedLeaves++;
      at = leafEnd;
    }
    if (shared) this.#shared.add(start / PAGE_SIZE, end / PAGE_SIZE);
    else this.#shared.remove(start / PAGE_SIZE, end / PAGE_SIZE);
    return { splits, changedLeaves };
  }

  /** Mapped page frames below tables that each span `spanPages` of them. */
  #mappedIn(tables: RangeSet, spanPages: number): number {
    const end = Math.ceil(PHYSICAL_ADDRESS_END / (spanPages * PAGE_SIZE));
    let pages = 0;
    for (let span = tables.firstIn(0, end); span < end; ) {
      const runEnd = tables.runEnd(span, end);
      pages += this.#mapped.countIn(span * spanPages, runEnd * spanPages);
      span = tables.firstIn(runEnd, end);
    }
    return pages;
  }

  #split(leafStart: number, leaf: number): void {
    const tables = leaf === GiB ? this.#tables1g : this.#tables2m;
    tables.add(leafStart / leaf, leafStart / leaf + 1);
  }
}
