/** A zone of a real kernel at one moment. */

export interface SnapshotPcp {
  readonly cpu: number;
  readonly count: number;
  readonly high: number;
  readonly highMin: number;
  readonly highMax: number;
  readonly batch: number;
  readonly flags: number;
  readonly allocFactor: number;
  readonly freeCount: number;
  /** Frame numbers of each list that is not empty, head first. */
  readonly lists: Map<number, readonly number[]>;
}

export interface SnapshotZone {
  readonly nodeId: number;
  readonly type: number;
  readonly name: string;
  readonly startPfn: number;
  readonly endPfn: number;
  readonly presentPages: number;
  readonly managedPages: number;
  /** min, low, high, promo. */
  readonly watermark: readonly number[];
  readonly boost: number;
  readonly freePages: number;
  readonly unacceptedPages: number;
  readonly reservedHighatomicPages: number;
  readonly lowmemReserve: readonly number[];
  /** Zone flags; bit 2 is ZONE_BELOW_HIGH. */
  readonly flags: number;
  /** Head frame numbers of free blocks by `freeListKey`, list head first. */
  readonly free: Map<string, readonly number[]>;
  readonly unaccepted: readonly number[];
  readonly pcp: SnapshotPcp[];
  /** Types of pageblocks from the zone's start, rounded down to a pageblock: [type, how many] in a row. */
  readonly blocks: readonly (readonly [number, number])[];
}

export function freeListKey(order: number, type: number): string {
  return `${order}/${type}`;
}
