/** A trace in numbers, for people: what `perf kmem stat --page` prints, and more. */

import { MIGRATE_TYPE_NAMES } from "../page-alloc/index.js";
import { formatBytes, formatDuration, PAGE_SIZE } from "../units.js";
import type { FlagsReading, TraceCounts } from "../workload/trace-names.js";
import type { AllocationSum, LiveSample, TraceSummary } from "../workload/trace-summary.js";
import { countOf, formatInteger, sparkline } from "./cells.js";
import {
  alignedLines,
  cellsOf,
  type Paint,
  type Place,
  plainPaint,
  right,
  tableLines,
  wrapText,
} from "./table.js";
import { formatRemarks, type TraceDetails } from "./trace-import.js";

export interface TraceInfo {
  readonly files: readonly string[];
  /** Of each file. */
  readonly formats: readonly string[];
  readonly kernel?: string | undefined;
  readonly clock?: string | undefined;
  /** Formats that a trace of ours was made from. */
  readonly source?: readonly string[];
  readonly flagsReadAs: FlagsReading;
  readonly summary: TraceSummary;
  readonly counts: TraceCounts;
  readonly unusable?: string;
  readonly details: TraceDetails;
}

const SPARKLINE_COLUMNS = 72;
const LONGEST_LIST = 10;

export function formatTraceInfo(info: TraceInfo, paint: Paint = plainPaint): string {
  const { summary, counts, flagsReadAs } = info;
  const { pairing } = summary;
  const sections = [
    [
      ...wrapText(info.files.join(", "), paint).map((line) => paint("title", line)),
      ...wrapText(origin(info), paint),
    ],
    totals(summary, paint),
    ["Allocations by order and migrate type", ...orders(summary, paint)],
    ["Pages allocated within the trace, over its time", ...liveLines(summary, paint)],
    ["Allocations by flags", ...sums(summary.gfp, ({ flags }) => flags, paint)],
    ["By CPU", ...cpus(summary, paint)],
    ["Allocations by task", ...sums(summary.tasks, ({ comm, pid }) => `${comm}-${pid}`, paint)],
    ...(summary.callers.length > 0
      ? [["Allocations by caller", ...sums(summary.callers, ({ name }) => name, paint)]]
      : []),
    [
      ...(info.unusable === undefined ? [] : [`no run can replay it: ${info.unusable}`]),
      ...formatRemarks({ ...counts, ...pairing }, flagsReadAs, info.details),
    ]
      .flatMap((text) => wrapText(text, paint))
      .map((line) => paint("note", line)),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function origin({ formats, source, kernel, clock, summary }: TraceInfo): string {
  const { events, firstNs, lastNs } = summary;
  const parts = [
    `${[...new Set(formats)].join(" and ")}${source === undefined ? "" : `, from ${source.join(" and ")}`}`,
    ...(kernel === undefined ? [] : [`Linux ${kernel}`]),
    ...(clock === undefined ? [] : [`clock ${clock}`]),
    `${countOf(events, "event")} in ${formatDuration(lastNs - firstNs)}`,
  ];
  return parts.join(", ");
}

function totals({ kinds, pairing, allocatedPages, freedPages, live }: TraceSummary, place: Place): string[] {
  const row = (name: string, count: number, pages?: number): string[] => [
    name,
    formatInteger(count),
    pages === undefined ? "" : formatBytes(pages * PAGE_SIZE),
  ];
  const rows = [
    row("allocations", pairing.allocations, allocatedPages),
    row("frees", pairing.frees, freedPages),
    row("failed allocations", pairing.failed),
    row("not freed at the end", pairing.neverFreed, live.endPages),
    row("most at once", live.peakPages, live.peakPages),
    ...Object.entries(kinds)
      .filter(([name, count]) => count > 0 && name !== "alloc" && name !== "free")
      .map(([name, count]) => row(KIND_TEXTS[name as keyof typeof KIND_TEXTS], count)),
  ];
  rows.find(([name]) => name === "most at once")![1] += live.peakPages === 1 ? " page" : " pages";
  return alignedLines(["left", "right", "right"], rows, place);
}

const KIND_TEXTS = {
  freeBatched: "mm_page_free_batched",
  zoneLocked: "mm_page_alloc_zone_locked",
  pcpuDrain: "mm_page_pcpu_drain",
  extfrag: "mm_page_alloc_extfrag",
} as const;

function orders({ orders: counts }: TraceSummary, place: Place): string[] {
  const used = MIGRATE_TYPE_NAMES.flatMap((name, type) =>
    counts.some((row) => row[type]! > 0) ? [{ name, type }] : [],
  );
  const last = counts.findLastIndex((row) => row.some((count) => count > 0));
  const columns = [
    right("order", (order: number) => String(order)),
    ...used.map(({ name, type }) =>
      right(name, (order: number) =>
        counts[order]![type] === 0 ? "." : formatInteger(counts[order]![type]!),
      ),
    ),
  ];
  return tableLines(columns, cellsOf(columns, [...counts.keys()].slice(0, last + 1)), place);
}

function liveLines({ live, firstNs, lastNs }: TraceSummary, { width }: Place): string[] {
  if (live.samples.length === 0) return ["no allocations"];
  const values = atEqualTimes(live.samples, firstNs, lastNs, Math.min(SPARKLINE_COLUMNS, width));
  return [sparkline(values), `0 to ${formatBytes(live.peakPages * PAGE_SIZE)}`];
}

/** The last value before the end of each of equal parts of the time. */
function atEqualTimes(
  samples: readonly LiveSample[],
  firstNs: number,
  lastNs: number,
  count: number,
): number[] {
  const values: number[] = [];
  let next = 0;
  let pages = 0;
  for (let column = 1; column <= count; column++) {
    const endNs = firstNs + ((lastNs - firstNs) * column) / count;
    while (next < samples.length && samples[next]!.timeNs <= endNs) pages = samples[next++]!.pages;
    values.push(pages);
  }
  return values;
}

function sums<T extends AllocationSum>(list: readonly T[], name: (sum: T) => string, place: Place): string[] {
  const rows = list
    .slice(0, LONGEST_LIST)
    .map((sum) => [formatInteger(sum.allocations), formatBytes(sum.pages * PAGE_SIZE), name(sum)]);
  const more = list.length - rows.length;
  return [
    ...alignedLines(["right", "right", "left"], rows, place),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

function cpus({ cpus: list }: TraceSummary, place: Place): string[] {
  const columns = [
    right("CPU", ({ cpu }: (typeof list)[number]) => String(cpu)),
    right("allocations", ({ allocations }: (typeof list)[number]) => formatInteger(allocations)),
    right("frees", ({ frees }: (typeof list)[number]) => formatInteger(frees)),
  ];
  return tableLines(columns, cellsOf(columns, list), place);
}
