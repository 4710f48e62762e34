import { createPlatform, type HostBacking } from "../../src/coco/create-platform.js";
import type { CocoPlatform, PlatformKind } from "../../src/coco/platform.js";
import type { CostLedger } from "../../src/sim/cost-ledger.js";
import { KiB } from "../../src/units.js";

/** A platform on a plain host, but for what is said. */
export function makePlatform(
  kind: PlatformKind,
  ledger: CostLedger,
  host: Partial<HostBacking> = {},
): CocoPlatform {
  const plain = {
    pageSizeBytes: 4 * KiB,
    prefault: false,
    contiguity: 1,
    dynamicPamt: false,
    keepsConverted: false,
  };
  const guest = { septVeDisable: true, svsm: false, coherencyErratum: false };
  return createPlatform(kind, ledger, { ...plain, ...host }, guest, 1);
}
