import type { FallbackRule } from "./fallback.js";

/** What differs between kernel versions in this room, one named rule each. */
export interface PageAllocRules {
  readonly fallback: FallbackRule;
  /**
   * While watermarks are still zero, every visit to a zone accepts one block (commit
   * 800f1059c99e, 6.14-rc7 and 6.12 stable). Before, nothing was accepted as long as any
   * usable page was free, and boot could run out of memory.
   */
  readonly acceptBeforeWatermarks: boolean;
}

/** Linux 6.12 stable (checked against 6.12.107). */
export const LINUX_6_12: PageAllocRules = { fallback: "claim-then-steal", acceptBeforeWatermarks: true };
/** The first 6.12 release. */
export const LINUX_6_12_0: PageAllocRules = { fallback: "6.12.0", acceptBeforeWatermarks: false };
