import { FREE_HIGH_BATCH } from "../../src/page-alloc/pcp.js";
import type { Zone } from "../../src/page-alloc/zone.js";
import type { Random } from "./oracle-random.js";
import type { OracleZone } from "./oracle-zone.js";

/** Gives a zone of both sides the same random watermarks, reserves, thresholds and per-CPU sizes. */
export function tuneZone(random: Random, actual: Zone, expected: OracleZone): void {
  if (random.chance(50)) {
    const reserved = expected.freeHighatomic + Math.max(0, expected.freeCma);
    const usable = expected.freePages - expected.unaccepted - reserved;
    const min = random.pick([0, 0, random.below(20), random.below(1000), random.below(5000)]);
    // Now and then most of what is free lies between the min and the high watermark.
    const deltas = random.pick([10, 300, 2000, Math.max(1, usable)]);
    const delta = min === 0 && random.chance(70) ? 0 : random.between(0, deltas);
    // On the border between accepting one block more and not, for a request of one page.
    const border = usable + 1024 * random.between(1, 8) + random.below(2);
    const promo = random.chance(20) && border > 0 ? border : min + 3 * delta;
    expected.watermark = [min, min + delta, min + 2 * delta, promo];
    if (expected.freeHighatomic > 0 && random.chance(50)) {
      // The low watermark lies between what is free for all and what is free for atomic requests.
      const low = Math.max(0, usable + random.below(expected.freeHighatomic));
      expected.watermark = [Math.min(min, low), low, low + 2 * delta, promo];
    }
    actual.watermark.set(expected.watermark);
  }
  if (random.chance(10)) {
    expected.boost = 0;
    actual.watermarkBoost = 0;
  }
  if (random.chance(30)) {
    const reserve = random.pick([0, random.below(100), random.below(3000)]);
    expected.lowmemReserve = [0, 1, 2, 3, 4].map((type) => Math.max(0, type - expected.type) * reserve);
    actual.lowmemReserve.set(expected.lowmemReserve);
  }
  if (random.chance(30)) {
    expected.statThreshold = random.pick([0, random.below(20), 125]);
    actual.statThreshold = expected.statThreshold;
  }
  if (random.chance(20)) {
    expected.reclaimActive = random.chance(30);
    actual.reclaimActive = expected.reclaimActive;
  }
  if (random.chance(60)) tunePcp(random, actual, expected);
}

/** The sizes are of the kinds zone_set_pageset_high_and_batch() gives, or switch the lists off. */
function tunePcp(random: Random, actual: Zone, expected: OracleZone): void {
  const off = random.chance(15);
  const batch = off ? 1 : random.pick([1, 1, 3, 7, 31, 63]);
  const highMin = off ? 0 : Math.max(4 * batch, random.pick([0, random.below(1000)]));
  const highMax = off
    ? 0
    : Math.max(highMin, random.pick([4 * batch, random.below(1500), random.below(8000)]));
  const freeHighBatch = random.chance(50);
  expected.pcp.forEach((model, cpu) => {
    const pcp = actual.pcp[cpu]!;
    Object.assign(model, { batch, highMin, highMax, freeHighBatch });
    Object.assign(pcp, { batch, highMin, highMax });
    pcp.flags = (pcp.flags & ~FREE_HIGH_BATCH) | (freeHighBatch ? FREE_HIGH_BATCH : 0);
  });
}
