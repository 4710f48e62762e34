/** Trackers side by side: for people and as JSON. */

import { jsonDocument } from "../results/formats.js";
import { LINE_NS, type TrackerComparison, type TrackerRow } from "../study/trackers.js";
import { formatBytes, formatDuration } from "../units.js";
import { columnsOf, type Paint, tableText } from "./table.js";

/** What the command shows: the boots, then what each tracker is worst at. */
export interface TrackerReport {
  readonly boots: readonly TrackerComparison[];
  readonly worstCases: readonly WorstCase[];
}

/** Requests that no boot makes. */
export interface WorstCase {
  readonly name: string;
  readonly comparison: TrackerComparison;
}

const HEADS = [
  "tracker",
  "bytes",
  "entries",
  "splits",
  "gaps",
  "operations",
  "time",
  "longest",
  "4 KiB",
  "2 MiB",
];

/** One table with a part for each list of requests. */
export function formatTrackers({ boots, worstCases }: TrackerReport, paint: Paint): string {
  const parts = [
    ...boots.map((comparison) => ({ name: "boot", comparison })),
    ...worstCases.map(({ name, comparison }) => ({ name, comparison })),
  ];
  const groups = parts.map(({ name, comparison }) => ({
    title: `${name}, ${titleOf(comparison)}`,
    rows: comparison.trackers.map((row) => ({ cells: cellsOf(row) })),
  }));
  return tableText({ columns: columnsOf(HEADS), groups, notes: NOTES }, paint);
}

const NOTES = [
  "bytes: what the tracker takes by itself, at most. entries: ranges, bits or flags. gaps: memory accepted " +
    "only because the table of ranges was full. 4 KiB and 2 MiB: pages accepted in each size. G and T: 10^9 " +
    "and 10^12.",
  `time: of the tracker alone, all requests and the longest, at an assumed ${LINE_NS} ns for a cache line. ` +
    "e820-zero-page has room for 128 entries, e820-kernel for 3200. The page flag exists from the first " +
    "struct page on and is lost at kexec.",
];

/** JSON as scripts read it. */
export function formatTrackersJson({ boots, worstCases }: TrackerReport): string {
  return jsonDocument({
    lineNs: { value: LINE_NS, basis: "assumed" },
    boots,
    worstCases: worstCases.map(({ name, comparison }) => ({ name, ...comparison })),
  });
}

function titleOf({ memoryBytes, unacceptedBytes, requests }: TrackerComparison): string {
  const times = requests === 1 ? "1 request" : `${requests} requests`;
  return `${formatBytes(memoryBytes)}, ${formatBytes(unacceptedBytes)} of it unaccepted, ${times}`;
}

function cellsOf(row: TrackerRow): string[] {
  return [
    row.name,
    formatBytes(row.memoryBytes),
    formatCount(row.entries),
    formatCount(row.splits),
    formatBytes(row.gapBytes),
    formatCount(row.operations),
    formatDuration(row.timeNs),
    formatDuration(row.longestNs),
    formatCount(row.smallPages),
    formatCount(row.largePages),
  ];
}

/** Three digits from a thousand million on: `1.1T` is 2^40. */
function formatCount(count: number): string {
  for (const [factor, suffix] of [
    [1e12, "T"],
    [1e9, "G"],
  ] as const) {
    if (count >= factor) return `${Number((count / factor).toPrecision(3))}${suffix}`;
  }
  return String(count);
}
