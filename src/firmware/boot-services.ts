/** The boot services that matter for memory: the map, page allocation, and leaving the firmware. */

import { type AddressRange, MiB, PAGE_SIZE, roundUp } from "../units.js";
import type { AcceptanceProtocol } from "./acceptance-protocol.js";
import { type EfiMemoryDescriptor, EfiMemoryType, mergeDescriptors } from "./efi-memory-map.js";
import type { FirmwareAccept } from "./firmware.js";
import { Pool } from "./pool.js";

/** Least that is accepted on demand (assumption: what a CPU takes at a time, TDVF's ACCEPT_CHUNK_SIZE). */
const ON_DEMAND_CHUNK: number = 32 * MiB;

/** The map at one moment and the key that proves to have seen it. */
export interface MemoryMap {
  /** Sorted, neighbours of one type merged. */
  readonly descriptors: readonly EfiMemoryDescriptor[];
  readonly mapKey: number;
}

/** Answer to ExitBootServices(): "invalid-parameter" when the key is not that of the current map. */
export type ExitStatus = "success" | "invalid-parameter";

/** UEFI boot services of one boot (UEFI specification 2.9, chapter 7). */
export class BootServices {
  /** Offered by some firmwares; a kernel looks for it and does without. */
  readonly acceptanceProtocol: AcceptanceProtocol | undefined;
  readonly #onDemand: FirmwareAccept | undefined;
  #descriptors: EfiMemoryDescriptor[];
  #mapKey = 1;
  readonly #pools = new Map<EfiMemoryType, Pool>();

  /**
   * @param onDemand accepts more memory when an allocation finds none, which the first series for TDX
   *   did and edk2 never has ("Pool and page functions accept memory when OOM occurs", 2022)
   */
  constructor(
    descriptors: readonly EfiMemoryDescriptor[],
    acceptanceProtocol?: AcceptanceProtocol,
    onDemand?: FirmwareAccept,
  ) {
    this.#onDemand = onDemand;
    this.#descriptors = mergeDescriptors(descriptors);
    this.acceptanceProtocol = acceptanceProtocol;
  }

  getMemoryMap(): MemoryMap {
    return { descriptors: this.#descriptors, mapKey: this.#mapKey };
  }

  /**
   * Takes the highest free pages that end at or below `maxEnd` (a multiple of the page size, or
   * Infinity); edk2's allocator works from the
   * top down (MdeModulePkg/Core/Dxe/Mem/Page.c: CoreFindFreePages). Memory of type 15 is never
   * used, so an allocation can fail although RAM is left; unless the firmware accepts on demand.
   *
   * @returns the pages, or undefined when there is no such run of free accepted memory
   */
  allocatePages(type: EfiMemoryType, sizeBytes: number, maxEnd: number): AddressRange | undefined {
    const length = roundUp(sizeBytes, PAGE_SIZE);
    for (const free of this.#descriptors.toReversed()) {
      if (free.type !== EfiMemoryType.CONVENTIONAL) continue;
      const end = Math.min(free.end, maxEnd);
      if (end - free.start < length) continue;
      const range: AddressRange = { start: end - length, end };
      this.#take(free, range, type);
      return range;
    }
    return this.acceptMore(length, maxEnd) ? this.allocatePages(type, sizeBytes, maxEnd) : undefined;
  }

  /**
   * Takes memory by the byte (EFI_BOOT_SERVICES.AllocatePool).
   *
   * @returns undefined when there is no free accepted memory
   */
  allocatePool(type: EfiMemoryType, sizeBytes: number): AddressRange | undefined {
    let pool = this.#pools.get(type);
    if (pool === undefined) {
      pool = new Pool((bytes) => this.allocatePages(type, bytes, Number.POSITIVE_INFINITY));
      this.#pools.set(type, pool);
    }
    return pool.allocate(sizeBytes);
  }

  /**
   * Accepts from the lowest unaccepted memory below a limit on: what is needed, and a chunk at least.
   *
   * @returns false when there is none, or the firmware does not accept on demand
   */
  acceptMore(sizeBytes: number, maxEnd: number): boolean {
    const lowest = this.#descriptors.find(
      ({ type, start }) => type === EfiMemoryType.UNACCEPTED && start < maxEnd,
    );
    if (this.#onDemand === undefined || lowest === undefined) return false;
    const end = Math.min(lowest.start + Math.max(sizeBytes, ON_DEMAND_CHUNK), lowest.end);
    this.#onDemand.firmwareAccept(lowest.start, end, 0);
    this.#take(lowest, { start: lowest.start, end }, EfiMemoryType.CONVENTIONAL);
    return true;
  }

  /** Takes given pages; false when not all of them are free accepted memory. */
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
