/**
 * Findings of reading a trace, for people: every omission and misfit is reported; and whether the trace
 * can be replayed, with advice if not.
 */

import { type EventColumns, PageEventKind } from "../workload/events.js";
import type { LivePages, PairingCounts } from "../workload/live-pages.js";
import { RECORD_COMMAND } from "../workload/readers/foreign.js";
import type { FlagsReading, TraceCounts } from "../workload/trace-names.js";
import { countOf, formatInteger } from "./cells.js";
import { type Place, textOf, wrapText } from "./table.js";

/** Remarks on a trace besides numbers. */
export interface TraceDetails {
  /** Names of other events, and how many there were. */
  readonly otherEvents: Readonly<Record<string, number>>;
  /** The first line that was left out, and why. */
  readonly firstUnread?: string;
  /** Second of the recorded clock that times are counted from, if it is not 0. */
  readonly originSeconds?: number;
}

export interface TraceImportReport extends TraceCounts, PairingCounts, Omit<TraceDetails, "otherEvents"> {
  readonly events: number;
  /** Allocations of which at least a part was not freed within the trace. */
  readonly neverFreed: number;
  readonly livePagesAtEnd: number;
  readonly livePagesPeak: number;
  /** Why no run can replay it, if none can. */
  readonly unusable?: string;
}

export function importReport(
  counts: TraceCounts,
  live: LivePages,
  events: number,
  kinds: PageEventCounts,
  { otherEvents, ...details }: TraceDetails,
): TraceImportReport {
  const unusable = whyUnusable({ ...live.counts, pageEvents: kinds.byTracepoint, otherEvents, counts });
  return {
    events,
    ...live.counts,
    neverFreed: live.neverFreed(),
    livePagesAtEnd: live.pages,
    livePagesPeak: live.peakPages,
    ...counts,
    ...details,
    ...(unusable === undefined ? {} : { unusable }),
  };
}

const LONGEST_LIST = 5;

const REMARKS: Readonly<Record<Exclude<keyof RemarkCounts, "hexFlags" | "unknownFlags">, string>> = {
  failed: "allocations that found no page",
  lostEvents: "events lost by the recorder",
  overwrittenEvents: "events overwritten before the trace was read",
  reallocations: "allocations of a page that was still allocated, its free being missing",
  unknownFrees: "frees of a page that nobody had: allocated before the trace, or that event is missing",
  neverFreed: "allocations not freed within the trace",
  otherEvents: "events of other tracepoints, left out",
  unknownEvents: "events named like those of pages, of which nothing is known, left out",
  unreadLines: "lines that could not be read, left out",
  repeatedFrees: "frees told twice, as kernels before 3.3 do, counted once",
  withoutCpu: "events without a CPU, taken to be on CPU 0",
  withoutTask: "events without a task",
  withoutTime: "events without a time, given that of the event before",
  tickTimes:
    "events with counts of a clock for times: their order is kept, how long anything took is not known",
  wideOrders:
    "events above order 10, which x86 does not have: sizes here are of 4 KiB pages, and requests are made in parts of order 10",
  otherPageSizes: "events that show pages of another size than 4 KiB, for which all sizes here are wrong",
};

export type RemarkCounts = TraceCounts &
  Pick<TraceImportReport, "failed" | "reallocations" | "unknownFrees" | "neverFreed">;

/** One line for each count that is not 0, and remarks on times and request flags. */
export function formatRemarks(
  counts: Partial<RemarkCounts>,
  flags: FlagsReading,
  details: Partial<TraceDetails>,
): string[] {
  const { hexFlags = 0, unknownFlags = 0 } = counts;
  const { originSeconds = 0 } = details;
  const lines = (Object.keys(REMARKS) as (keyof typeof REMARKS)[])
    .filter((name) => (counts[name] ?? 0) > 0)
    .map((name) => `${REMARKS[name]}: ${formatInteger(counts[name]!)}${detailOf(name, details)}`);
  if (originSeconds !== 0) {
    const second = formatInteger(originSeconds);
    lines.push(`times are counted from second ${second} of the trace's clock, so that they stay exact`);
  }
  if (hexFlags > 0) {
    const doubt = ", though releases number them differently (--kernel names the traced one)";
    const reading = `${flags.release}${flags.isTold ? "" : doubt}: ${formatInteger(hexFlags)}`;
    lines.push(`allocations whose flags are a bare number, read as those of Linux ${reading}`);
  }
  if (unknownFlags > 0) {
    const count = formatInteger(unknownFlags);
    lines.push(`allocations with a flag that is not known and decides nothing here: ${count}`);
  }
  if (flags.idle.length > 0) lines.push(`flags that decide nothing here: ${flags.idle.join(", ")}`);
  return lines;
}

