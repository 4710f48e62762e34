/**
 * Areas of the contiguous memory allocator that the command line asks for (mm/cma.c:
 * cma_declare_contiguous_nid; kernel/dma/contiguous.c: dma_contiguous_reserve; mm/hugetlb.c:
 * hugetlb_cma_reserve, Linux 6.12 with CONFIG_DMA_CMA).
 *
 * What memblock finds a place for, it accepts in one go. An area at a fixed address is only
 * reserved, so what of it is unaccepted stays so, up to 7.3; later it is accepted too (`acceptsFixedCma`).
 */

import type { CocoPlatform } from "../coco/platform.js";
import { NUMA_NO_NODE } from "../memblock/regions.js";
import { type MemoryAcceptor, releaseCmaArea, withTouch } from "../page-alloc/index.js";
import { GuestEnded } from "../sim/guest-ended.js";
import { asPhys, formatBytes, GiB, MiB, pfnDown, roundDown, roundUp } from "../units.js";
import type { CmaArea, EarlyBoot, KernelMemory } from "./early-machine.js";

/** CMA_MIN_ALIGNMENT_BYTES: a pageblock. */
const CMA_ALIGN: number = 2 * MiB;
const GIGANTIC_BYTES: number = GiB;

interface AreaRequest {
  readonly word: string;
  readonly sizeBytes: number;
  readonly base?: number;
  readonly limit?: number;
  readonly fixed?: boolean;
  readonly align?: number;
  readonly nid?: number;
}

/** cma_declare_contiguous_nid(). A failure is reported, and the kernel goes on. */
function declare(boot: EarlyBoot, request: AreaRequest): boolean {
  const { memblock } = boot;
  const { word, nid = NUMA_NO_NODE } = request;
  const align = Math.max(request.align ?? 0, CMA_ALIGN);
  const wantedBase = request.base ?? 0;
  const fail = (why: string): false => {
    boot.remarks.push(`${word}: ${why}; no area is reserved`);
    return false;
  };
  const fixed = request.fixed === true && wantedBase > 0;
  if (fixed && wantedBase % align !== 0) return fail(`its address is no multiple of ${formatBytes(align)}`);
  const base = roundUp(wantedBase, align);
  const sizeBytes = roundUp(request.sizeBytes, align);
  const end = memblock.endOfDram();
  const asked = roundDown(request.limit ?? 0, align);
  const limit = asked === 0 ? end : Math.min(asked, end);
  if (base + sizeBytes > limit) return fail(`${formatBytes(sizeBytes)} reach beyond 0x${limit.toString(16)}`);
  const start = boot.setAside(sizeBytes, () =>
    fixed ? reserveFixed(boot, base, sizeBytes) : find(boot, { sizeBytes, align, base, limit, nid }),
  );
  if (start === 0) return fail(`no room for ${formatBytes(sizeBytes)}`);
  boot.cmaAreas.push({ start, end: start + sizeBytes, accepted: !fixed || boot.rules.acceptsFixedCma });
  return true;
}

function reserveFixed({ memblock, rules }: EarlyBoot, base: number, sizeBytes: number): number {
  if (memblock.isRegionReserved(base, sizeBytes)) return 0;
  if (rules.acceptsFixedCma) memblock.reserveAndAccept(asPhys(base), sizeBytes);
  else memblock.reserve(base, sizeBytes);
  return base;
}

/** From 4 GiB upwards if there is so much, else the highest place. */
function find(
  { memblock }: EarlyBoot,
  { sizeBytes, align, base, limit, nid }: Record<"sizeBytes" | "align" | "base" | "limit" | "nid", number>,
): number {
  let found = 0;
  if (!memblock.bottomUp && memblock.endOfDram() >= 4 * GiB + sizeBytes) {
    memblock.bottomUp = true;
    found = memblock.allocRangeNid(sizeBytes, align, 4 * GiB, limit, nid, true);
    memblock.bottomUp = false;
  }
  return found === 0 ? memblock.allocRangeNid(sizeBytes, align, base, limit, nid, true) : found;
}

