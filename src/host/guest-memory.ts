import type { CocoPlatform } from "../coco/platform.js";
import { type AddressRange, GiB, MiB, PAGE_SIZE, roundUp, TiB } from "../units.js";
import { dynamicPamtBytes, pamtBytes } from "./pamt.js";
import { rmpBytes } from "./rmp.js";

/** Where the host's memory goes, in bytes. */
export interface HostUse {
  /** Memory behind private pages, and private copies that the host keeps of shared ones. */
  readonly privateBytes: number;
  /** The part of `privateBytes` that is such copies: the guest has that memory twice. */
  readonly keptBytes: number;
  /** Memory behind pages that are not private: shared with the host, or all of a plain guest's. */
  readonly sharedBytes: number;
  /** Tables that map the guest's memory, without their roots. */
  readonly tableBytes: number;
  /** The guest's part of what the host spends on tracking memory: PAMT or RMP. */
  readonly metadataBytes: number;
  /** Inside the guest's memory, not on top: the bitmap of unaccepted memory. */
  readonly bitmapBytes: number;
  /** Inside the guest's memory, not on top: page tables of the kernel's direct map. */
  readonly directMapBytes: number;
}

/** All that one guest costs its host, in bytes. */
export function hostBytes(use: HostUse): number {
  return use.privateBytes + use.sharedBytes + use.tableBytes + use.metadataBytes;
}

/** What the host spends for one guest. */
export class GuestMemory {
  readonly #platform: CocoPlatform;
  readonly #pageSizeBytes: number;
  readonly #metadataFor: (memoryBytes: number) => number;
  #memoryBytes: number;
  #touchedBytes = 0;
  #peakBytes = 0;
  #bitmapBytes = 0;
  #directMapBytes = 0;

  /**
   * @param memoryBytes RAM of the guest. PAMT and RMP are paid for all of it, touched or not,
   *   because the host sets them up for all its memory at once.
   * @param pageSizeBytes page size with which the host backs memory that is not private
   * @param dynamicPamt TDX: whether most of the PAMT is paid when it is used; the platform counts that
   */
  constructor(platform: CocoPlatform, memoryBytes: number, pageSizeBytes: number, dynamicPamt = false) {
    this.#platform = platform;
    this.#pageSizeBytes = pageSizeBytes;
    const perPlatform = { tdx: dynamicPamt ? dynamicPamtBytes : pamtBytes, snp: rmpBytes, none: () => 0 };
    this.#metadataFor = perPlatform[platform.name];
    this.#memoryBytes = memoryBytes;
  }

  /** The guest gets more RAM. */
  plugIn(bytes: number): void {
    this.#memoryBytes += bytes;
  }

  /** The guest touches memory that is not private for the first time: shared, or in a plain guest any. */
  touch(bytes: number): void {
    this.#touchedBytes += bytes;
  }

  /**
   * The guest makes memory shared. The host gives the private memory back, unless it keeps the copy;
   * for the shared pages it has memory only when they are touched.
   *
   * @param start physical address on a page boundary
   * @param unaccepted parts of the range that were never accepted, so there is nothing to give back
   */
  share(start: number, end: number, unaccepted: readonly AddressRange[] = []): void {
    // Only here does what the host spends ever fall.
    this.#peakBytes = this.hostBytesPeak;
    this.#platform.convertToShared(start, end, unaccepted);
  }

  /** Bytes that the guest has accepted, made shared and not private again. */
  get acceptedSharedBytes(): number {
    return this.#platform.acceptedSharedPages * PAGE_SIZE;
  }

  /**
   * Bytes that the guest has made shared and not touched since. Whatever it had there before is
   * gone, so they no longer count as memory that it has touched.
   */
  get untouchedSharedBytes(): number {
    return Math.max(this.#platform.sharedPages * PAGE_SIZE - this.#touchedBytes, 0);
  }

  /** Notes sizes of tables that lie in the guest's own memory; they change nothing else. */
  noteGuestTables(bitmapBytes: number, directMapBytes: number): void {
    this.#bitmapBytes = bitmapBytes;
    this.#directMapBytes = directMapBytes;
  }

  /** All the host spends now, in bytes. */
  get hostBytes(): number {
    return hostBytes(this.use());
  }

  /** The most it ever spent, in bytes, as seen between conversions. */
  get hostBytesPeak(): number {
    return Math.max(this.#peakBytes, this.hostBytes);
  }

  /** What `hostBytes` is made of. */
  use(): HostUse {
    const { name, privatePages, keptPages, tablePages, pamtPages } = this.#platform;
    // KVM mirrors the secure EPT, which it cannot read, in tables of its own.
    const copies = name === "tdx" ? 2 : 1;
    const sharedBytes = roundUp(this.#touchedBytes, this.#pageSizeBytes);
    return {
      privateBytes: privatePages * PAGE_SIZE,
      keptBytes: keptPages * PAGE_SIZE,
      sharedBytes,
      tableBytes: (tablePages * copies + sharedTablePages(sharedBytes, this.#pageSizeBytes)) * PAGE_SIZE,
      metadataBytes: this.#metadataFor(this.#memoryBytes) + pamtPages * PAGE_SIZE,
      bitmapBytes: this.#bitmapBytes,
      directMapBytes: this.#directMapBytes,
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
