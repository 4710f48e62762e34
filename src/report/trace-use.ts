/** Whether a trace can be replayed, and what to say if not. */

import { type EventColumns, PageEventKind } from "../workload/events.js";
import { RECORD_COMMAND } from "../workload/readers/foreign.js";
import type { TraceCounts } from "../workload/trace-counts.js";
import { formatInteger } from "./cells.js";

/** What a trace holds, as far as it matters for a replay. */
export interface TraceContents {
  /** Allocations that found a page. */
  readonly allocations: number;
  /** Allocations that found none; a replay does not make them. */
  readonly failed: number;
  /** Events of pages that are no allocations, by the names of their tracepoints. */
  readonly pageEvents: Readonly<Record<string, number>>;
  /** Names of other events, and how many there were. */
  readonly otherEvents: Readonly<Record<string, number>>;
  readonly counts: Pick<TraceCounts, "otherPageSizes">;
}

/** Tracepoints of pages that are no allocations. */
const TRACEPOINTS: Readonly<Record<string, PageEventKind>> = {
  mm_page_free: PageEventKind.free,
  mm_page_free_batched: PageEventKind.freeBatched,
  mm_page_alloc_zone_locked: PageEventKind.zoneLocked,
  mm_page_pcpu_drain: PageEventKind.pcpuDrain,
  mm_page_alloc_extfrag: PageEventKind.extfrag,
};

/** Counts events of pages. */
export class PageEventCounts {
  readonly #kinds: Float64Array = new Float64Array(Object.keys(PageEventKind).length);

  add({ count, kind }: Pick<EventColumns, "count" | "kind">): void {
    for (let i = 0; i < count; i++) this.#kinds[kind[i]!]!++;
  }

  /** Those that are no allocations, by the names of their tracepoints. */
  get byTracepoint(): TraceContents["pageEvents"] {
    return Object.fromEntries(Object.entries(TRACEPOINTS).map(([name, kind]) => [name, this.#kinds[kind]!]));
  }
}

const LONGEST_LIST = 5;

/** Why a trace cannot be replayed, in one line; undefined if it can. */
export function whyUnusable({
  allocations,
  failed,
  pageEvents,
  otherEvents,
  counts,
}: TraceContents): string | undefined {
  if (counts.otherPageSizes > 0) {
    return "its kernel has pages of another size than the 4 KiB of the simulated one (pageblock_order above 10)";
  }
  if (allocations > 0) return undefined;
  const held = [
    ...(failed > 0 ? [["mm_page_alloc that found no page", failed] as const] : []),
    ...Object.entries(pageEvents),
    ...Object.entries(otherEvents),
  ].filter(([, count]) => count > 0);
  const list = held.slice(0, LONGEST_LIST).map(([name, count]) => `${formatInteger(count)} ${name}`);
  const more = held.length > LONGEST_LIST ? " and others" : "";
  const what = list.length === 0 ? "no events" : `${list.join(", ")}${more}`;
  return `it asks for no memory, holding ${what}; record mm_page_alloc and mm_page_free, as \`${RECORD_COMMAND}\` does`;
}
