import type { CostLedger } from "../sim/cost-ledger.js";
import { chanceAt } from "../sim/prng.js";
import { ENDLESS_SUPPLY, type HostSupply } from "./host-supply.js";
import { PlainPlatform } from "./none.js";
import type { CocoPlatform, PlatformKind } from "./platform.js";
import { SnpPlatform } from "./snp/snp-platform.js";
import { TdxPlatform } from "./tdx/tdx-platform.js";

/** Page sizes with which the host can back a guest, in bytes: 4 KiB, 2 MiB, 1 GiB. */
export const HOST_PAGE_SIZES = [4096, 2097152, 1073741824] as const;
export type HostPageSize = (typeof HOST_PAGE_SIZES)[number];

/** What a host does for its guest's private memory. */
export interface HostBacking {
  /** Largest page of the host in bytes: 4 KiB, 2 MiB or 1 GiB. */
  readonly pageSizeBytes: number;
  /**
   * Whether the VMM backs memory when the guest asks for it, before it is touched. Only SNP
   * guests ask: a TDX guest accepts without asking first, so there it changes nothing.
   */
  readonly prefault: boolean;
  /** Probability, 0 to 1, that the host finds a page of that size; otherwise it takes 4 KiB. */
  readonly contiguity: number;
  /** TDX: whether the tracking of 4 KiB pages is allocated as they come into use. */
  readonly dynamicPamt: boolean;
  /** Whether the host keeps the private copy of memory that the guest has made shared. */
  readonly keepsConverted: boolean;
}

/** What matters of the guest and its processor. */
export interface GuestSide {
  /** TDX: touching unaccepted memory ends the guest instead of raising #VE. */
  readonly septVeDisable: boolean;
  /** SNP: the guest runs below an SVSM. */
  readonly svsm: boolean;
  /** SNP: the guest has to touch each page that it validates. */
  readonly coherencyErratum: boolean;
}

/**
 * Makes the platform of one guest; its events go to `ledger`.
 *
 * @param seed decides where the host finds large pages
 * @param supply what the host has left
 */
export function createPlatform(
  kind: PlatformKind,
  ledger: CostLedger,
  host: HostBacking,
  guest: GuestSide,
  seed: number,
  supply: HostSupply = ENDLESS_SUPPLY,
): CocoPlatform {
  const { pageSizeBytes, prefault, contiguity, dynamicPamt, keepsConverted } = host;
  const chance = (position: number): number => chanceAt(seed, position);
  if (kind === "none") return new PlainPlatform();
  if (kind === "tdx") {
    const { septVeDisable } = guest;
    return new TdxPlatform(ledger, {
      hostPageSizeBytes: pageSizeBytes,
      contiguity,
      chance,
      keepsConverted,
      dynamicPamt,
      septVeDisable,
      supply,
    });
  }
  const { svsm, coherencyErratum } = guest;
  return new SnpPlatform(ledger, {
    hostPageSizeBytes: pageSizeBytes,
    prefault,
    contiguity,
    chance,
    keepsConverted,
    svsm,
    coherencyErratum,
    supply,
  });
}
