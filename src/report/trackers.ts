/** Trackers side by side: for people and as JSON. */

import { jsonDocument } from "../results/formats.js";
import { LINE_NS, type TrackerComparison, type TrackerRow } from "../study/trackers.js";
import { formatBytes, formatDuration } from "../units.js";
import { type Column, left, type Paint, right, tableText } from "./table.js";

/** The boots, then the worst case of each tracker. */
export interface TrackerReport {
  readonly boots: readonly TrackerComparison[];
  /** Requests that no boot makes. */
  readonly worstCases: readonly { readonly name: string; readonly comparison: TrackerComparison }[];
}

const COLUMNS: readonly Column<TrackerRow>[] = [
  left("tracker", (row) => row.name),
  right("bytes", (row) => formatBytes(row.memoryBytes)),
  right("entries", (row) => formatCount(row.entries)),
  right("splits", (row) => formatCount(row.splits)),
  right("gaps", (row) => formatBytes(row.gapBytes)),
  right("operations", (row) => formatCount(row.operations)),
  right("time", (row) => formatDuration(row.timeNs), 1),
  right("longest", (row) => formatDuration(row.longestNs), 1),
  right("4 KiB", (row) => formatCount(row.smallPages)),
  right("2 MiB", (row) => formatCount(row.largePages)),
];

/** One table with a part for each list of requests. */
export function formatTrackers({ boots, worstCases }: TrackerReport, paint: Paint): string {
  const parts = [...boots.map((comparison) => ({ name: "boot", comparison })), ...worstCases];
  const groups = parts.map(({ name, comparison }) => ({
    title: `${name}, ${titleOf(comparison)}`,
    rows: comparison.trackers,
  }));
  return tableText(
    { lead: boots.slice(-1).map(conclusionOf), columns: COLUMNS, groups, notes: NOTES },
    paint,
  );
}

/** What remembering costs the largest of the guests. */
function conclusionOf({ memoryBytes, trackers }: TrackerComparison): string {
  const byTime = trackers.toSorted((a, b) => a.timeNs - b.timeNs);
  const [fastest, slowest] = [byTime[0]!, byTime.at(-1)!];
  return (
    `With ${formatBytes(memoryBytes)}, ${fastest.name} is the fastest: ${formatDuration(fastest.timeNs)} for the ` +
    `whole boot, in ${formatBytes(fastest.memoryBytes)}; ${slowest.name} is the slowest, with ` +
    `${formatDuration(slowest.timeNs)}, in ${formatBytes(slowest.memoryBytes)}.`
  );
}

const NOTES = [
  "bytes: what the tracker takes by itself, at most. entries: ranges, bits or flags. gaps: memory accepted " +
    "only because the table of ranges was full. 4 KiB and 2 MiB: pages accepted in each size. G and T: 10^9 " +
    "and 10^12.",
  `time: of the tracker alone, all requests and the longest, at an assumed ${LINE_NS} ns for a cache line. ` +
    "e820-zero-page has room for 128 entries, e820-kernel for 3200. The page flag exists from the first " +
    "struct page on and is lost at kexec.",
];

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

/** Three digits from a thousand million on: `1.1T` is 2^40. */
function formatCount(count: number): string {
  const [factor, suffix] = count >= 1e12 ? [1e12, "T"] : count >= 1e9 ? [1e9, "G"] : [1, ""];
  return factor === 1 ? String(count) : `${Number((count / factor).toPrecision(3))}${suffix}`;
}
