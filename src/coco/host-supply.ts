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

/** The host has no memory, or none of the right kind, for a page: the end of its guest, not a bug of the simulator. */
export class HostMemoryError extends Error {
  /** The first page frame of the guest without memory; absent where it was to be shared memory. */
  readonly pfn: number | undefined;

  /** @param reason a clause */
  constructor(reason: string, pfn?: number) {
    super(reason);
    this.name = "HostMemoryError";
    this.pfn = pfn;
  }
}
