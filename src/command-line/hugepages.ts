/**
 * `hugepages=`, `hugepagesz=` and `default_hugepagesz=` (mm/hugetlb.c: hugepages_setup,
 * hugepagesz_setup, default_hugepagesz_setup, hugetlb_init; arch_hugetlb_valid_size of x86; Linux
 * 6.12). Their order counts.
 */
import { GiB, MiB } from "../units.js";
import { memparse, type Word } from "./words.js";

export const PMD_PAGE_BYTES: number = 2 * MiB;
/** Larger than any block of the page allocator, so memblock has to give it. */
export const PUD_PAGE_BYTES: number = GiB;

/** A pool of huge pages that is to be filled at boot. */
export interface HugePagePool {
  readonly pageBytes: number;
  /** Pages on whatever node; with `byNode` their sum. */
  readonly pages: number;
  /** Pages by node number, where the command line says so. */
  readonly byNode: ReadonlyMap<number, number> | undefined;
}

/** The pools, and the words of which the kernel makes nothing. */
export interface HugePagePools {
  /** Of 1 GiB in the order in which memblock is asked, then those of 2 MiB. */
  readonly pools: readonly HugePagePool[];
  readonly dropped: readonly { readonly word: string; readonly why: string }[];
}

export function isHugePageSize(value: string): boolean {
  const size = memparse(value);
  return size !== undefined && size.rest === "" && [PMD_PAGE_BYTES, PUD_PAGE_BYTES].includes(size.value);
}

interface Count {
  readonly pages: number;
  readonly byNode: Map<number, number> | undefined;
}

/** `N` or `NODE:N,NODE:N...`. */
function parseCount(value: string): Count | undefined {
  if (/^\d{1,15}$/.test(value)) return { pages: Number(value), byNode: undefined };
  if (!/^\d{1,4}:\d{1,15}(,\d{1,4}:\d{1,15})*$/.test(value)) return undefined;
  const byNode = new Map<number, number>();
  let pages = 0;
  for (const entry of value.split(",")) {
    const [node, count] = entry.split(":").map(Number) as [number, number];
    byNode.set(node, count);
    pages += count;
  }
  return { pages, byNode };
}

export function isHugePageCount(value: string): boolean {
  return parseCount(value) !== undefined;
}

/** @param nodes node numbers of this machine */
export function hugePagePools(words: readonly Word[], nodes: readonly number[]): HugePagePools {
  const parser = new Parser(nodes);
  for (const word of words) {
    if (word.name === "hugepages") parser.hugepages(word);
    else if (word.name === "hugepagesz") parser.hugepagesz(word);
    else if (word.name === "default_hugepagesz") parser.defaultHugepagesz(word);
  }
  return parser.end();
}

/** The variables of mm/hugetlb.c while the command line is read. */
class Parser {
  readonly #nodes: readonly number[];
  readonly #counts = new Map<number, Count>();
  readonly #gigantic: HugePagePool[] = [];
  readonly #dropped: { word: string; why: string }[] = [];
  /** parsed_hstate; undefined before the first size. */
  #size: number | undefined;
  #sizeIsValid = true;
  #defaultSize: number | undefined;
  /** default_hstate_max_huge_pages: a count in front of any size. */
  #early: Count | undefined;
  #last: number | "early" | undefined;

  constructor(nodes: readonly number[]) {
    this.#nodes = nodes;
  }

  hugepages({ text, value = "" }: Word): void {
    if (!this.#sizeIsValid) {
      this.#sizeIsValid = true;
      this.#drop(text, "follows no valid hugepagesz=");
      return;
    }
    const target = this.#size ?? "early";
    if (target === this.#last) {
      this.#drop(text, "is the second one for one page size");
      return;
    }
    const count = parseCount(value);
    if (
      count === undefined ||
      [...(count.byNode?.keys() ?? [])].some((node) => !this.#nodes.includes(node))
    ) {
      this.#drop(text, "names a node that this machine does not have");
      return;
    }
    if (target === "early") this.#early = count;
    else this.#set(target, count);
    this.#last = target;
  }

  hugepagesz({ text, value = "" }: Word): void {
    this.#sizeIsValid = false;
    if (!isHugePageSize(value)) return;
    const size = memparse(value)!.value;
    const known = this.#counts.has(size) || size === this.#size || size === this.#defaultSize;
    if (known && (size !== this.#defaultSize || (this.#counts.get(size)?.pages ?? 0) > 0)) {
      this.#drop(text, "names a page size for the second time");
      return;
    }
    this.#enter(size);
  }

  defaultHugepagesz({ text, value = "" }: Word): void {
    this.#sizeIsValid = false;
    if (this.#defaultSize !== undefined) {
      this.#drop(text, "is the second one");
      return;
    }
    if (!isHugePageSize(value)) return;
    const size = memparse(value)!.value;
    this.#enter(size);
    this.#defaultSize = size;
    if (this.#early === undefined) return;
    this.#set(size, this.#early);
    this.#early = undefined;
  }

  end(): HugePagePools {
    if (this.#early !== undefined) this.#counts.set(PMD_PAGE_BYTES, this.#early);
    const small = this.#counts.get(PMD_PAGE_BYTES);
    return {
      pools: [
        ...this.#gigantic,
        ...(small === undefined || small.pages === 0 ? [] : [{ pageBytes: PMD_PAGE_BYTES, ...small }]),
      ],
      dropped: this.#dropped,
    };
  }

  #enter(size: number): void {
    this.#size = size;
    this.#sizeIsValid = true;
    if (!this.#counts.has(size)) this.#counts.set(size, { pages: 0, byNode: undefined });
  }

  #set(size: number, count: Count): void {
    this.#counts.set(size, count);
    if (size === PUD_PAGE_BYTES && count.pages > 0) this.#gigantic.push({ pageBytes: size, ...count });
  }

  #drop(word: string, why: string): void {
    this.#dropped.push({ word, why });
  }
}
