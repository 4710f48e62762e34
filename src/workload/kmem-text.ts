/** The words of the page tracepoints as TP_printk writes them (include/trace/events/kmem.h). */

import { ascii, standsAt } from "./bytes.js";
import { PageEventKind } from "./events.js";

const EVENT_PREFIX: Uint8Array = ascii("mm_page_");
// The colon keeps a name from matching a longer one.
const ALLOC: Uint8Array = ascii("alloc:");
const FREE: Uint8Array = ascii("free:");
const ALLOC_ZONE_LOCKED: Uint8Array = ascii("alloc_zone_locked:");
const FREE_BATCHED: Uint8Array = ascii("free_batched:");
const PCPU_DRAIN: Uint8Array = ascii("pcpu_drain:");
const ALLOC_EXTFRAG: Uint8Array = ascii("alloc_extfrag:");

// Names of fields, with the space before them.
export const PAGE: Uint8Array = ascii("page=");
export const PFN: Uint8Array = ascii(" pfn=");
export const ORDER: Uint8Array = ascii(" order=");
export const COLD: Uint8Array = ascii(" cold=");
export const MIGRATE_TYPE: Uint8Array = ascii(" migratetype=");
export const GFP_FLAGS: Uint8Array = ascii(" gfp_flags=");
export const PERCPU_REFILL: Uint8Array = ascii(" percpu_refill=");
export const ALLOC_ORDER: Uint8Array = ascii(" alloc_order=");
export const FALLBACK_ORDER: Uint8Array = ascii(" fallback_order=");
export const PAGEBLOCK_ORDER: Uint8Array = ascii(" pageblock_order=");
export const ALLOC_MIGRATE_TYPE: Uint8Array = ascii(" alloc_migratetype=");
export const FALLBACK_MIGRATE_TYPE: Uint8Array = ascii(" fallback_migratetype=");
export const FRAGMENTING: Uint8Array = ascii(" fragmenting=");
export const CHANGE_OWNERSHIP: Uint8Array = ascii(" change_ownership=");

/** The event whose name stands at a position, or undefined for all that are not PageEventKind. */
export function kindAt(bytes: Uint8Array, at: number): PageEventKind | undefined {
  if (!standsAt(bytes, at, EVENT_PREFIX)) return undefined;
  const name = at + EVENT_PREFIX.length;
  if (standsAt(bytes, name, ALLOC)) return PageEventKind.alloc;
  if (standsAt(bytes, name, FREE)) return PageEventKind.free;
  if (standsAt(bytes, name, ALLOC_ZONE_LOCKED)) return PageEventKind.zoneLocked;
  if (standsAt(bytes, name, FREE_BATCHED)) return PageEventKind.freeBatched;
  if (standsAt(bytes, name, PCPU_DRAIN)) return PageEventKind.pcpuDrain;
  if (standsAt(bytes, name, ALLOC_EXTFRAG)) return PageEventKind.extfrag;
  return undefined;
}
