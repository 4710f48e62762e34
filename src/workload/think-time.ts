import type { NamedInterval } from "./recording.js";

/**
 * Nanoseconds from `startNs` to `endNs` that lie outside of all intervals; 0 if the end comes first.
 *
 * @param intervals by start; they may overlap
 */
export function timeOutside(intervals: readonly NamedInterval[], startNs: number, endNs: number): number {
  let outside = 0;
  let at = startNs;
  for (const interval of intervals) {
    if (interval.startNs >= endNs) break;
    outside += Math.max(0, interval.startNs - at);
    at = Math.max(at, interval.endNs);
  }
  return outside + Math.max(0, endNs - at);
}
