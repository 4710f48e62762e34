/** Lines about watermarks and reserves in traces of unmodified kernels. */

import { ZONE_NAMES } from "../mm/zones.js";
import { type PageAllocator, Watermark, type Zone } from "../page-alloc/index.js";
import { PageEventKind, type PageEvents } from "../workload/events.js";
import { PAGE_EVENT } from "./stock-stages.js";
import { Tally } from "./tally.js";

interface Told {
  /** Page events in front of the line. */
  readonly position: number;
  /** What it is about, as a message names it. */
  readonly what: string;
  readonly value: string;
  /** The model's; undefined where it has no such zone, as one without memory. */
  readonly found: (allocator: PageAllocator) => string | undefined;
}

/** As include/trace/events/kmem.h prints them, 6.19 to 7.3. */
const WATERMARKS =
  /^mm_setup_per_zone_wmarks: node_id=(\d+) zone name=(\w+) watermark (min=\d+ low=\d+ high=\d+ promo=\d+)$/;
const RESERVE =
  /^mm_setup_per_zone_lowmem_reserve: node_id=(\d+) zone name=(\w+) upper_zone name=(\w+) lowmem_reserve_pages=(\d+)$/;
const TOTAL = /^mm_calculate_totalreserve_pages: totalreserve_pages=(\d+)$/;
const LINE = new RegExp(
  `: (?:(${PAGE_EVENT}): |((?:mm_setup_per_zone|mm_calculate_totalreserve)\\w+: .*))`,
  "g",
);

/**
 * Watermarks, reserves for lower zones and the sum of both, whenever the kernel computes them: at boot, and reserves
 * with each page that was reserved and is freed (adjust_managed_page_count). Of lines about the same between two
 * events the last counts.
 */
export class TracedWatermarks {
  readonly tally: Tally = new Tally();
  readonly #told: readonly Told[];
  #next = 0;

  /** @param trace the text that the events were read from */
  constructor(trace: Uint8Array, events: PageEvents) {
    const last = new Map<string, Told>();
    const atStages = new Set<number>();
    let position = 0;
    for (const [, page, line] of new TextDecoder().decode(trace).matchAll(LINE)) {
      if (page !== undefined) position++;
      else {
        const told = toldBy(line!, position);
        last.set(`${position} ${told.what}`, told);
        if (WATERMARKS.test(line!)) atStages.add(position);
      }
    }
    const told = position === events.count ? [...last.values()] : [];
    const ofPages = [...new Set(told.map((each) => each.position))].filter((each) => !atStages.has(each));
    const isBehind = standBehind(ofPages, events);
    this.#told = told.map((each) =>
      isBehind && !atStages.has(each.position) ? { ...each, position: each.position - 1 } : each,
    );
  }

  /** Compares what was told in front of the events that the model has reached. @param event the next one */
  compareBefore(event: number, allocator: PageAllocator): void {
    for (; this.#next < this.#told.length && this.#told[this.#next]!.position < event; this.#next++) {
      const { position, what, value, found } = this.#told[this.#next]!;
      const model = found(allocator);
      if (model !== undefined) this.tally.same(value, model, what, position);
    }
  }
}

/**
 * Whether the lines about a page stand behind the event of its free, as up to 7.2, or in front of it
 * (mm/page_alloc.c: free_reserved_page, free_reserved_pages). Pages are freed one after the other; where the last of
 * them has its event, shows.
 */
function standBehind(positions: readonly number[], { kind, pfn, count }: PageEvents): boolean {
  const ends = positions.filter(
    (at, index) => positions[index - 1] === at - 1 && positions[index + 1] !== at + 1,
  );
  const inFront = ends.filter(
    (at) => at < count && kind[at] === PageEventKind.free && pfn[at] === pfn[at - 1]! + 1,
  );
  return inFront.length * 2 < ends.length;
}

function toldBy(line: string, position: number): Told {
  const [, node, name, marks] = WATERMARKS.exec(line) ?? [];
  if (marks !== undefined) {
    const what = `watermarks of node ${node} zone ${name}`;
    return { position, what, value: marks, found: (a) => marksOf(zoneNamed(a, node!, name!)) };
  }
  const [, nodeId, zone, upper, pages] = RESERVE.exec(line) ?? [];
  if (pages !== undefined) {
    const what = `lowmem_reserve of node ${nodeId} zone ${zone} for ${upper}`;
    const type = ZONE_NAMES.indexOf(upper!);
    return {
      position,
      what,
      value: pages,
      found: (a) => zoneNamed(a, nodeId!, zone!)?.lowmemReserve[type]?.toString(),
    };
  }
  const [, total] = TOTAL.exec(line) ?? [];
  const value = total ?? `a line as kernels print it instead of ${line.slice(0, 80)}`;
  return { position, what: "totalreserve_pages", value, found: (a) => `${totalReserve(a.zones)}` };
}

function zoneNamed({ zones }: PageAllocator, node: string, name: string): Zone | undefined {
  return zones.find((zone) => zone.nodeId === Number(node) && zone.name === name);
}

function marksOf(zone: Zone | undefined): string | undefined {
  if (zone === undefined) return undefined;
  const [min, low, high, promo] = zone.watermark;
  return `min=${min} low=${low} high=${high} promo=${promo}`;
}

/** What zones keep for others, and the high watermark, as far as they have pages (mm/page_alloc.c: calculate_totalreserve_pages). */
function totalReserve(zones: readonly Zone[]): number {
  return zones.reduce((sum, { lowmemReserve, watermark, watermarkBoost, managedPages }) => {
    const kept = Math.max(...lowmemReserve) + watermark[Watermark.HIGH]! + watermarkBoost;
    return sum + Math.min(kept, managedPages);
  }, 0);
}
