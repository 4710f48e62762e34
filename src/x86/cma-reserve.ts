/**
 * Areas of the contiguous memory allocator that the command line asks for (mm/cma.c:
 * cma_declare_contiguous_nid; kernel/dma/contiguous.c: dma_contiguous_reserve; mm/hugetlb.c:
 * hugetlb_cma_reserve, Linux 6.12 with CONFIG_DMA_CMA).
 *
 * What memblock finds a place for, it accepts in one go. An area at a fixed address is only
 * reserved, so what of it is unaccepted stays so (mended after 7.3: Mike Rapoport, series
 * 20261029-cma-multi-v1).
 */

import { NUMA_NO_NODE } from "../memblock/regions.js";
import { formatBytes, GiB, MiB, roundDown, roundUp } from "../units.js";
import type { EarlyBoot } from "./early-machine.js";

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

/** cma_declare_contiguous_nid(). What fails is said, and the kernel goes on. */
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
  boot.cmaAreas.push({ start, end: start + sizeBytes, accepted: !fixed });
  return true;
}

function reserveFixed({ memblock }: EarlyBoot, base: number, sizeBytes: number): number {
  if (memblock.isRegionReserved(base, sizeBytes)) return 0;
  memblock.reserve(base, sizeBytes);
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
