/** Rows side by side: as a table for terminals and in Markdown, with sentences that keep numbers from being read for more than they are. */

import { kernelRelease } from "../linux/kernel-rules.js";
import { compareReleases, parseReleaseName } from "../linux/release-name.js";
import { BASELINE_POLICY } from "../policy/policies.js";
import { type Measure, type MeasureName, measureNamed, valueIn } from "../results/measures.js";
import type { CompareRow, Outcome, RunResult } from "../results/row.js";
import { formatBytes } from "../units.js";
import {
  formatCount,
  formatInteger,
  formatShare,
  formatVcpus,
  kernelText,
  NO_VALUE,
  NUMBER_TEXTS,
} from "./cells.js";
import {
  confidentialIn,
  failureTexts,
  groupedRows,
  policyText,
  settingsText,
  whatIfNotes,
} from "./row-groups.js";
import {
  type Column,
  escapeCell,
  left,
  markdownLines,
  type Paint,
  plainPaint,
  right,
  tableText,
  textOf,
} from "./table.js";

/**
 * Prints rows in groups of the same platform and memory, under one head, with what the
 * columns mean below. A run that is not ready shows its outcome in place of its boot time,
 * and the reason below.
 *
 * @param rows at least one
 * @param baseline the policy that ratios compare with
 */
export function formatTable(
  rows: readonly CompareRow[],
  paint: Paint = plainPaint,
  baseline: string = BASELINE_POLICY,
): string {
  const failed = (outcome: Failure): string => paint("failure", FAILURE_WORDS[outcome]);
  return tableText(
    {
      ...groupedRows(rows, (group) =>
        [earlyMapText, ...(kernelsIn(rows).length > 1 ? [acceptText] : [])].flatMap((textFor) =>
          group.flatMap((row) => {
            const text = textFor(row);
            return text === undefined ? [] : [{ text: `  ${text}` }];
          }),
        ),
      ),
      columns: [left("policy", markedPolicy), ...numberColumns(usualColumns(rows), formatCount, failed)],
      notes: columnNotes(rows, baseline),
    },
    paint,
  );
}

type Failure = Exclude<Outcome, "ready">;

/** Short enough for the column of the boot time, and not to be taken for one. */
const FAILURE_WORDS: Readonly<Record<Failure, string>> = {
  oom: "OOM",
  deadline: "LATE",
  terminated: "STOPPED",
};

/** Left out where they are the same in all rows of a table that has several. */
const VARIED_COLUMNS: readonly Column<CompareRow>[] = [
  left("scenario", (row) => row.scenario),
  left("workload", (row) => row.workload),
  left("kernel", kernelText),
  left("settings", settingsText),
];

const MARKDOWN_COLUMNS: readonly Column<CompareRow>[] = [
  left("platform", (row) => row.platform),
  right("memory", (row) => formatBytes(row.memoryBytes)),
  right("vCPUs", (row) => String(row.vcpus)),
  left("policy", markedPolicy),
];

/** Prints a table and, as a list below it, failed runs, what went wrong in others and what the columns mean. */
export function formatMarkdown(rows: readonly CompareRow[]): string {
  const varied = VARIED_COLUMNS.filter(({ cell }) => new Set(rows.map(cell)).size > 1);
  const notes = [...rows.flatMap(failureNotes), ...columnNotes(rows)];
  const numbers = numberColumns(usualColumns(rows), formatInteger, (outcome) => `**${outcome}**`);
  const lines = markdownLines([...varied, ...MARKDOWN_COLUMNS, ...numbers], rows);
  return textOf([...lines, "", ...notes.map((note) => `- ${note}`)]);
}

function failureNotes(row: CompareRow): string[] {
  const machine = `${row.platform}, ${formatBytes(row.memoryBytes)}, ${formatVcpus(row.vcpus)}`;
  return failureTexts(row).map((text) => `**${row.policy}** on ${machine}: ${escapeCell(text)}`);
}

/** The policy, with a star where no other one beats it. */
function markedPolicy(row: CompareRow): string {
  return row.paretoOptimal === true ? `${policyText(row)} *` : policyText(row);
}

/** What a comparison shows, the most telling first; of rows with a workload besides the boot, and of others. */
const USUAL_COLUMNS: Readonly<Record<"boot" | "workload", readonly MeasureName[]>> = {
  boot: [
    "bootTimeNs",
    "bootRatio",
    "overheadBytes",
    "hostBytes",
    "waits.boot.count",
    "waits.boot.totalNs",
    "waits.boot.maxNs",
    "assumedShare",
    "waits.boot.p99Ns",
    "acceptedBytes",
    "touchedBytes",
  ],
  workload: [
    "totalTimeNs",
    "bootTimeNs",
    "workloadTimeNs",
    "totalRatio",
    "overheadBytes",
    "waits.workload.count",
    "waits.workload.totalNs",
    "waits.workload.maxNs",
    "hostBytes",
    "assumedShare",
    "waits.workload.p99Ns",
    "waits.boot.totalNs",
    "acceptedBytes",
    "touchedBytes",
  ],
};

function usualColumns(rows: readonly CompareRow[]): Measure[] {
  const phase = rows.some(({ workload, boot }) => workload !== boot) ? "workload" : "boot";
  return USUAL_COLUMNS[phase].map(measureNamed);
}

