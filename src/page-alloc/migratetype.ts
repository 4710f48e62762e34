/**
 * Migrate types of pageblocks and free lists (include/linux/mmzone.h: enum migratetype,
 * 6.12 with CONFIG_CMA and CONFIG_MEMORY_ISOLATION).
 */
export const MigrateType = {
  UNMOVABLE: 0,
  MOVABLE: 1,
  RECLAIMABLE: 2,
  HIGHATOMIC: 3,
  CMA: 4,
  ISOLATE: 5,
} as const;
export type MigrateType = (typeof MigrateType)[keyof typeof MigrateType];

/** Their names, as in /proc/pagetypeinfo (mm/show_mem.c: migratetype_names). */
export const MIGRATE_TYPE_NAMES: readonly string[] = [
  "Unmovable",
  "Movable",
  "Reclaimable",
  "HighAtomic",
  "CMA",
  "Isolate",
];

/** Number of migrate types, hence of free lists of one order. */
export const MIGRATE_TYPES = 6;

/** Types that have lists of their own on the per-CPU lists (MIGRATE_PCPTYPES). */
export const MIGRATE_PCPTYPES = 3;

/** Whether free blocks of this type may merge with blocks of another such type (migratetype_is_mergeable). */
export function isMergeable(type: number): boolean {
  return type < MIGRATE_PCPTYPES;
}

/**
 * Where an empty type takes from, first choice first (mm/page_alloc.c: fallbacks[]).
 * Flattened as two entries for each of the three ordinary types.
 */
export const FALLBACKS: Uint8Array = Uint8Array.of(
  MigrateType.RECLAIMABLE,
  MigrateType.MOVABLE,
  MigrateType.RECLAIMABLE,
  MigrateType.UNMOVABLE,
  MigrateType.UNMOVABLE,
  MigrateType.MOVABLE,
);
/** Fallback types of each ordinary type. */
export const FALLBACKS_PER_TYPE = 2;

export interface PageblockTypes {
  /** Type of the pageblock that starts at a frame number. */
  typeAt(pfn: number): number;
}