function detailOf(
  name: keyof RemarkCounts,
  { otherEvents = {}, firstUnread }: Partial<TraceDetails>,
): string {
  if (name === "unreadLines" && firstUnread !== undefined) return `, first ${firstUnread}`;
  if (name !== "unknownEvents") return "";
  const unknown = Object.keys(otherEvents).filter((event) => event.startsWith("mm_page"));
  const more = unknown.length > LONGEST_LIST ? ", ..." : "";
  return unknown.length === 0 ? "" : ` (${unknown.slice(0, LONGEST_LIST).join(", ")}${more})`;
}

/** @param path of the file that was written */
export function formatImportReport(
  path: string,
  report: TraceImportReport,
  flags: FlagsReading,
  details: TraceDetails,
  place: Place,
): string {
  const { events, allocations, frees, unusable } = report;
  const counts = [countOf(events, "event"), countOf(allocations, "allocation"), countOf(frees, "free")];
  const remarks = formatRemarks(report, flags, details);
  if (unusable !== undefined) remarks.unshift(`no run can replay it: ${unusable}`);
  const lines = remarks.flatMap((remark) => wrapText(`  ${remark}`, place));
  return textOf([`${path}: ${counts.join(", ")}`, ...lines]);
}

/** Contents of a trace, as far as a replay needs them. */
export interface TraceContents {
  /** Allocations that found a page. */
  readonly allocations: number;
  /** Allocations that found none; a replay does not make them. */
  readonly failed: number;
  /** Events of pages that are no allocations, by the names of their tracepoints. */
  readonly pageEvents: Readonly<Record<string, number>>;
  readonly otherEvents: Readonly<Record<string, number>>;
  readonly counts: Pick<TraceCounts, "otherPageSizes">;
}

const TRACEPOINTS: Readonly<Record<string, PageEventKind>> = {
  mm_page_free: PageEventKind.free,
  mm_page_free_batched: PageEventKind.freeBatched,
  mm_page_alloc_zone_locked: PageEventKind.zoneLocked,
  mm_page_pcpu_drain: PageEventKind.pcpuDrain,
  mm_page_alloc_extfrag: PageEventKind.extfrag,
};

export class PageEventCounts {
  readonly #kinds: Float64Array = new Float64Array(Object.keys(PageEventKind).length);

  add({ count, kind }: Pick<EventColumns, "count" | "kind">): void {
    for (let i = 0; i < count; i++) this.#kinds[kind[i]!]!++;
  }

  get byTracepoint(): TraceContents["pageEvents"] {
    return Object.fromEntries(Object.entries(TRACEPOINTS).map(([name, kind]) => [name, this.#kinds[kind]!]));
  }
}

/** Why a trace cannot be replayed, in one line; undefined if it can. */
export function whyUnusable(contents: TraceContents): string | undefined {
  const { allocations, failed, pageEvents, otherEvents, counts } = contents;
  if (counts.otherPageSizes > 0) {
    return "its kernel has pages of another size than the 4 KiB of the simulated one (pageblock_order above 10)";
  }
  if (allocations > 0) return undefined;
  const known = { "mm_page_alloc that found no page": failed, ...pageEvents };
  const held = [...Object.entries(known), ...Object.entries(otherEvents)].filter(([, count]) => count > 0);
  const list = held.slice(0, LONGEST_LIST).map(([name, count]) => `${formatInteger(count)} ${name}`);
  const more = held.length > LONGEST_LIST ? " and others" : "";
  const what = list.length === 0 ? "no events" : `${list.join(", ")}${more}`;
  return `it asks for no memory, holding ${what}; record mm_page_alloc and mm_page_free, as \`${RECORD_COMMAND}\` does`;
}
