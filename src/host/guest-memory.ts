import { type CocoPlatform, HostMemoryError, type HostSupply } from "../coco/platform.js";
import { formatBytes, GiB, MiB, PAGE_SIZE, type PhysAddr, type PhysRange, roundUp, TiB } from "../units.js";
import type { DmaResult } from "./assigned-device.js";

export interface HostUse {
  /** Memory that backs private pages, and private copies that the host keeps of shared ones. */
  readonly privateBytes: number;
  /** The part of `privateBytes` that is such copies: the guest has that memory twice. */
  readonly keptBytes: number;
  /** Memory that backs pages that are not private: shared with the host, or all of a plain guest's. */
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

export function hostBytes(use: HostUse): number {
  return use.privateBytes + use.sharedBytes + use.tableBytes + use.metadataBytes;
}

/** Memory a host has for one guest, where that is known; bytes. */
export interface HostLimit {
  /** Memory of the kind that private pages need. */
  readonly privateBytes: number;
  /** Other memory, which the host's allocator hands out after that, and which ends a guest that gets it for a private page. */
  readonly otherBytes: number;
  /** Why that is so, as the end of a sentence on such memory; no matter where there is none. */
  readonly otherRefusal: string;
  /** The host's spending on tracking its memory: an upper limit for one guest's part. */
  readonly metadataBytes: number;
  /** Suffix of messages: ` on node 1`. */
  readonly where: string;
}

export class GuestMemory implements HostSupply {
  readonly #platform: CocoPlatform;
  readonly #pageSizeBytes: number;
  readonly #contiguity: number;
  #memoryBytes: number;
  #touchedBytes = 0;
  #peakBytes = 0;
  /** Tables in the guest's own memory, which change nothing else. */
  bitmapBytes = 0;
  directMapBytes = 0;
  /** Before a conversion to shared, and after it. */
  onSharing: () => void = () => {};
  onShared: (start: PhysAddr, end: PhysAddr) => void = () => {};
  #limit: HostLimit | undefined = undefined;
  /** Mappings that an assigned device can have; undefined without one. */
  #mostMappings: number | undefined = undefined;
  #peakMappings = 0;

  /**
   * @param memoryBytes RAM of the guest. PAMT and RMP are paid for all of it, touched or not,
   *   because the host sets them up for all its memory at once.
   * @param pageSizeBytes largest page with which the host backs memory that is not private
   * @param contiguity share of that memory for which it finds such pages; the rest is in pages of 4 KiB
   */
  constructor(platform: CocoPlatform, memoryBytes: number, pageSizeBytes: number, contiguity = 1) {
    this.#platform = platform;
    this.#pageSizeBytes = pageSizeBytes;
    this.#contiguity = contiguity;
    this.#memoryBytes = memoryBytes;
  }

  limitTo(limit: HostLimit): void {
    this.#limit = limit;
  }

