import { type AddressRange, MiB, PAGE_SIZE, roundUp } from "../units.js";
import { type EfiMemoryDescriptor, EfiMemoryType, mergeDescriptors } from "./efi-memory-map.js";
import type { FirmwareAccept } from "./firmware.js";
import { subtractRanges } from "./ranges.js";

/** Least that is accepted on demand (assumption: what a CPU takes at a time, TDVF's ACCEPT_CHUNK_SIZE). */
export const ON_DEMAND_CHUNK: number = 32 * MiB;

/** The map at one moment and the key that proves to have seen it. */
export interface MemoryMap {
  /** Sorted, neighbours of one type merged. */
  readonly descriptors: readonly EfiMemoryDescriptor[];
  readonly mapKey: number;
}

/** Where requests for memory are served that name no address, and how the map is counted. */
export interface Places {
  /** Below here, as long as there is room. */
  readonly windowEnd?: number;
  /** Entries of the firmware's own list that its map does not show, because neighbours are joined there. */
  readonly hiddenEntries?: number;
  /** Whether the size that it asks for has room for memory of type 15; yes unless it is said. */
  readonly countsUnaccepted?: boolean;
  /** Free pages for requests of one type, which come first. */
  readonly bins?: readonly { readonly type: EfiMemoryType; readonly free: readonly AddressRange[] }[];
}

/** Answer to ExitBootServices(): "invalid-parameter" when the key is not that of the current map. */
export type ExitStatus = "success" | "invalid-parameter";

/** UEFI boot services of one boot (UEFI specification 2.9, chapter 7). */
export class BootServices {
  /** Offered by some firmwares; a kernel looks for it and does without. */
  readonly acceptanceProtocol: AcceptanceProtocol | undefined;
  readonly #onDemand: FirmwareAccept | undefined;
  readonly #windowEnd: number;
  readonly #hiddenEntries: number;
  readonly #countsUnaccepted: boolean;
  /** By type, ascending. */
  readonly #bins: Map<EfiMemoryType, AddressRange[]>;
  #descriptors: EfiMemoryDescriptor[];
  #mapKey = 1;
  readonly #pools = new Map<EfiMemoryType, Pool>();

