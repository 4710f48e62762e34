/** The machine around a naive guest. */
export interface NaiveOptions {
  /** Whether the host backs a span of 2 MiB with one page. */
  readonly large: (span: number) => boolean;
  readonly prefault: boolean;
  readonly keepsConverted: boolean;
  readonly svsm: boolean;
  readonly erratum: boolean;
}

/** How a program sends what it has to say. */
export interface NaiveProgram {
  readonly entriesPerExit: number;
  readonly batch: number;
  /** Whether an entry that failed below an SVSM is replayed before those behind it. */
  readonly replaysAtOnce: boolean;
}

export const NAIVE_LINUX: NaiveProgram = { entriesPerExit: 64, batch: 64, replaysAtOnce: false };
export const NAIVE_OVMF: NaiveProgram = { entriesPerExit: 253, batch: 506, replaysAtOnce: true };

interface Entry {
  readonly pfn: number;
  readonly pages: 1 | 512;
}

/** One 4 KiB page of the guest as RMP, nested page table and guest have it. */
interface Page {
  assigned: boolean;
  mapped: boolean;
  valid: boolean;
  shared: boolean;
}

const OK = 0;
const FAIL_INPUT = 1;
const FAIL_SIZEMISMATCH = 6;
/** Linux's name for the carry flag: PVALIDATE had nothing to change. */
const NO_UPDATE = 255;

/** Entries of 8 bytes in a calling area of 4088 bytes with a header of 8. */
const CALLING_AREA_ENTRIES = (4088 - 8) / 8;

/** The guest asks for its termination. */
class NaiveTermination extends Error {}

/**
 * An SNP guest, SVSM, hypervisor and VMM that do one thing after another, with an RMP entry for
 * each page: slow and obvious.
 */
export class NaiveSnp {
  readonly counts: Record<string, number> = {};
  readonly #pages: Map<number, Page> = new Map();
  /** Spans with small RMP entries, and spans whose direct map is split. */
  readonly small: Set<number> = new Set();
  readonly #split: Set<number> = new Set();
  readonly #options: NaiveOptions;

  constructor(options: NaiveOptions) {
    this.#options = options;
  }

  page(pfn: number): Page {
    let page = this.#pages.get(pfn);
    if (page === undefined) {
      page = { assigned: false, mapped: false, valid: false, shared: false };
      this.#pages.set(pfn, page);
    }
    return page;
  }

  launch(start: number, end: number): void {
    for (let pfn = start; pfn < end; pfn++) {
      this.small.add(span(pfn));
      this.#split.add(span(pfn));
      Object.assign(this.page(pfn), { assigned: true, mapped: true, valid: true });
    }
  }

  /** Through the GHCB. */
  accept(start: number, end: number, program: NaiveProgram): void {
    for (const batch of chunks(entriesOf(start, end), program.batch)) {
      for (const request of chunks(batch, program.entriesPerExit)) this.#changeState(request, true);
      this.#validateBatch(batch, true, program);
      for (const entry of batch) this.#evict(entry);
    }
  }

  /** Through the MSR protocol. */
  acceptByMsr(start: number, end: number): void {
    for (let pfn = start; pfn < end; pfn++) {
      const entry: Entry = { pfn, pages: 1 };
      this.#changeState([entry], true);
      this.#validateBatch([entry], true, NAIVE_LINUX);
      this.#evict(entry);
    }
  }

  /** The kernel makes memory shared. */
  share(start: number, end: number): void {
    for (const request of chunks(entriesOf(start, end), NAIVE_LINUX.entriesPerExit)) {
      this.#validateBatch(request, false, NAIVE_LINUX);
      this.#changeState(request, false);
    }
  }

  /** The host swaps pages for others, without being charged. */
  remap(start: number, end: number): void {
    for (let pfn = start; pfn < end; pfn++) {
      if (!this.small.has(span(pfn))) this.#psmash(span(pfn));
      Object.assign(this.page(pfn), { mapped: true, valid: false });
    }
  }

  access(start: number, end: number): "ok" | "exception" {
    for (let pfn = start; pfn < end; pfn++) {
      const page = this.page(pfn);
      if (page.valid || page.shared) continue;
      if (!page.mapped) this.#map(pfn, "npf");
      return "exception";
    }
    return "ok";
  }

  /** In an exception handler: PVALIDATE and nothing else, page by page. */
  acceptAgain(start: number, end: number): void {
    for (let pfn = start; pfn < end; pfn++) {
      this.#validateBatch([{ pfn, pages: 1 }], true, NAIVE_LINUX);
      this.#evict({ pfn, pages: 1 });
    }
  }

