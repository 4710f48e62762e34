/** Memory of the firmware's boot services goes back to the page allocator (arch/x86/platform/efi/quirks.c). */

import type { KernelRules } from "../linux/rules.js";
import { asPfn, pfnDown } from "../units.js";
import { freedBootServices } from "../x86/early-efi.js";
import type { Kernel } from "./kernel.js";

type When = KernelRules["bootServicesFreed"];

/**
 * efi_enter_virtual_mode() of a kernel that frees there what the firmware no longer needs, page by page
 * (memblock_free_late). Pages whose struct page is initialised later are passed over, and lost.
 */
export function efiEnterVirtualMode({ early, allocator, release, deferredAreas }: Kernel, when: When): void {
  if (when !== "efi_enter_virtual_mode") return;
  const deferred = new Map(deferredAreas.map(({ nodeId, firstDeferredPfn }) => [nodeId, firstDeferredPfn]));
  for (const { start, end } of freedBootServices(early)) {
    for (let pfn = pfnDown(start); pfn < pfnDown(end); pfn++) {
      if (pfn >= deferred.get(allocator.zoneOfPfn(pfn).nodeId)!) continue;
      // In use since early boot, and counted there.
      allocator.frames.touch(allocator.pageAt(asPfn(pfn)), 0);
      release.block(asPfn(pfn), 0);
    }
  }
}

/** The initcall: page by page through the per-CPU lists (free_reserved_area). */
export function efiFreeBootServices({ early, allocator }: Kernel, when: When): void {
  if (when !== "arch_initcall") return;
  for (const { start, end } of freedBootServices(early)) {
    for (let pfn = pfnDown(start); pfn < pfnDown(end); pfn++) allocator.freeReservedPage(asPfn(pfn), 0);
  }
}
