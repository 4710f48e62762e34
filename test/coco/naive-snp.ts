/** How the naive host backs memory. */
export interface NaiveBacking {
  readonly large: boolean;
  readonly prefault: boolean;
}

interface Entry {
  readonly pfn: number;
  readonly pages: 1 | 512;
}

/**
 * An SNP guest, hypervisor and VMM that do one thing after another, with an RMP entry for
 * each page: slow and obvious.
 */
export class NaiveSnp {
  readonly valid: Set<number> = new Set();
  /** Assigned pages, and whether each lies below a 2 MiB entry. */
  readonly assigned: Map<number, boolean> = new Map();
  readonly counts: Record<string, number> = {};
  readonly #split: Set<number> = new Set();
  readonly #backing: NaiveBacking;

  constructor(backing: NaiveBacking) {
    this.#backing = backing;
  }

  /** Through the GHCB, in requests of so many entries. @returns false if the guest terminates */
  accept(start: number, end: number, entriesPerExit: number): boolean {
    for (let position = start; position < end; ) {
      const request: Entry[] = [];
      while (position < end && request.length < entriesPerExit) {
        const pages = position % 512 === 0 && end - position >= 512 ? 512 : 1;
        request.push({ pfn: position, pages });
        position += pages;
      }
      this.#count("vmgexitPsc");
      this.#changeState(request);
      for (const entry of request) if (!this.#validate(entry)) return false;
    }
    return true;
  }

  /** Through the MSR protocol. */
  acceptByMsr(start: number, end: number): void {
    for (let pfn = start; pfn < end; pfn++) {
      this.#count("vmgexitPsc");
      this.#changeState([{ pfn, pages: 1 }]);
      this.#validate({ pfn, pages: 1 });
    }
  }

  #count(name: string, by = 1): void {
    if (by > 0) this.counts[name] = (this.counts[name] ?? 0) + by;
  }

  /** The host kernel walks the request and leaves to the VMM for each run of equal sizes. */
  #changeState(request: readonly Entry[]): void {
    request.forEach((entry, index) => {
      if (index === 0 || request[index - 1]!.pages !== entry.pages) {
        this.#count("userExit");
        this.#count("attributeSet");
      }
      this.#count("attributeSetPage", entry.pages);
      if (!this.#backing.prefault) return;
      for (let pfn = entry.pfn; pfn < entry.pfn + entry.pages; pfn++)
        this.#back(pfn, entry.pages, "prefault");
    });
  }

  /** A fault, or a prefault: nothing happens where there is memory. */
  #back(pfn: number, wanted: 1 | 512, event: "npf" | "prefault"): void {
    if (this.assigned.has(pfn)) return;
    const span = Math.floor(pfn / 512);
    if (wanted === 512 && this.#backing.large && !this.#split.has(span)) {
      for (let page = span * 512; page < span * 512 + 512; page++) this.assigned.set(page, true);
      this.#count(`${event}2m`);
      return;
    }
    if (!this.#split.has(span)) {
      this.#split.add(span);
      this.#count("directMapSplit");
    }
    this.assigned.set(pfn, false);
    this.#count(`${event}4k`);
  }

  #validate({ pfn, pages }: Entry): boolean {
    this.#back(pfn, pages, "npf");
    if (pages === 512 && this.assigned.get(pfn) === false) {
      this.#count("pvalidateMismatch");
      for (let page = pfn; page < pfn + 512; page++) {
        if (!this.#validate({ pfn: page, pages: 1 })) return false;
      }
      return true;
    }
    this.#count(pages === 512 ? "pvalidate2m" : "pvalidate4k");
    if (this.valid.has(pfn)) return false;
    for (let page = pfn; page < pfn + pages; page++) this.valid.add(page);
    return true;
  }
}
