import type { CocoPlatform } from "../../coco/platform.js";
import { type AddressRange, PAGE_SIZE } from "../../units.js";

/**
 * Why a kernel that thinks it may touch all of a range, as private memory, does not survive it.
 *
 * @param range in whole pages
 * @param shared what has not been made private again
 * @returns the end of a sentence, or undefined when nothing happens
 */
export function unreadable(
  platform: CocoPlatform,
  range: AddressRange,
  shared: readonly AddressRange[],
): string | undefined {
  const bad = shared.find(({ start, end }) => start < range.end && end > range.start);
  if (bad !== undefined) {
    return `0x${Math.max(bad.start, range.start).toString(16)}, which the first kernel left shared with the host`;
  }
  const outcome = platform.access(range.start, range.end);
  if (outcome === "ok") return undefined;
  const what = outcome === "td-exit" ? "the TD is left for good" : "an exception that no kernel handles";
  return `0x${firstUnusable(platform, range).toString(16)}, which is not accepted: ${what}`;
}

/** First page of a range, not usable as a whole, that may not be touched. */
function firstUnusable(platform: CocoPlatform, { start, end }: AddressRange): number {
  let low = start / PAGE_SIZE;
  let high = end / PAGE_SIZE;
  // All pages below `low` are usable; there is one that is not below `high`.
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (platform.usableBytesIn(low * PAGE_SIZE, middle * PAGE_SIZE) === (middle - low) * PAGE_SIZE)
      low = middle;
    else high = middle;
  }
  return low * PAGE_SIZE;
}
