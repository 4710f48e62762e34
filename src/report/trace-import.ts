/** What importing a trace found out, for people: nothing that was left out or does not fit is silent. */

import type { FlagsReading } from "../workload/flags-reading.js";
import type { LivePages, PairingCounts } from "../workload/live-pages.js";
import type { TraceCounts } from "../workload/trace-counts.js";
import { countOf, formatInteger } from "./cells.js";
import { type PageEventCounts, whyUnusable } from "./trace-use.js";
import { wrapText } from "./wrap.js";

/** What there is to say of a trace beside numbers. */
export interface TraceDetails {
  /** Names of other events, and how many there were. */
  readonly otherEvents: Readonly<Record<string, number>>;
  /** The first line that was left out, and why. */
  readonly firstUnread?: string;
  /** Second of the recorded clock that times are counted from, if it is not 0. */
  readonly originSeconds?: number;
}

/** What a trace has, and what is wrong with it. */
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

/** What is said of each count that is not 0. */
const REMARKS: Readonly<Record<Exclude<keyof RemarkCounts, keyof FlagCounts>, string>> = {
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

/** Counts of what is missing or does not fit. */
export type RemarkCounts = TraceCounts &
  Pick<TraceImportReport, "failed" | "reallocations" | "unknownFrees" | "neverFreed">;

type FlagCounts = Pick<TraceCounts, "hexFlags" | "unknownFlags">;

/** One line for each count that is not 0, and for flags that were left out. */
export function formatRemarks(
  counts: Partial<RemarkCounts>,
  flags: FlagsReading,
  details: Partial<TraceDetails>,
): string[] {
  const names = Object.keys(REMARKS) as (keyof typeof REMARKS)[];
  const remarks = names
    .filter((name) => (counts[name] ?? 0) > 0)
    .map((name) => `${REMARKS[name]}: ${formatInteger(counts[name]!)}${detailOf(name, details)}`);
  const { originSeconds = 0 } = details;
  const clock =
    originSeconds === 0
      ? []
      : [
          `times are counted from second ${formatInteger(originSeconds)} of the trace's clock, ` +
            "so that they stay exact",
        ];
  return [...remarks, ...clock, ...flagRemarks(counts, flags)];
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

/** One line for each thing that is to be said of request flags. */
function flagRemarks({ hexFlags = 0, unknownFlags = 0 }: Partial<FlagCounts>, flags: FlagsReading): string[] {
  const { release, isTold, idle } = flags;
  const doubt = isTold ? "" : ", though releases number them differently (--kernel names the traced one)";
  return [
    ...(hexFlags === 0
      ? []
      : [
          `allocations whose flags are a bare number, read as those of Linux ${release}${doubt}: ` +
            formatInteger(hexFlags),
        ]),
    ...(unknownFlags === 0
      ? []
      : [
          `allocations with a flag that is not known and decides nothing here: ${formatInteger(unknownFlags)}`,
        ]),
    ...(idle.length === 0 ? [] : [`flags that decide nothing here: ${idle.join(", ")}`]),
  ];
}

/** @param path of the file that was written */
export function formatImportReport(
  path: string,
  report: TraceImportReport,
  flags: FlagsReading,
  details: TraceDetails,
): string {
  const { events, allocations, frees, unusable } = report;
  const lines = [
    `${path}: ${countOf(events, "event")}, ${countOf(allocations, "allocation")}, ${countOf(frees, "free")}`,
    ...[
      ...(unusable === undefined ? [] : [`no run can replay it: ${unusable}`]),
      ...formatRemarks(report, flags, details),
    ].flatMap((remark) => wrapText(`  ${remark}`)),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
