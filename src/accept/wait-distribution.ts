/** How long allocations waited: of each bucket its upper end and how many there are. */
export interface WaitDistribution {
  /** Rising; 0 for those that did not wait. A bucket holds what is above the one before and at most this. */
  readonly atMostNs: readonly number[];
  readonly allocations: readonly number[];
}

/**
 * Buckets of waits: 0, and then two an octave whose ends are whole numbers (1, 2, 3, 4, 6, 8, 12, ... ns), from the
 * one below the shortest wait to that of the longest.
 *
 * @param waits in whole nanoseconds, 1 or more, in the order of length
 * @param withoutWait how many allocations did not wait
 */
export function waitDistribution(waits: Iterable<number>, withoutWait: number): WaitDistribution {
  const atMostNs = [0];
  const allocations = [withoutWait];
  const addTo = (bucketNs: number, more: number): void => {
    if (atMostNs.at(-1) !== bucketNs) {
      atMostNs.push(bucketNs);
      allocations.push(0);
    }
    allocations[allocations.length - 1]! += more;
  };
  let [belowNs, endNs] = [0, 1];
  for (const ns of waits) {
    while (ns > endNs) {
      // An empty bucket within says so; of those before the shortest wait only the last, as the begin of the next.
      if (atMostNs.length > 1) addTo(endNs, 0);
      [belowNs, endNs] = [endNs, endNs < 3 ? endNs + 1 : 2 * belowNs];
    }
    if (atMostNs.length === 1 && belowNs > 0) addTo(belowNs, 0);
    addTo(endNs, 1);
  }
  return { atMostNs, allocations };
}
