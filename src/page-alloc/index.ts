/**
 * The page allocator as other rooms see it: they import from here alone. Functions that work on its lists
 * instead of asking for pages, which only verify needs, are in inside.ts.
 */

export { Watermark } from "./alloc-flags.js";
export { BootStages } from "./boot-stages.js";
export { releaseCmaArea } from "./cma.js";
export { failureReport } from "./failure-report.js";
export { formatGfp, Gfp, GfpMask, gfpMigrateType } from "./gfp.js";
export { verifyInvariants } from "./invariants.js";
export {
  MIGRATE_PCPTYPES,
  MIGRATE_TYPE_NAMES,
  MIGRATE_TYPES,
  MigrateType,
  type PageblockTypes,
} from "./migratetype.js";
export {
  type AllocFailure,
  PageAllocator,
  type PageAllocatorOptions,
} from "./page-allocator.js";
export { NO_PAGE } from "./page-frames.js";
export { PCP_LISTS, pcpAllowedOrder, pcpIndex, pcpIndexOrder } from "./pcp.js";
export { type BootAcceptor, BootRelease, type ReleaseObserver } from "./release.js";
export { shuffleZone } from "./shuffle.js";
export { acceptOldest, freeUnaccepted, type MemoryAcceptor, withTouch } from "./unaccepted-list.js";
export { watermarkPages } from "./watermark.js";
export type { Zone } from "./zone.js";