/** The label, or the name where another column has the same label. */
function headOf({ label, name }: Measure, among: readonly Measure[]): string {
  return label === undefined || among.some((other) => other.label === label && other.name !== name)
    ? name
    : label;
}

/** @param failed what stands for the boot time of a run that did not boot */
function numberColumns(
  measures: readonly Measure[],
  count: (value: number) => string,
  failed: (outcome: Failure) => string,
): Column<CompareRow>[] {
  const texts = { ...NUMBER_TEXTS, count };
  const cellOf = (measure: Measure, row: CompareRow): string => {
    const value = valueIn(measure, row) as number | null | undefined;
    if (measure.name === "bootTimeNs" && row.outcome !== "ready") return failed(row.outcome);
    const isNone = value === null || value === undefined || (measure.is === "ns" && value === 0);
    return isNone ? NO_VALUE : texts[measure.is](value);
  };
  return measures.map((measure) => right(headOf(measure, measures), (row) => cellOf(measure, row)));
}

/** Settings that change nothing but what the direct map goes through. */
const EARLY_MAP_SETTINGS: readonly string[] = [
  "shareWithoutAccept",
  "decryptedSection",
  "splitTables",
  "splitRaces",
  "dmaBuffers",
];

/** One line on the direct map of a row that differs from others in what concerns it; else nothing. */
export function earlyMapText({ earlyMap, settings }: CompareRow): string | undefined {
  if (earlyMap === undefined || !EARLY_MAP_SETTINGS.some((name) => `guest.${name}` in settings))
    return undefined;
  const { splits, tables, localFlushes, globalFlushes, wastedAcceptBytes } = earlyMap;
  const count = formatInteger(tables.brk + tables.memblock + tables.buddy);
  return (
    `direct map: splits ${formatInteger(splits)}, tables ${count}, flushes ${formatInteger(localFlushes)} of one ` +
    `CPU and ${formatInteger(globalFlushes)} of all, ${formatBytes(wastedAcceptBytes)} accepted only to be shared`
  );
}

/** What a kernel's rules change before they change any time; nothing where no memory has to be accepted. */
function acceptText({ acceptCalls, exits }: CompareRow): string | undefined {
  return acceptCalls + exits === 0
    ? undefined
    : `accept calls ${formatInteger(acceptCalls)}, exits ${formatInteger(exits)}`;
}

/** Names of the kernels that differ in their rules, the oldest first. */
function kernelsIn(rows: readonly CompareRow[]): string[] {
  const byRules = new Map(rows.map(({ kernel, kernelRules }) => [kernelRules, kernel]));
  return [...byRules.values()].sort((a, b) => compareReleases(parseReleaseName(a)!, parseReleaseName(b)!));
}

/** What each kernel does differently from the one before it in the comparison, with the commits that did it. */
function kernelNotes(rows: readonly CompareRow[]): string[] {
  const kernels = kernelsIn(rows);
  return kernels.slice(1).map((kernel, at) => {
    const before = new Set(kernelRelease(kernels[at]!).changes);
    const since = kernelRelease(kernel).changes.filter((change) => !before.has(change));
    const texts = since.map(({ what, commit }) => `${what} (${commit})`);
    return `Linux ${kernel} since ${kernels[at]}: ${texts.join("; ")}.`;
  });
}

/** Meanings of the columns, and how far the times can be trusted. */
function columnNotes(rows: readonly CompareRow[], baseline: string = BASELINE_POLICY): string[] {
  const notes = [
    ...(rows.some(({ paretoOptimal }) => paretoOptimal === true)
      ? [
          "*: no other policy on the same input is at least as good in boot time and overhead, and better in one.",
        ]
      : []),
    `ratio: boot time of ${baseline} on the same machine divided by this one's; above 1x is faster than ${baseline}.`,
    "overhead: what the host spends for the guest beyond the memory that the guest has touched.",
    "waits: allocations that waited for memory to be accepted; waited: together; max: the longest wait.",
    `assumed: part of the boot time that rests on assumed prices, ${shareRange(rows)}; the other prices ` +
      "are measured or derived from published numbers.",
  ];
  if (rows.some(({ repeats }) => repeats !== undefined)) {
    notes.push(
      "seeds: mean and interval of 95 % confidence (Student's t) over runs with other seeds; the row is the first.",
    );
  }
  notes.push(...whatIfNotes(rows), ...kernelNotes(rows));
  const platforms = confidentialIn(rows);
  if (platforms.length > 1) {
    notes.push(
      `The costs of accepting memory on ${platforms.join(" and on ")} come from different sources: compare policies ` +
        "within a platform rather than one platform with the other.",
    );
  }
  return notes;
}

/** `12 % to 48 % here`, or one number where all rows have the same. */
function shareRange(rows: readonly RunResult[]): string {
  const shares = rows.map((row) => row.assumedShare);
  const low = formatShare(shares.reduce((a, b) => Math.min(a, b), 1));
  const high = formatShare(shares.reduce((a, b) => Math.max(a, b), 0));
  return low === high ? `${low} here` : `${low} to ${high} here`;
}
