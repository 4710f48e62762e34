import { fls } from "../units.js";

const MAX_THRESHOLD = 125;
const PAGES_PER_128_MIB = 2 ** 15;

/**
 * How far a CPU's own count of a zone's pages may drift before it is added to the zone's
 * (mm/vmstat.c:calculate_normal_threshold, 6.12; "vm stats threshold" in /proc/zoneinfo).
 * Computed when watermarks are first set up and whenever a CPU comes or goes.
 *
 * @returns pages, 2 to 125
 */
export function statThreshold(onlineCpus: number, managedPages: number): number {
  const memory = Math.floor(managedPages / PAGES_PER_128_MIB);
  return Math.min(MAX_THRESHOLD, 2 * fls(onlineCpus) * (1 + fls(memory)));
}
