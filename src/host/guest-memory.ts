import type { CocoPlatform } from "../coco/platform.js";
import { GiB, MiB, PAGE_SIZE, roundUp, TiB } from "../units.js";
import { pamtBytes } from "./pamt.js";
import { rmpBytes } from "./rmp.js";

/** Where the host's memory goes, in bytes. */
export interface HostUse {
  /** Memory behind private pages. */
  readonly privateBytes: number;
  /** Memory behind pages that are not private: shared with the host, or all of a plain guest's. */
  readonly sharedBytes: number;
  /** Tables that map the guest's memory, without their roots. */
  readonly tableBytes: number;
  /** The guest's part of what the host spends up front on tracking memory: PAMT or RMP. */
  readonly metadataBytes: number;
}

/** What the host spends for one guest. */
export class GuestMemory {
  readonly #platform: CocoPlatform;
  readonly #pageSizeBytes: number;
  readonly #metadataBytes: number;
  #touchedBytes = 0;

  /**
   * @param memoryBytes RAM of the guest. PAMT and RMP are paid for all of it, touched or not,
   *   because the host sets them up for all its memory at once.
   * @param pageSizeBytes page size with which the host backs memory that is not private
   */
  constructor(platform: CocoPlatform, memoryBytes: number, pageSizeBytes: number) {
    this.#platform = platform;
    this.#pageSizeBytes = pageSizeBytes;
    const perPlatform = { tdx: pamtBytes, snp: rmpBytes, none: () => 0 };
    this.#metadataBytes = perPlatform[platform.name](memoryBytes);
  }

  /** The guest touches memory that is not private for the first time: shared, or in a plain guest any. */
  touch(bytes: number): void {
    this.#touchedBytes += bytes;
  }

  /** All the host spends now, in bytes. */
  get hostBytes(): number {
    const use = this.use();
    return use.privateBytes + use.sharedBytes + use.tableBytes + use.metadataBytes;
  }

  /** The most it ever spent, in bytes. Guests give nothing back here, so that is what it spends now. */
  get hostBytesPeak(): number {
    return this.hostBytes;
  }

  /** What `hostBytes` is made of. */
  use(): HostUse {
    const { name, privatePages, tablePages } = this.#platform;
    // KVM mirrors the secure EPT, which it cannot read, in tables of its own.
    const copies = name === "tdx" ? 2 : 1;
    const sharedBytes = roundUp(this.#touchedBytes, this.#pageSizeBytes);
    return {
      privateBytes: privatePages * PAGE_SIZE,
      sharedBytes,
      tableBytes: (tablePages * copies + sharedTablePages(sharedBytes, this.#pageSizeBytes)) * PAGE_SIZE,
      metadataBytes: this.#metadataBytes,
    };
  }
}

/** Tables that map `bytes` if they lie together (assumption: the least there can be). */
function sharedTablePages(bytes: number, pageSizeBytes: number): number {
  let pages = 0;
  for (const spanBytes of [2 * MiB, GiB, TiB / 2]) {
    if (pageSizeBytes < spanBytes) pages += Math.ceil(bytes / spanBytes);
  }
  return pages;
}
