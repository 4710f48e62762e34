/**
 * The in-kernel log of an instrumented Linux 6.12 or 7.3: every step of the allocator, complete
 * from the first memblock allocation on. Records of 24 bytes, little endian:
 * u8 kind, u8 order, u8 migrate type, u8 cpu, u32 a, u64 pfn, u64 b.
 */

import { type Columns, newColumns } from "../columns.js";

/** Kinds of records; `a`, `pfn` and `b` mean something else in each. */
export const LabKind = {
  /**
   * a = gfp, b = pid | alloc_flags << 32 | highest zone << 48, alloc_flags those of the first attempt; pfn -1 when it
   * failed. Written after the page was taken, in 7.3 while the list it came from is still locked.
   */
  ALLOC: 1,
  /** Prepared for freeing; a = flags of the free, see FreeFlag. */
  FREE: 2,
  /** A batched free reaches the per-CPU list of the migrate type. */
  FREE_BATCHED: 3,
  /** From a per-CPU list to the buddy lists, after the merge. */
  DRAIN: 4,
  /** Taken from a buddy list; a = order of the block that was split. */
  ZONE_LOCKED: 5,
  /** Taken from another type; a = from order | type << 8 | claimed << 16. */
  EXTFRAG: 6,
  /** A page of alloc_pages_bulk(). */
  BULK: 7,
  /** Freed by memblock's hand-over or by deferred initialisation. */
  INIT_FREE: 8,
  /** Parked on the unaccepted list; a = zone | node << 8. */
  PARK: 9,
  /** Taken off the head of the unaccepted list. */
  ACCEPT_PAGE: 10,
  /** accept_memory(): pfn = physical start, b = bytes. */
  ACCEPT_MEMORY: 11,
  /** A request to the platform: pfn = physical start, b = physical end. */
  ARCH_ACCEPT: 12,
  /** A decision to accept: a = zone | node << 8, pfn = promo | free << 32, b = to accept | unaccepted << 32. */
  COND_ACCEPT: 13,
  /** A pageblock changes from type a to the migrate type. */
  SET_TYPE: 14,
  /** See LabMark, in `order`. */
  MARK: 15,
  /** Straight to the buddy lists; a = flags, 2 = to the tail. */
  FREE_BUDDY: 16,
  /** split_page(). */
  SPLIT: 17,
  /** A free page is isolated. */
  ISOLATE: 18,
  /** From here on 7.3 only. A block of a range whose pages were prepared one by one is freed; a = flags. */
  FREE_PREPARED: 32,
  /** A block of order 9 or 10 goes to the tail of the list of the migrate type; a = old type. */
  MOVE_FREE: 33,
  /** A freed block goes to a waiting compactor instead of to the lists; a = type wanted. */
  CAPTURE: 34,
  /** deferred_grow_zone(): migrate type = zone, a = pages, pfn and b = first deferred frame before and after. */
  GROW_ZONE: 35,
  /** A page that compaction holds is used (a = 0) or held again (1). */
  COMPACT: 36,
  /**
   * A claim of the pageblock of a free block below order 9: migrate type = wanted, a = free | movable << 16, all ones
   * where the pageblock crosses the end of its zone, b = type of the block | order asked for << 8.
   */
  CLAIM_TRY: 37,
  /** migrate type = zone, a = its boost afterwards; b = 1 where kswapd took it away. */
  BOOST: 38,
  /** ZONE_RECLAIM_ACTIVE is set or cleared (a); migrate type = zone. */
  RECLAIM_ACTIVE: 39,
  /** A per-CPU list was found locked; migrate type = zone, a = TryFailed. */
  TRY_FAILED: 40,
  /** A free that must not wait for a lock is put off; migrate type = zone. */
  PUT_OFF: 41,
  /** A free lost its CPU's list between two batches; pfn = pages left to drain, migrate type = zone. */
  COMMIT_LOST: 42,
  /** pcp->flags (a) of CPU pfn once its cache slice (b, bytes) is known; migrate type = zone. */
  PCP_FLAGS: 43,
  /** The drain that comes next is of CPU a; pfn = pages it holds, migrate type = zone. */
  DRAIN_CPU: 44,
  /** Pages reserved for atomic requests (a), after some were added, or given back (b = 1); migrate type = zone. */
  HIGHATOMIC: 45,
  /** Compaction puts the movable blocks of the order in front of the page (a = 1: and the page) behind the others. */
  LIST_CUT: 46,
} as const;

