import { MAX_ORDER_PAGES } from "../units.js";
import { Watermark } from "./alloc-flags.js";
import type { FallbackRule } from "./fallback.js";

/**
 * What differs between kernel versions in this room, one named rule each. Releases stand for
 * their first tag; what later point releases took over is said at the rule. Everything without
 * a rule is as in 6.12 stable: before 6.7, per-CPU lists had one size and did not tune
 * themselves (nr_pcp_high in 6.6), and before 6.10 a failed claim left the free pages of a
 * pageblock on lists of another type (steal_suitable_fallback in 6.6). Neither is modelled.
 */
export interface PageAllocRules {
  readonly fallback: FallbackRule;
  /**
   * The watermark up to which unaccepted blocks are accepted: high until 6.11 (mm/page_alloc.c:
   * try_to_accept_memory in 6.5, cond_accept_memory in 6.11), promo from 6.12 on.
   */
  readonly acceptTarget: typeof Watermark.HIGH | typeof Watermark.PROMO;
  /**
   * Every visit to a zone accepts what is short of the target, before the watermark is looked at
   * (commit 807174a93d24, 6.11, with stable backports). Before, only a failed watermark or an
   * empty free list made the kernel accept.
   */
  readonly acceptOnVisit: boolean;
  /**
   * Who accepts at all accepts at least one block, also where nothing is short of the target
   * (the do-while loop of try_to_accept_memory, 6.5 to 6.10; gone with commit 807174a93d24).
   */
  readonly acceptAtLeastOne: boolean;
  /** Who accepts in order to reach the target accepts at least so many pages; Linux: one block. */
  readonly acceptAtOncePages: number;
  /**
   * Unaccepted pages do not count in watermark checks (__zone_watermark_unusable_free, 6.5 to
   * 6.10). Reclaim then sees a zone without memory however much is unaccepted, and does not end
   * (commit 807174a93d24).
   */
  readonly unacceptedUnusable: boolean;
  /**
   * While watermarks are still zero, every visit to a zone accepts one block (commit
   * 800f1059c99e, 6.14-rc7 and 6.12 stable). In 6.11 and 6.12.0 nothing was accepted when there
   * was neither a free nor a missing page, and boot could run out of memory.
   */
  readonly acceptBeforeWatermarks: boolean;
  /**
   * A bulk allocation accepts memory and grows zones as others do (alloc_pages_bulk_noprof, 6.12).
   * Before, it went on to the next zone, and then to single pages.
   */
  readonly bulkAccepts: boolean;
}

/** Linux 6.12 stable (checked against 6.12.107). */
export const LINUX_6_12: PageAllocRules = {
  fallback: "claim-then-steal",
  acceptTarget: Watermark.PROMO,
  acceptOnVisit: true,
  acceptAtLeastOne: false,
  acceptAtOncePages: MAX_ORDER_PAGES,
  unacceptedUnusable: false,
  acceptBeforeWatermarks: true,
  bulkAccepts: true,
};

/** The first 6.12 release. */
export const LINUX_6_12_0: PageAllocRules = {
  ...LINUX_6_12,
  fallback: "6.12.0",
  acceptBeforeWatermarks: false,
};

/** The last kernel that accepted only up to the high watermark. */
export const LINUX_6_11: PageAllocRules = {
  ...LINUX_6_12_0,
  acceptTarget: Watermark.HIGH,
  bulkAccepts: false,
};

/** The first kernel with unaccepted memory; 6.6 decides the same. */
export const LINUX_6_5: PageAllocRules = {
  ...LINUX_6_11,
  acceptOnVisit: false,
  acceptAtLeastOne: true,
  unacceptedUnusable: true,
};