  #count(name: string, by = 1): void {
    if (by > 0) this.counts[name] = (this.counts[name] ?? 0) + by;
  }

  #evict({ pages }: Entry): void {
    if (this.#options.erratum) this.#count("evictTouch4k", pages);
  }

  /** One VMGEXIT: the host kernel walks the request and leaves to the VMM for each run of equal sizes. */
  #changeState(request: readonly Entry[], toPrivate: boolean): void {
    this.#count("vmgexitPsc");
    for (let index = 0; index < request.length; ) {
      const first = request[index]!;
      let pages = 0;
      for (; index < request.length && request[index]!.pages === first.pages; index++) pages += first.pages;
      this.#count("userExit");
      this.#count("attributeSet");
      this.#count("attributeSetPage", pages);
      if (toPrivate) this.#madePrivate(first.pfn, first.pfn + pages);
      else this.#madeShared(first.pfn, first.pfn + pages);
    }
  }

  #madePrivate(start: number, end: number): void {
    for (let pfn = start; pfn < end; pfn++) {
      this.page(pfn).shared = false;
      if (this.#options.prefault && !this.page(pfn).mapped) this.#map(pfn, "prefault");
    }
  }

  #madeShared(start: number, end: number): void {
    for (let pfn = start; pfn < end; pfn++) Object.assign(this.page(pfn), { shared: true, mapped: false });
    if (this.#options.keepsConverted) return;
    for (let pfn = start; pfn < end; ) {
      const large = !this.small.has(span(pfn));
      if (large && (pfn % 512 !== 0 || end - pfn < 512)) throw new Error("a part of a large entry is left");
      this.#count("rmpupdateShared");
      if (!large) this.#splitDirectMap(pfn);
      for (let left = large ? 512 : 1; left > 0; left--) this.page(pfn++).assigned = false;
    }
  }

  #splitDirectMap(pfn: number): void {
    if (this.#split.has(span(pfn))) return;
    this.#split.add(span(pfn));
    this.#count("directMapSplit");
  }

  /** A nested page fault, or a prefault, of a page that is not mapped. */
  #map(pfn: number, event: "npf" | "prefault"): void {
    const large = !this.small.has(span(pfn)) && this.#options.large(span(pfn));
    if (large) {
      if (!this.page(pfn).assigned) this.#count("hostClear2m");
      for (const each of pagesOf(span(pfn))) Object.assign(this.page(each), { assigned: true, mapped: true });
      this.#count(`${event}2m`);
      return;
    }
    const page = this.page(pfn);
    if (!page.assigned) {
      this.#count("hostClear4k");
      this.#splitDirectMap(pfn);
      this.small.add(span(pfn));
    }
    Object.assign(page, { assigned: true, mapped: true });
    this.#count(`${event}4k`);
  }

  /** 512 small entries in place of one; the span leaves the nested page table. */
  #psmash(index: number): void {
    this.small.add(index);
    for (const pfn of pagesOf(index)) this.page(pfn).mapped = false;
  }

  /** The instruction, repeated until it does not fault. */
  #pvalidate({ pfn, pages }: Entry, value: boolean): number {
    if (pfn % pages !== 0) return FAIL_INPUT;
    for (;;) {
      const page = this.page(pfn);
      if (!page.mapped) {
        this.#map(pfn, "npf");
      } else if (pages === 1 && !this.small.has(span(pfn))) {
        this.#count("psmash");
        this.#psmash(span(pfn));
      } else {
        break;
      }
    }
    if (pages === 512 && this.small.has(span(pfn))) {
      this.#count("pvalidateMismatch");
      return FAIL_SIZEMISMATCH;
    }
    this.#count(pages === 512 ? "pvalidate2m" : "pvalidate4k");
    if (this.page(pfn).valid === value) return NO_UPDATE;
    for (let each = pfn; each < pfn + pages; each++) this.page(each).valid = value;
    return OK;
  }

  #validateBatch(batch: readonly Entry[], value: boolean, program: NaiveProgram): void {
    if (this.#options.svsm) this.#validateBySvsm(batch, value, program.replaysAtOnce);
    else for (const entry of batch) this.#validateNatively(entry, value);
  }

  #validateNatively(entry: Entry, value: boolean): void {
    const code = this.#pvalidate(entry, value);
    if (code === FAIL_SIZEMISMATCH && entry.pages === 512) {
      for (const small of smallEntries(entry)) {
        if (this.#pvalidate(small, value) !== OK) throw new NaiveTermination();
      }
    } else if (code !== OK) {
      throw new NaiveTermination();
    }
  }

  #validateBySvsm(batch: readonly Entry[], value: boolean, replaysAtOnce: boolean): void {
    const failed: Entry[] = [];
    const replay = (entry: Entry): void => {
      for (const area of chunks(smallEntries(entry), CALLING_AREA_ENTRIES)) {
        if (this.#callSvsm(area, value) !== area.length) throw new NaiveTermination();
      }
    };
    for (const area of chunks(batch, CALLING_AREA_ENTRIES)) {
      for (let next = 0; next < area.length; ) {
        next += this.#callSvsm(area.slice(next), value);
        if (next === area.length) break;
        if (replaysAtOnce) replay(area[next]!);
        else failed.push(area[next]!);
        next++;
      }
    }
    failed.forEach(replay);
  }

  /** One call. @returns entries done before one failed for its size */
  #callSvsm(entries: readonly Entry[], value: boolean): number {
    this.#count("svsmCall");
    for (const [index, entry] of entries.entries()) {
      const code = this.#pvalidate(entry, value);
      if (code === FAIL_SIZEMISMATCH && entry.pages === 512) return index;
      if (code !== OK) throw new NaiveTermination();
      if (value) {
        this.#count("rmpadjust");
        this.#count(entry.pages === 512 ? "svsmZero2m" : "svsmZero4k");
      }
    }
    return entries.length;
  }
}

function span(pfn: number): number {
  return Math.floor(pfn / 512);
}

function pagesOf(index: number): number[] {
  return Array.from({ length: 512 }, (_, offset) => index * 512 + offset);
}

function smallEntries({ pfn, pages }: Entry): Entry[] {
  return Array.from({ length: pages }, (_, offset) => ({ pfn: pfn + offset, pages: 1 as const }));
}

function entriesOf(start: number, end: number): Entry[] {
  const entries: Entry[] = [];
  for (let pfn = start; pfn < end; ) {
    const pages = pfn % 512 === 0 && end - pfn >= 512 ? 512 : 1;
    entries.push({ pfn, pages });
    pfn += pages;
  }
  return entries;
}

function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}