  /**
   * A device is assigned to the guest, before it runs. All of a plain guest's memory is mapped for DMA as a piece for
   * each range of RAM. Of a confidential guest it is what is shared, page by page, since any of them may become
   * private by itself (QEMU 10.1 system/ram-block-attributes.c, hw/vfio/listener.c:
   * vfio_ram_discard_notify_populate; cloud-hypervisor docs/amd_sev_snp.md).
   *
   * @param mostMappings Infinity for no limit
   * @throws HostMemoryError where the host has less than a plain guest pins
   */
  assignDevice(mostMappings: number, ramRanges: number): void {
    this.#mostMappings = mostMappings;
    if (!this.#platform.type.isConfidential) this.#peakMappings = ramRanges;
    this.#requireLimit();
  }

  get dma(): DmaResult | undefined {
    if (this.#mostMappings === undefined) return undefined;
    return { mappings: this.#peakMappings, pinnedBytes: this.#pinnedBytes };
  }

  get #pinnedBytes(): number {
    if (this.#mostMappings === undefined) return 0;
    return this.#platform.type.isConfidential ? this.#platform.sharedPages * PAGE_SIZE : this.#memoryBytes;
  }

  /** All its memory, of whatever kind; Infinity where that is not known. Bytes. */
  get limitBytes(): number {
    if (this.#limit === undefined) return Number.POSITIVE_INFINITY;
    return this.#limit.privateBytes + this.#limit.otherBytes;
  }

  get freePages(): number {
    if (this.#limit === undefined) return Number.POSITIVE_INFINITY;
    return Math.floor((this.#limit.privateBytes - this.#givenBytes()) / PAGE_SIZE);
  }

  get isWithinLimit(): boolean {
    return this.#limit === undefined || this.#givenBytes() <= this.limitBytes;
  }

  shortage(pfn: number, launching: boolean): HostMemoryError {
    const { privateBytes, otherBytes, otherRefusal, where } = this.#limit!;
    const page = `page 0x${(pfn * PAGE_SIZE).toString(16)} of the guest`;
    const gave =
      privateBytes < PAGE_SIZE
        ? `the host has no free memory${where}`
        : `the host has given the guest the ${formatBytes(privateBytes)} that it has for it${where}`;
    const otherIsLeft = Math.max(this.#givenBytes() - privateBytes, 0) < otherBytes;
    const found = otherIsLeft ? `${page} gets memory that ${otherRefusal}` : `no memory is left for ${page}`;
    return new HostMemoryError(`${launching ? "the guest cannot be created: " : ""}${gave}; ${found}`, pfn);
  }

  plugIn(bytes: number): void {
    this.#memoryBytes += bytes;
  }

  /**
   * The guest touches memory that is not private for the first time: shared, or in a plain guest any.
   *
   * @throws HostMemoryError where the host has none left, of whatever kind
   */
  touch(bytes: number): void {
    this.#touchedBytes += bytes;
    if (this.isWithinLimit) return;
    this.#touchedBytes -= bytes;
    this.#requireLimit(false);
  }

  #requireLimit(isMet: boolean = this.isWithinLimit): void {
    if (isMet) return;
    throw new HostMemoryError(`no memory of the host is left${this.#limit!.where} for what the guest shares`);
  }

  /**
   * The guest makes memory shared. The host gives the private memory back, unless it keeps the copy;
   * for the shared pages it has memory only when they are touched, unless a device is assigned to the guest.
   *
   * @throws HostMemoryError where such a device needs more mappings than there can be, or more memory than the host has
   * @param start physical address on a page boundary
   * @param unaccepted parts of the range that were never accepted, so there is nothing to give back
   */
  share(start: PhysAddr, end: PhysAddr, unaccepted: readonly PhysRange[] = []): void {
    // Only here does what the host spends ever fall.
    this.#peakBytes = this.hostBytesPeak;
    this.onSharing();
    this.#platform.convertToShared(start, end, unaccepted);
    this.onShared(start, end);
    if (this.#mostMappings !== undefined) this.#mapForDma(this.#mostMappings);
  }

  #mapForDma(mostMappings: number): void {
    const mappings = this.#platform.sharedPages;
    if (mappings > mostMappings) {
      throw new HostMemoryError(
        `the VMM stops the guest, as its assigned device needs a DMA mapping for each of ${mappings} pages that are ` +
          `shared, and vfio_iommu_type1 takes ${mostMappings} (dma_entry_limit)`,
      );
    }
    this.#peakMappings = Math.max(this.#peakMappings, mappings);
    this.#requireLimit();
  }

  /** Bytes that the guest has accepted, made shared and not private again. */
  get acceptedSharedBytes(): number {
    return this.#platform.acceptedSharedPages * PAGE_SIZE;
  }

  /** Not touched since they became shared; what was there is gone, so they do not count as touched. Bytes. */
  get untouchedSharedBytes(): number {
    return Math.max(this.#platform.sharedPages * PAGE_SIZE - this.#touchedBytes, 0);
  }

  get hostBytes(): number {
    return hostBytes(this.use());
  }

  /** The peak of `hostBytes`, as seen between conversions. */
  get hostBytesPeak(): number {
    return Math.max(this.#peakBytes, this.hostBytes);
  }

  /** @param untoldBytes touched, and not told by `touch` */
  use(untoldBytes = 0): HostUse {
    const platform = this.#platform;
    const trackingBytes = platform.trackingBytes(this.#memoryBytes);
    const { sharedBytes, sharedTables } = this.#shared(this.#touchedBytes + untoldBytes);
    return {
      privateBytes: platform.privatePages * PAGE_SIZE,
      keptBytes: platform.keptPages * PAGE_SIZE,
      sharedBytes,
      tableBytes: (platform.tablePages + sharedTables) * PAGE_SIZE,
      metadataBytes:
        Math.min(trackingBytes, this.#limit?.metadataBytes ?? trackingBytes) +
        platform.trackingPages * PAGE_SIZE,
      bitmapBytes: this.bitmapBytes,
      directMapBytes: this.directMapBytes,
    };
  }

  /** What backs memory that is not private and is touched, or pinned. The last large page reaches no further than the guest's memory. */
  #shared(bytes: number): { readonly sharedBytes: number; readonly sharedTables: number } {
    const touchedBytes = roundUp(bytes, PAGE_SIZE);
    const share = this.#pageSizeBytes > PAGE_SIZE ? this.#contiguity : 1;
    const inLarge = roundUp(touchedBytes * share, PAGE_SIZE);
    const smallBytes = touchedBytes - inLarge;
    const largeBytes = Math.min(
      roundUp(inLarge, this.#pageSizeBytes),
      Math.max(this.#memoryBytes - smallBytes, inLarge),
    );
    return {
      sharedBytes: Math.max(largeBytes + smallBytes, this.#pinnedBytes),
      sharedTables:
        sharedTablePages(largeBytes, this.#pageSizeBytes) + sharedTablePages(smallBytes, PAGE_SIZE),
    };
  }

  /** The part of `hostBytes` that comes from the memory that the limit counts. */
  #givenBytes(): number {
    const { privateBytes, sharedBytes, tableBytes } = this.use();
    return privateBytes + sharedBytes + tableBytes + this.#platform.trackingPages * PAGE_SIZE;
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
