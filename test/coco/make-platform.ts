import type { CocoPlatform, PlatformOptions } from "../../src/coco/platform.js";
import { PLATFORMS, type PlatformKind } from "../../src/coco/platforms.js";
import type { CostLedger } from "../../src/sim/cost-ledger.js";
import { chanceAt } from "../../src/sim/prng.js";
import { KiB } from "../../src/units.js";

/** A platform on a plain host, but for what is said. */
export function makePlatform(
  kind: PlatformKind,
  ledger: CostLedger,
  host: Partial<PlatformOptions> = {},
): CocoPlatform {
  return PLATFORMS[kind].create(ledger, {
    pageSizeBytes: 4 * KiB,
    chance: (position) => chanceAt(1, position),
    ...host,
  });
}
