import { GuestEnded } from "../sim/guest-ended.js";

/** What a host has left for a guest, where that is known. */
export interface HostSupply {
  /** Pages of 4 KiB that it can still give as private memory or for tables that map it; Infinity where it is not known. */
  readonly freePages: number;
  /**
   * Why a page of the guest gets none.
   *
   * @param pfn page frame of the guest
   * @param launching whether the VMM puts it there before the guest runs
   */
  shortage(pfn: number, launching: boolean): HostMemoryError;
}

/** A host of which it is not known how much it has. */
export const ENDLESS_SUPPLY: HostSupply = {
  freePages: Number.POSITIVE_INFINITY,
  shortage(): never {
    throw new Error("coco: an endless supply ran short");
  },
};

/** The host has no memory, or none of the right kind, for a page. */
export class HostMemoryError extends GuestEnded {
  override readonly name = "HostMemoryError";
  override readonly midStep = true;
  /** The first page frame of the guest without memory; absent where it was to be shared memory. */
  readonly pfn: number | undefined;

  /** @param reason a clause */
  constructor(reason: string, pfn?: number) {
    super("terminated", reason);
    this.pfn = pfn;
  }
}