/** Bits of `a` of frees. */
export const FreeFlag = {
  /** FPI_TO_TAIL. */
  TO_TAIL: 2,
  /** FPI_TRYLOCK: must not wait for a lock. */
  NO_LOCK: 4,
  /** Of FREE: only prepared. Of FREE_BUDDY: one that had been put off. */
  PREPARED: 0x100,
} as const;

/** Of an ALLOC, in the low half of the upper word of b: alloc_pages_nolock(). */
export const ALLOC_NOLOCK = 0x400;

/** Where a per-CPU list was found locked. */
export const TryFailed = { ALLOC: 0, FREE: 1, BULK: 2, FREE_BATCH: 3 } as const;

/** Kinds of MARK, in the record's order field. */
export const LabMark = {
  /** Per-CPU list sizes of a zone: migrate type = zone | node << 4, a = batch, pfn = high_min, b = high_max. */
  PCP_SIZES: 1,
  /** pcp->high decays in the vmstat worker: a = new high, pfn = count. */
  PCP_DECAY: 2,
  /** A per-CPU list drains: a = pages, pfn = list, b = count. */
  PCP_DRAIN: 3,
  /** ZONE_BELOW_HIGH set or cleared (a). */
  BELOW_HIGH: 4,
  /** Watermarks: pfn = min, b = low | high << 32, a = promo. */
  WATERMARKS: 5,
} as const;

/** Bytes of a record. */
export const LAB_RECORD_BYTES = 24;

const LAB_COLUMNS = {
  kind: "u8",
  order: "u8",
  type: "u8",
  cpu: "u8",
  a: "u32",
  /** As a signed number: -1 stays -1. */
  pfn: "f64",
  bLow: "u32",
  bHigh: "u32",
} as const;

export interface LabLog extends Columns<typeof LAB_COLUMNS> {
  readonly length: number;
}

/** `b` whole: an address or a number of bytes. */
export function wholeB({ bHigh, bLow }: LabLog, i: number): number {
  return bHigh[i]! * 2 ** 32 + bLow[i]!;
}

/** Whether a boot's log is one of those that say what kswapd does: they also have flags of per-CPU lists, which every boot sets. */
export function tellsKswapd({ kind }: LabLog): boolean {
  return kind.some((of) => of > LabKind.ISOLATE);
}

export interface LabZone {
  readonly type: number;
  readonly nodeId: number;
}

export function zoneOfDecision(a: number): LabZone {
  return { type: a & 0xff, nodeId: a >>> 8 };
}

export function zoneOfMark(migrateType: number): LabZone {
  return { type: migrateType & 0xf, nodeId: migrateType >> 4 };
}

/** @throws Error with the offset of the record in which the bytes end */
export function readLabLog(bytes: Uint8Array): LabLog {
  const length = bytes.length / LAB_RECORD_BYTES;
  if (!Number.isInteger(length)) {
    const rest = bytes.length % LAB_RECORD_BYTES;
    throw new Error(
      `cut short: the record at byte ${bytes.length - rest} has ${rest} of ${LAB_RECORD_BYTES} bytes`,
    );
  }
  const log = { length, ...newColumns(LAB_COLUMNS, length) };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0, at = 0; i < length; i++, at += LAB_RECORD_BYTES) {
    log.kind[i] = bytes[at]!;
    log.order[i] = bytes[at + 1]!;
    log.type[i] = bytes[at + 2]!;
    log.cpu[i] = bytes[at + 3]!;
    log.a[i] = view.getUint32(at + 4, true);
    log.pfn[i] = view.getInt32(at + 12, true) * 2 ** 32 + view.getUint32(at + 8, true);
    log.bLow[i] = view.getUint32(at + 16, true);
    log.bHigh[i] = view.getUint32(at + 20, true);
  }
  return log;
}
