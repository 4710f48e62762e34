import { hugePagePools, PUD_PAGE_BYTES } from "../command-line/hugepages.js";
import { MEMBLOCK_ALLOC_ACCESSIBLE } from "../memblock/memblock.js";
import { type AddressRange, PAGE_SIZE } from "../units.js";
import type { EarlyBoot } from "./early-machine.js";

/**
 * Pages of 1 GiB for `hugepages=`, which only memblock can give: page after page, each accepted in
 * one go while there is one CPU (mm/hugetlb.c: hugepages_setup -> hugetlb_hstate_alloc_pages,
 * __alloc_bootmem_huge_page, Linux 6.12). That the head of each is touched does not count.
 */
export function hugepagesSetup(boot: EarlyBoot): void {
  const { pools, dropped } = hugePagePools(boot.options.words, boot.nodeIds);
  for (const { word, why } of dropped) boot.remarks.push(`ignored: ${word}: ${why}`);
  for (const { pageBytes, pages, byNode } of pools) {
    if (pageBytes !== PUD_PAGE_BYTES) continue;
    if (boot.hugetlbCma) {
      boot.remarks.push("hugepages=: none of 1 GiB are taken at boot, as hugetlb_cma= has an area for them");
      continue;
    }
    const ranges: AddressRange[] = [];
    if (byNode === undefined)
      takePages(boot, pages, (page) => boot.nodeIds[page % boot.nodeIds.length]!, ranges);
    else for (const [nid, count] of byNode) takePages(boot, count, () => nid, ranges);
    boot.hugeBootPages.push({ pageBytes, askedPages: pages, ranges });
    if (ranges.length < pages) {
      boot.remarks.push(`hugepages=: of ${pages} pages of 1 GiB there is room for ${ranges.length}`);
    }
  }
}

/** Takes pages until one does not fit. */
function takePages(
  boot: EarlyBoot,
  pages: number,
  nodeOf: (page: number) => number,
  ranges: AddressRange[],
): void {
  const { memblock } = boot;
  for (let page = 0; page < pages; page++) {
    const start = boot.setAside(PUD_PAGE_BYTES, () =>
      memblock.allocTryNidRaw(PUD_PAGE_BYTES, PUD_PAGE_BYTES, 0, MEMBLOCK_ALLOC_ACCESSIBLE, nodeOf(page)),
    );
    if (start === 0) return;
    memblock.reservedMarkNoinit(start + PAGE_SIZE, PUD_PAGE_BYTES - PAGE_SIZE);
    ranges.push({ start, end: start + PUD_PAGE_BYTES });
  }
}
