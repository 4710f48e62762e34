import type { CocoPlatform } from "../coco/platform.js";
import { releaseCmaArea } from "../page-alloc/cma.js";
import type { PageAllocator } from "../page-alloc/page-allocator.js";
import { TOUCHED } from "../page-alloc/page-frames.js";
import { type MemoryAcceptor, withTouch } from "../page-alloc/unaccepted-list.js";
import { GuestEnded } from "../sim/guest-ended.js";
import { asPhys, pfnDown } from "../units.js";
import type { CmaArea } from "../x86/early-machine.js";
import type { Kernel } from "./kernel.js";

/**
 * Gives the CMA areas to the page allocator (mm/cma.c: cma_init_reserved_areas, a core initcall,
 * Linux 6.12). One that reaches over the border of a zone is of no use, and is freed page by page.
 *
 * @param usableOnTouch memory is accepted when it is touched
 * @throws GuestEnded where an area has no struct pages
 */
export function cmaInitReservedAreas(kernel: Kernel, platform: CocoPlatform, usableOnTouch: boolean): void {
  const { allocator, early } = kernel;
  for (const area of early.cmaAreas) {
    if (!early.memblock.isRegionMemory(area.start, area.end - area.start)) {
      throw new GuestEnded(
        "terminated",
        `the CMA area at 0x${area.start.toString(16)} is not all memory, so there are no struct pages to release`,
      );
    }
    if (early.options.initOnFree) noteTouched(kernel, area);
    activate(kernel, area);
  }
  const unaccepted = early.cmaAreas.filter(
    ({ start, end }) => platform.usableBytesIn(start, end) < end - start,
  );
  if (unaccepted.length === 0 || usableOnTouch) return;
  early.remarks.push(
    "cma=: what is unaccepted of an area at a fixed address stays so, and whoever is given a page of it ends the guest",
  );
  allocator.acceptor = endingAtTouch(allocator.acceptor, platform);
}

/** Free memory is cleared; where a touch accepts, that is one. */
function noteTouched({ allocator, early }: Kernel, { start, end }: CmaArea): void {
  early.untouched.splice(
    early.untouched.findIndex((range) => range.start === start),
    1,
  );
  allocator.acceptor.touch?.(asPhys(start), end - start);
}

function activate({ allocator, early }: Kernel, { start, end }: CmaArea): void {
  const [startPfn, endPfn] = [pfnDown(start), pfnDown(end)];
  if (inOneZone(allocator, startPfn, endPfn)) {
    releaseCmaArea(allocator, startPfn, endPfn - startPfn, 0);
    return;
  }
  for (let pfn = startPfn; pfn < endPfn; pfn++) {
    allocator.freeReservedPage(pfn, 0);
    // Nobody has used it.
    allocator.frames.meta[allocator.pageAt(pfn)]! &= ~TOUCHED;
  }
  early.remarks.push(`cma: the area at 0x${start.toString(16)} lies in two zones and is given up`);
}

function inOneZone(allocator: PageAllocator, startPfn: number, endPfn: number): boolean {
  return allocator.zones.some((zone) => startPfn >= zone.startPfn && endPfn <= zone.endPfn);
}

function endingAtTouch(acceptor: MemoryAcceptor, platform: CocoPlatform): MemoryAcceptor {
  return withTouch(acceptor, (start, sizeBytes) => {
    acceptor.touch?.(start, sizeBytes);
    if (platform.usableBytesIn(start, start + sizeBytes) === sizeBytes) return;
    throw new GuestEnded(
      "terminated",
      `0x${start.toString(16)}, a page of a CMA area at a fixed address, was touched, and the kernel had not accepted it`,
    );
  });
}
