/** Request flags as kernels of the last ten years print them. */

import { Gfp, GfpMask, parseGfp } from "../page-alloc/gfp.js";

/** What a text of flags means. */
export interface GfpText {
  /** 32 bits, with the values of Linux 6.12. */
  readonly flags: number;
  /** A bare number: its bits are taken as they are, though kernels number them differently. */
  readonly isHex: boolean;
  /** Modifiers that no kernel known here has; they are left out of `flags`. */
  readonly unknownNames: boolean;
}

/** Names that 6.12 does not print, and what stands for them there. */
const OTHER_NAMES: ReadonlyMap<string, number> = new Map<string, number>([
  // d0164adc89f6 (4.4)
  ["__GFP_WAIT", GfpMask.NOIO],
  // dcda9b04713c (4.13)
  ["__GFP_REPEAT", Gfp.RETRY_MAYFAIL],
  // 0ee931c4e31a (4.14)
  ["GFP_TEMPORARY", GfpMask.KERNEL | Gfp.RECLAIMABLE],
  // 2973d8229b78 (6.3)
  ["__GFP_ATOMIC", Gfp.HIGH],
  // Added by ftrace's enumeration of all flags (6.13).
  ["__GFP_DMA", Gfp.DMA],
  ["__GFP_DMA32", Gfp.DMA32],
  // Hints that decide nothing about the page, or bits that depend on the configuration.
  ["__GFP_COLD", 0],
  ["__GFP_NOTRACK", 0],
  ["__GFP_OTHER_NODE", 0],
  ["__GFP_SKIP_ZERO", 0],
  ["__GFP_SKIP_KASAN", 0],
  ["__GFP_SKIP_KASAN_POISON", 0],
  ["__GFP_SKIP_KASAN_UNPOISON", 0],
  ["__GFP_NOLOCKDEP", 0],
  ["__GFP_NO_OBJ_EXT", 0],
]);

/** @returns undefined for what is no text of flags */
export function gfpOfText(text: string): GfpText | undefined {
  const known = parseGfp(text);
  if (known !== undefined) {
    return { flags: known, isHex: /^0x[0-9a-f]+$/.test(text), unknownNames: false };
  }
  let flags = 0;
  let unknownNames = false;
  for (const part of text.split("|")) {
    const bits = parseGfp(part) ?? OTHER_NAMES.get(part);
    if (bits !== undefined) flags |= bits;
    // A combination that is not known would take too much with it.
    else if (/^__GFP_[A-Z0-9_]+$/.test(part)) unknownNames = true;
    else return undefined;
  }
  return { flags: flags >>> 0, isHex: false, unknownNames };
}
