/** Sizes as scenario files have them. */

import { GiB, KiB, MiB, TiB } from "../units.js";

/** The same size to the byte, in the largest unit that divides it: `4GiB`, `67000MiB`. @param bytes whole */
export function exactSize(bytes: number): string {
  for (const [factor, unit] of [
    [TiB, "TiB"],
    [GiB, "GiB"],
    [MiB, "MiB"],
    [KiB, "KiB"],
  ] as const)
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
  return `${bytes}`;
}
