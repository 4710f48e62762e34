/** Look-alikes of files in /proc, with the lines that follow from the page allocator's state (Linux 6.12). */

/** One per-CPU list of a zone. */
export interface ProcPcp {
  readonly cpu: number;
  /** Base pages. */
  readonly count: number;
  readonly high: number;
  readonly batch: number;
}

/** What /proc shows of a zone; pages. */
export interface ProcZone {
  readonly nodeId: number;
  readonly name: string;
  readonly startPfn: number;
  readonly spannedPages: number;
  readonly presentPages: number;
  readonly managedPages: number;
  /** The global counter, without what CPUs hold back. */
  readonly freePages: number;
  readonly unacceptedPages: number;
  readonly boost: number;
  /** min, low, high, promo; without the boost. */
  readonly watermark: readonly number[];
  /** Pages kept from requests that could use a higher zone, by that zone. */
  readonly lowmemReserve: readonly number[];
  /** Free blocks of each order. */
  readonly freeBlocks: readonly number[];
  readonly pcp: readonly ProcPcp[];
  /** Largest difference a CPU may hold back from the counters. */
  readonly statThreshold: number;
}

/** /proc/buddyinfo (mm/vmstat.c:frag_show_print). */
export function formatBuddyinfo(zones: readonly ProcZone[]): string {
  return zones
    .map(({ nodeId, name, freeBlocks }) => {
      const counts = freeBlocks.map((blocks) => `${String(blocks).padStart(6)} `).join("");
      return `Node ${nodeId}, zone ${name.padStart(8)} ${counts}\n`;
    })
    .join("");
}

/** /proc/zoneinfo without the statistics of LRU and NUMA (mm/vmstat.c:zoneinfo_show_print). */
export function formatZoneinfo(zones: readonly ProcZone[]): string {
  return zones
    .map((zone) =>
      zoneinfoLines(zone)
        .map((line) => `${line}\n`)
        .join(""),
    )
    .join("");
}

function zoneinfoLines(zone: ProcZone): string[] {
  const [min, low, high, promo] = zone.watermark.map((pages) => pages + zone.boost);
  return [
    `Node ${zone.nodeId}, zone ${zone.name.padStart(8)}`,
    `  pages free     ${zone.freePages}`,
    `        boost    ${zone.boost}`,
    `        min      ${min}`,
    `        low      ${low}`,
    `        high     ${high}`,
    `        promo    ${promo}`,
    `        spanned  ${zone.spannedPages}`,
    `        present  ${zone.presentPages}`,
    `        managed  ${zone.managedPages}`,
    `        protection: (${zone.lowmemReserve.join(", ")})`,
    `      nr_free_pages ${zone.freePages}`,
    `      nr_unaccepted ${zone.unacceptedPages}`,
    "  pagesets",
    ...zone.pcp.flatMap(({ cpu, count, high: limit, batch }) => [
      `    cpu: ${cpu}`,
      `              count: ${count}`,
      `              high:  ${limit}`,
      `              batch: ${batch}`,
      `  vm stats threshold: ${zone.statThreshold}`,
    ]),
    `  start_pfn:           ${zone.startPfn}`,
  ];
}

function sum(zones: readonly ProcZone[], field: "freePages" | "managedPages" | "unacceptedPages"): number {
  return zones.reduce((total, zone) => total + zone[field], 0);
}

/** /proc/meminfo: the lines of physical memory (fs/proc/meminfo.c). */
export function formatMeminfo(zones: readonly ProcZone[]): string {
  const line = (name: string, pages: number): string =>
    `${`${name}:`.padEnd(16)}${String(pages * 4).padStart(8)} kB\n`;
  return (
    line("MemTotal", sum(zones, "managedPages")) +
    line("MemFree", sum(zones, "freePages")) +
    line("Unaccepted", sum(zones, "unacceptedPages"))
  );
}

/** /proc/vmstat: the counters of the page allocator (mm/vmstat.c). */
export function formatVmstat(zones: readonly ProcZone[]): string {
  return `nr_free_pages ${sum(zones, "freePages")}\nnr_unaccepted ${sum(zones, "unacceptedPages")}\n`;
}
