import type { AddressRange } from "../../units.js";
import { printRange } from "./error.js";
import type { TdxModuleHost } from "./plan.js";

/** What becomes of memory that is to be removed from a running host. */
export interface RemovalAnswer extends AddressRange {
  readonly removed: boolean;
  /** Why not, as a sentence. */
  readonly reason?: string;
}

/**
 * Memory can be removed whatever the module knows of it, which keeps its regions and their PAMT to its end;
 * but pages that the module has for its PAMT cannot be moved away (6.12 mm/memory_hotplug.c: offline_pages).
 *
 * @param pamts where the module's tables lie
 */
export function answerRemovals(
  removed: TdxModuleHost["removed"],
  pamts: readonly AddressRange[],
): RemovalAnswer[] {
  return removed.map(({ start, end, when }) => {
    const inUse = pamts.some((pamt) => pamt.start < end && start < pamt.end);
    if (when === "before" || !inUse) return { start, end, removed: true };
    const reason = `Memory ${printRange({ start, end })} holds a PAMT of the TDX module and cannot go offline.`;
    return { start, end, removed: false, reason };
  });
}
