import { PLAIN } from "./none.js";
import type { PlatformType } from "./platform.js";
import { SNP } from "./snp/snp-platform.js";
import { TDX } from "./tdx/tdx-platform.js";

export const PLATFORMS = {
  tdx: TDX as PlatformType,
  snp: SNP as PlatformType,
  none: PLAIN as PlatformType,
};

/** Protection of a guest's memory; `none` is a plain virtual machine. */
export type PlatformKind = keyof typeof PLATFORMS;
export const PLATFORM_KINDS: readonly PlatformKind[] = Object.keys(PLATFORMS) as PlatformKind[];
