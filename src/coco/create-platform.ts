import type { CostLedger } from "../sim/cost-ledger.js";
import { PlainPlatform } from "./none.js";
import type { CocoPlatform, PlatformKind } from "./platform.js";
import { SnpPlatform } from "./snp/snp-platform.js";
import { TdxPlatform } from "./tdx/tdx-platform.js";

/** What a host does for its guest's private memory. */
export interface HostBacking {
  /** Largest page of the host in bytes: 4 KiB, 2 MiB or 1 GiB. */
  readonly pageSizeBytes: number;
  /**
   * Whether the VMM backs memory when the guest asks for it, before it is touched. Only SNP
   * guests ask: a TDX guest accepts without asking first, so there it changes nothing.
   */
  readonly prefault: boolean;
}

/** Makes the platform of one guest; its events go to `ledger`. */
export function createPlatform(kind: PlatformKind, ledger: CostLedger, host: HostBacking): CocoPlatform {
  if (kind === "tdx") return new TdxPlatform(ledger, host.pageSizeBytes);
  if (kind === "none") return new PlainPlatform();
  return new SnpPlatform(ledger, { hostPageSizeBytes: host.pageSizeBytes, prefault: host.prefault });
}