  /**
   * @param onDemand accepts more memory when an allocation finds none, which the first series for TDX
   *   did and edk2 never has ("Pool and page functions accept memory when OOM occurs", 2022)
   * @param places where requests are served; anywhere unless it is said
   */
  constructor(
    descriptors: readonly EfiMemoryDescriptor[],
    acceptanceProtocol?: AcceptanceProtocol,
    onDemand?: FirmwareAccept,
    {
      windowEnd = Number.POSITIVE_INFINITY,
      hiddenEntries = 0,
      countsUnaccepted = true,
      bins = [],
    }: Places = {},
  ) {
    this.#onDemand = onDemand;
    this.#windowEnd = windowEnd;
    this.#hiddenEntries = hiddenEntries;
    this.#countsUnaccepted = countsUnaccepted;
    this.#bins = new Map();
    for (const { type, free } of bins) {
      const own = [...(this.#bins.get(type) ?? []), ...free];
      this.#bins.set(
        type,
        own.toSorted((a, b) => a.start - b.start),
      );
    }
    this.#descriptors = mergeDescriptors(descriptors);
    this.acceptanceProtocol = acceptanceProtocol;
  }

  /** Entries that GetMemoryMap() writes before it joins neighbours: those of its own list. */
  get writtenEntries(): number {
    return this.#descriptors.length + this.#hiddenEntries;
  }

  /** Entries that it asks to have room for. */
  get askedEntries(): number {
    const isUnaccepted = ({ type }: EfiMemoryDescriptor): boolean => type === EfiMemoryType.UNACCEPTED;
    const left = this.#countsUnaccepted ? 0 : this.#descriptors.filter(isUnaccepted).length;
    return this.writtenEntries - left;
  }

  getMemoryMap(): MemoryMap {
    return { descriptors: this.#descriptors, mapKey: this.#mapKey };
  }

  /**
   * Takes the highest free pages that end at or below `maxEnd` (a multiple of the page size, or
   * Infinity): of the type's bin, or of the default window, or any; edk2's allocator works from the top down
   * (MdeModulePkg/Core/Dxe/Mem/Page.c: CoreFindFreePages). Memory of type 15 is never
   * used, so an allocation can fail although RAM is left; unless the firmware accepts on demand.
   */
  allocatePages(type: EfiMemoryType, sizeBytes: number, maxEnd: number): AddressRange | undefined {
    const length = roundUp(sizeBytes, PAGE_SIZE);
    return (
      this.#takeOfBin(type, length, maxEnd) ??
      this.#takeBelow(type, length, Math.min(maxEnd, this.#windowEnd)) ??
      this.#takeBelow(type, length, maxEnd) ??
      (this.acceptMore(length, maxEnd) ? this.allocatePages(type, sizeBytes, maxEnd) : undefined)
    );
  }

  #takeBelow(type: EfiMemoryType, length: number, maxEnd: number): AddressRange | undefined {
    for (const free of this.#descriptors.toReversed()) {
      if (free.type !== EfiMemoryType.CONVENTIONAL || this.#isOfBin(free)) continue;
      const end = Math.min(free.end, maxEnd);
      if (end - free.start < length) continue;
      const range: AddressRange = { start: end - length, end };
      this.#take(free, range, type);
      return range;
    }
    return undefined;
  }

  #isOfBin({ start, end }: AddressRange): boolean {
    return [...this.#bins.values()].some((free) => free.some((one) => one.start < end && start < one.end));
  }

  #takeOfBin(type: EfiMemoryType, length: number, maxEnd: number): AddressRange | undefined {
    for (const free of this.#bins.get(type)?.toReversed() ?? []) {
      if (free.end > maxEnd || free.end - free.start < length) continue;
      const range: AddressRange = { start: free.end - length, end: free.end };
      this.#bins.set(type, subtractRanges(this.#bins.get(type)!, [range]));
      this.setType(range, type);
      return range;
    }
    return undefined;
  }

  /** Pages of one descriptor get another type; the free ones of a bin may be of its type already. */
  setType(range: AddressRange, type: EfiMemoryType): void {
    const around = this.#descriptors.find(({ start, end }) => start <= range.start && range.end <= end);
    if (around === undefined) throw new Error("firmware: pages of more than one type change it at once");
    if (around.type !== type) this.#take(around, range, type);
  }

  /** Takes memory by the byte (EFI_BOOT_SERVICES.AllocatePool); undefined when none is free and accepted. */
  allocatePool(type: EfiMemoryType, sizeBytes: number): AddressRange | undefined {
    let pool = this.#pools.get(type);
    if (pool === undefined) {
      pool = new Pool((bytes) => this.allocatePages(type, bytes, Number.POSITIVE_INFINITY));
      this.#pools.set(type, pool);
    }
    return pool.allocate(sizeBytes);
  }

  /**
   * Accepts from the lowest unaccepted memory below a limit on: as much as is needed, and a chunk at least.
   *
   * @returns false when there is none, or the firmware does not accept on demand
   */
  acceptMore(sizeBytes: number, maxEnd: number): boolean {
    const lowest = this.#descriptors.find(
      (one) => one.type === EfiMemoryType.UNACCEPTED && one.isHotplugWindow !== true && one.start < maxEnd,
    );
    if (this.#onDemand === undefined || lowest === undefined) return false;
    const end = Math.min(lowest.start + Math.max(sizeBytes, ON_DEMAND_CHUNK), lowest.end);
    this.#onDemand.firmwareAccept(lowest.start, end, 0);
    this.#take(lowest, { start: lowest.start, end }, EfiMemoryType.CONVENTIONAL);
    return true;
  }

  allocateAt(type: EfiMemoryType, range: AddressRange): boolean {
    const free = this.#descriptors.find(
      (descriptor) => descriptor.start <= range.start && range.end <= descriptor.end,
    );
    if (free?.type !== EfiMemoryType.CONVENTIONAL) return false;
    this.#take(free, range, type);
    return true;
  }

  /**
   * Ends boot services. The firmware first accepts what it has to accept; when that changes the
   * map, the caller's key is out of date and the call fails, as for any other change (edk2
   * MdeModulePkg/Core/Dxe/DxeMain/DxeMain.c: CoreExitBootServices). A second call finds nothing
   * left to accept.
   */
  exitBootServices(mapKey: number): ExitStatus {
    const after = this.acceptanceProtocol?.beforeExit(this.#descriptors) ?? this.#descriptors;
    if (after !== this.#descriptors) this.#replace(after);
    return mapKey === this.#mapKey ? "success" : "invalid-parameter";
  }

  #take(free: EfiMemoryDescriptor, range: AddressRange, type: EfiMemoryType): void {
    const pieces: EfiMemoryDescriptor[] = [
      { type: free.type, start: free.start, end: range.start },
      { type, start: range.start, end: range.end },
      { type: free.type, start: range.end, end: free.end },
    ];
    const others = this.#descriptors.filter((descriptor) => descriptor !== free);
    this.#replace([...others, ...pieces.filter(({ start, end }) => start < end)]);
  }

  #replace(descriptors: readonly EfiMemoryDescriptor[]): void {
    this.#descriptors = mergeDescriptors(descriptors);
    this.#mapKey++;
  }
}

