/** The boot services that matter for memory: the map, page allocation, and leaving the firmware. */

import { type AddressRange, PAGE_SIZE, roundUp } from "../units.js";
import type { AcceptanceProtocol } from "./acceptance-protocol.js";
import { type EfiMemoryDescriptor, EfiMemoryType, mergeDescriptors } from "./efi-memory-map.js";

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
  #descriptors: EfiMemoryDescriptor[];
  #mapKey = 1;

  constructor(descriptors: readonly EfiMemoryDescriptor[], acceptanceProtocol?: AcceptanceProtocol) {
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
   * used, so an allocation can fail although RAM is left.
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
    return undefined;
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