/** dma_contiguous_reserve(): areas of the nodes, then the one for all. */
export function dmaContiguousReserve(boot: EarlyBoot): void {
  const { cma, cmaPernumaBytes, numaCma } = boot.options;
  for (const nid of boot.nodeIds) {
    if (cmaPernumaBytes > 0) declare(boot, { word: "cma_pernuma=", sizeBytes: cmaPernumaBytes, nid });
    const sizeBytes = numaCma.get(nid) ?? 0;
    if (sizeBytes > 0 && boot.rules.numaCma) declare(boot, { word: "numa_cma=", sizeBytes, nid });
  }
  for (const nid of numaCma.keys()) {
    if (!boot.nodeIds.includes(nid)) boot.remarks.push(`numa_cma=: there is no node ${nid}`);
  }
  if (cma === undefined || cma.sizeBytes === 0) return;
  const { sizeBytes, base, limit } = cma;
  declare(boot, { word: "cma=", sizeBytes, base, limit, fixed: base + sizeBytes === limit });
}

/** hugetlb_cma_reserve(): whole gigantic pages, on the nodes named or spread over all. */
export function hugetlbCmaReserve(boot: EarlyBoot): void {
  const { hugetlbCma } = boot.options;
  const word = "hugetlb_cma=";
  const common = { word, align: GIGANTIC_BYTES };
  if (typeof hugetlbCma !== "number") {
    for (const [nid, sizeBytes] of hugetlbCma) {
      if (!boot.nodeIds.includes(nid)) boot.remarks.push(`${word}: there is no node ${nid}`);
      else if (sizeBytes < GIGANTIC_BYTES) boot.remarks.push(`${word}: less than 1 GiB for node ${nid}`);
      else if (declare(boot, { ...common, sizeBytes: roundUp(sizeBytes, GIGANTIC_BYTES), nid }))
        boot.hugetlbCma = true;
    }
    return;
  }
  if (hugetlbCma === 0) return;
  if (hugetlbCma < GIGANTIC_BYTES) {
    boot.remarks.push(`${word}: less than 1 GiB; no area is reserved`);
    return;
  }
  const perNode = roundUp(Math.ceil(hugetlbCma / boot.nodeIds.length), GIGANTIC_BYTES);
  let reserved = 0;
  for (const nid of boot.nodeIds) {
    if (reserved >= hugetlbCma) break;
    const sizeBytes = roundUp(Math.min(perNode, hugetlbCma - reserved), GIGANTIC_BYTES);
    if (declare(boot, { ...common, sizeBytes, nid })) reserved += sizeBytes;
    boot.hugetlbCma = reserved > 0;
  }
}

/**
 * Gives the CMA areas to the page allocator (mm/cma.c: cma_init_reserved_areas, a core initcall,
 * Linux 6.12). One that reaches over the border of a zone is of no use, and is freed page by page.
 *
 * @throws GuestEnded where an area has no struct pages
 */
export function cmaInitReservedAreas(
  kernel: KernelMemory,
  platform: CocoPlatform,
  usableOnTouch: boolean,
): void {
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
function noteTouched({ allocator, early }: KernelMemory, { start, end }: CmaArea): void {
  early.untouched.splice(
    early.untouched.findIndex((range) => range.start === start),
    1,
  );
  allocator.acceptor.touch?.(asPhys(start), end - start);
}

function activate({ allocator, early }: KernelMemory, { start, end }: CmaArea): void {
  const [startPfn, endPfn] = [pfnDown(start), pfnDown(end)];
  if (allocator.zones.some((zone) => startPfn >= zone.startPfn && endPfn <= zone.endPfn)) {
    releaseCmaArea(allocator, startPfn, endPfn - startPfn, 0);
    return;
  }
  for (let pfn = startPfn; pfn < endPfn; pfn++) {
    allocator.freeReservedPage(pfn, 0);
    // Nobody has used it.
    allocator.frames.untouch(allocator.pageAt(pfn));
  }
  early.remarks.push(`cma: the area at 0x${start.toString(16)} lies in two zones and is given up`);
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