/**
 * The handshake between firmware and kernel about unaccepted memory (edk2 c5aa7e7
 * OvmfPkg/AmdSevDxe/AmdSevDxe.c, January 2023). A kernel that understands unaccepted memory
 * says so before it leaves the firmware; for every other one the firmware accepts everything
 * at the last moment, on one CPU.
 *
 * TDVF has nothing like it. With it a TDX guest is a what-if: the same rule on the other platform.
 */
export class AcceptanceProtocol {
  readonly #sink: FirmwareAccept;
  #acceptAllAtExit = true;

  constructor(sink: FirmwareAccept) {
    this.#sink = sink;
  }

  /** The kernel takes memory as it is. Asking twice is the same as asking once. */
  allowUnacceptedMemory(): void {
    this.#acceptAllAtExit = false;
  }

  /**
   * Accepts memory of type 15 that is there, unless the kernel asked for it.
   *
   * @returns the same map when nothing was accepted
   */
  beforeExit(map: readonly EfiMemoryDescriptor[]): readonly EfiMemoryDescriptor[] {
    const isLeft = ({ type, isHotplugWindow }: EfiMemoryDescriptor): boolean =>
      type === EfiMemoryType.UNACCEPTED && isHotplugWindow !== true;
    if (!this.#acceptAllAtExit || !map.some(isLeft)) return map;
    return map.map((descriptor) => {
      if (!isLeft(descriptor)) return descriptor;
      this.#sink.firmwareAccept(descriptor.start, descriptor.end, 0);
      return { ...descriptor, type: EfiMemoryType.CONVENTIONAL };
    });
  }
}

/**
 * The firmware's pool for requests by size: each after a head, in blocks of a few sizes that pages are
 * carved into, or in pages of its own (edk2 MdeModulePkg/Core/Dxe/Mem/Pool.c: CoreAllocatePoolI, 2026-08).
 * Checked against the addresses of the random seed in 53 boot logs of OVMF, which all end in 018 (recorded
 * 2026-11).
 */

/** Bytes before and after every allocation (POOL_HEAD, POOL_TAIL). */
const HEAD_BYTES = 24;
const TAIL_BYTES = 16;
/** What a request in pages of its own leaves of them. */
export const POOL_OVERHEAD_BYTES: number = HEAD_BYTES + TAIL_BYTES;
/** Sizes of blocks that a page is carved into, ascending (mPoolSizeTable). */
const BLOCK_BYTES: readonly number[] = [128, 256, 384, 640, 1024, 1664, 2688];

export class Pool {
  readonly #allocatePages: (sizeBytes: number) => AddressRange | undefined;
  /** For each size of block the free ones, the last one freed at the end. */
  readonly #free: number[][] = BLOCK_BYTES.map(() => []);

  constructor(allocatePages: (sizeBytes: number) => AddressRange | undefined) {
    this.#allocatePages = allocatePages;
  }

  /** @returns where it lies, byte by byte; undefined when there is no memory */
  allocate(sizeBytes: number): AddressRange | undefined {
    const wanted = roundUp(sizeBytes, 8) + POOL_OVERHEAD_BYTES;
    const fits = BLOCK_BYTES.findIndex((size) => size >= wanted);
    const block = fits < 0 ? this.#allocatePages(wanted)?.start : this.#takeBlock(fits);
    if (block === undefined) return undefined;
    return { start: block + HEAD_BYTES, end: block + HEAD_BYTES + sizeBytes };
  }

  /** A free block of that size, or the head of the smallest larger one, or of a page. */
  #takeBlock(index: number): number | undefined {
    for (let from = index; from < BLOCK_BYTES.length; from++) {
      const block = this.#free[from]!.pop();
      if (block === undefined) continue;
      this.#carve(block + BLOCK_BYTES[index]!, block + BLOCK_BYTES[from]!);
      return block;
    }
    const page = this.#allocatePages(PAGE_SIZE);
    if (page === undefined) return undefined;
    this.#carve(page.start + BLOCK_BYTES[index]!, page.end);
    return page.start;
  }

  #carve(start: number, end: number): void {
    let next = start;
    for (let index = BLOCK_BYTES.length - 1; index >= 0; index--) {
      for (; next + BLOCK_BYTES[index]! <= end; next += BLOCK_BYTES[index]!) this.#free[index]!.push(next);
    }
  }
}
