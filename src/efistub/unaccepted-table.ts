/**
 * The table in which the EFI stub tells the kernel what memory is unaccepted
 * (struct efi_unaccepted_memory, include/linux/efi.h, 6.5 and later; configuration table
 * d5d1de3c-105c-44f9-9ea9-bcef98120031).
 */

import { GuestEnded } from "../sim/guest-ended.js";
import { asPhys, type PhysAddr, UNIT_SIZE } from "../units.js";
import { UnitBitmap } from "./unit-bitmap.js";

/** Bytes in front of the bitmap: version, unit_size, phys_base, size. */
export const TABLE_HEADER_BYTES = 24;

/** Accepts physical memory [start, end) on the hardware; bytes, whole pages. One call, one piece of work. */
export interface ArchAccept {
  acceptMemory(start: PhysAddr, end: PhysAddr): void;
}

export interface UnmappedPart {
  readonly address: number;
  /** The first unit whose bit lies there or later. */
  readonly firstUnit: number;
}

/**
 * Bit i is set while [physBase + i units, + 1 unit) is unaccepted. Everything outside the bitmap
 * is accepted by definition.
 */
export class UnacceptedTable extends UnitBitmap {
  /** The only version there is; a kernel ignores a table with another one. */
  readonly version = 1 as const;
  /** Address of the first unit; a multiple of the unit size. */
  readonly physBase: number;
  readonly unitSizeBytes: number;
  /** Size of the bitmap in bytes; a byte stands for 16 MiB. */
  readonly bitmapBytes: number;
  /** The part of it that the kernel cannot read; absent: it reads all. */
  unmapped: UnmappedPart | undefined = undefined;

  /**
   * @param unitSizeBytes the stub always takes 2 MiB (EFI_UNACCEPTED_UNIT_SIZE on x86)
   * @throws Error when `physBase` is not a multiple of the unit size or the bitmap is empty or too large
   */
  constructor(physBase: number, bitmapBytes: number, unitSizeBytes: number = UNIT_SIZE) {
    super(bitmapBytes * 8);
    if (physBase % unitSizeBytes !== 0)
      throw new Error("efistub: phys_base must be a multiple of the unit size");
    this.physBase = physBase;
    this.unitSizeBytes = unitSizeBytes;
    this.bitmapBytes = bitmapBytes;
  }

  /** @throws GuestEnded when the kernel cannot look at units [first, end), word by word to the last */
  requireMapped(first: number, end: number): void {
    if (this.unmapped === undefined || first >= end || end <= this.unmapped.firstUnit) return;
    throw new GuestEnded(
      "terminated",
      `page fault in _find_next_bit at 0x${this.unmapped.address.toString(16)}: accept_memory() looks for ` +
        `bit ${Math.max(first, this.unmapped.firstUnit)} in a page of the table of unaccepted memory that the ` +
        "kernel has neither reserved nor mapped",
    );
  }

  splitInto(unitSizeBytes: number): UnacceptedTable {
    const factor = this.unitSizeBytes / unitSizeBytes;
    const finer = new UnacceptedTable(this.physBase, this.bitmapBytes * factor, unitSizeBytes);
    this.#copyInto(finer, factor);
    return finer;
  }

  copy(): UnacceptedTable {
    return this.splitInto(this.unitSizeBytes);
  }

  /** Sets in another bitmap, for each bit that is set here, the `factor` bits that take its place. */
  #copyInto(other: UnacceptedTable, factor: number): void {
    for (let set = this.nextSet(0, this.unitCount); set < this.unitCount; ) {
      const clear = this.nextClear(set, this.unitCount);
      other.setRange(set * factor, clear * factor);
      set = this.nextSet(clear, this.unitCount);
    }
  }

  /** A copy with unaccepted memory [start, end) added after it, for a kernel that gets more than it booted with. */
  withMemory(start: number, end: number): UnacceptedTable {
    const unit = this.unitSizeBytes;
    const bytes = Math.ceil((end - this.physBase) / (unit * 8));
    const longer = new UnacceptedTable(this.physBase, Math.max(bytes, this.bitmapBytes), unit);
    this.#copyInto(longer, 1);
    longer.setMemory(start, end);
    return longer;
  }

  /** Whether memory [start, end) has bits here. */
  covers(start: number, end: number): boolean {
    return this.physBase <= start && end <= this.physBase + this.unitCount * this.unitSizeBytes;
  }

  /** Marks whole units as unaccepted that it covers. */
  setMemory(start: number, end: number): void {
    this.setRange((start - this.physBase) / this.unitSizeBytes, (end - this.physBase) / this.unitSizeBytes);
  }

  /** Accepts each run of unaccepted units, and clears its bits after that. @returns the number of calls */
  acceptUnits(first: number, end: number, arch: ArchAccept): number {
    const { physBase, unitSizeBytes } = this;
    let calls = 0;
    for (let runStart = this.nextSet(first, end); runStart < end; calls++) {
      const runEnd = this.nextClear(runStart, end);
      const [start, stop] = [physBase + runStart * unitSizeBytes, physBase + runEnd * unitSizeBytes];
      arch.acceptMemory(asPhys(start), asPhys(stop));
      this.clearRange(runStart, runEnd);
      runStart = this.nextSet(runEnd, end);
    }
    return calls;
  }
}
