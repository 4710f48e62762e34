/** Rows side by side: as a table for terminals and in Markdown, with sentences that keep numbers from being read for more than they are. */

import { kernelRelease } from "../linux/kernel-rules.js";
import { compareReleases, parseReleaseName } from "../linux/release-name.js";
import { BASELINE_POLICY } from "../policy/policies.js";
import type { Measure } from "../results/measures.js";
import type { CompareRow, RunResult } from "../results/row.js";
import { usualRank } from "../study/compare.js";
import { formatBytes } from "../units.js";
import { formatCount, formatInteger, formatShare, formatVcpus, kernelText } from "./cells.js";
import { conclusionOf } from "./conclusion.js";
import { type Failure, headOf, measureColumns, usualColumns } from "./measure-columns.js";
import {
  confidentialIn,
  failureTexts,
  groupedRows,
  ownInputs,
  policyText,
  settingsText,
  whatIfNotes,
} from "./row-groups.js";
import {
  type Column,
  escapeCell,
  type Line,
  left,
  markdownLines,
  type Paint,
  plainPaint,
  right,
  type Table,
  tableText,
  textOf,
} from "./table.js";

/** How a comparison is shown. */
export interface RowsLook {
  /** The policy that ratios compare with; `BASELINE_POLICY` if absent. */
  readonly baseline?: string;
  /** What is shown, in this order; what tells most if absent. */
  readonly columns?: readonly Measure[];
  /** What rows are sorted by, the best first; what they are ranked by if absent. */
  readonly sort?: readonly Measure[];
  /** What the conclusion and the mark go by; `usualRank` if absent. */
  readonly rank?: readonly Measure[];
}

/**
 * Prints a conclusion, then rows in groups of the same input, under one head, with what the columns mean
 * below. A run that is not ready shows its outcome in its first column, and the reason below.
 *
 * @param rows at least one
 */
export function formatTable(
  rows: readonly CompareRow[],
  paint: Paint = plainPaint,
  look: RowsLook = {},
): string {
  const table = rowsTable(rows, paint, look);
  return tableText({ ...table, notes: [...table.notes, DEEPER] }, paint);
}

/** The same as a table that is not laid out yet. */
export function rowsTable(
  rows: readonly CompareRow[],
  paint: Paint = plainPaint,
  { baseline = BASELINE_POLICY, columns = usualColumns(rows), sort, rank }: RowsLook = {},
): Table<CompareRow> {
  const failed = (outcome: Failure): string => paint("failure", FAILURE_WORDS[outcome]);
  const linesFor = [earlyMapText, ...(kernelsIn(rows).length > 1 ? [acceptText] : [])];
  const linesBelow = (group: readonly CompareRow[]): Line[] =>
    linesFor.flatMap((textFor) =>
      group.flatMap((row) => {
        const text = textFor(row);
        return text === undefined ? [] : [{ text: `  ${text}` }];
      }),
    );
  const grouped = groupedRows(rows, linesBelow, sort ?? rank);
  const inputs = ownInputs(rows);
  const { belowRow } = grouped;
  const look =
    inputs === undefined
      ? grouped
      : {
          title: [inputs.machine, grouped.title].filter((part) => part !== "").join(", "),
          groups: [{ rows }],
          belowRow: (row: CompareRow) => [...belowRow(row), ...linesBelow([row])],
        };
  return {
    ...look,
    lead: conclusionOf(grouped.groups, baseline, rank),
    columns: [
      left("policy", markedPolicy),
      ...(inputs?.columns ?? []),
      ...measureColumns(columns, formatCount, failed),
    ],
    notes: columnNotes(rows, { baseline, columns, rank }),
  };
}

const DEEPER =
  "Deeper: `unaccepted run` with one policy and size shows where its time goes; --uncertainty makes the runs " +
  "at all ends of the assumed prices; --columns, --sort and --rank take any measure.";

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
  left("prices", (row) => row.prices),
  left("settings", settingsText),
];

const MARKDOWN_COLUMNS: readonly Column<CompareRow>[] = [
  left("platform", (row) => row.platform),
  right("memory", (row) => formatBytes(row.memoryBytes)),
  right("vCPUs", (row) => String(row.vcpus)),
  left("policy", markedPolicy),
];

/** Prints a conclusion, a table and, as a list below it, failed runs, what went wrong in others and what the columns mean. */
export function formatMarkdown(
  rows: readonly CompareRow[],
  { baseline = BASELINE_POLICY, columns = usualColumns(rows), sort, rank }: RowsLook = {},
): string {
  const { groups } = groupedRows(rows, () => [], sort ?? rank);
  const ordered = sort === undefined && rank === undefined ? rows : groups.flatMap(({ rows: own }) => own);
  const varied = VARIED_COLUMNS.filter(({ cell }) => new Set(rows.map(cell)).size > 1);
  const notes = [...rows.flatMap(failureNotes), ...columnNotes(rows, { baseline, columns, rank })];
  const numbers = measureColumns(columns, formatInteger, (outcome) => `**${outcome}**`);
  const lines = markdownLines([...varied, ...MARKDOWN_COLUMNS, ...numbers], ordered);
  const lead = conclusionOf(groups, baseline, rank).flatMap((text) => [escapeCell(text), ""]);
  return textOf([...lead, ...lines, "", ...notes.map((note) => `- ${note}`)]);
}

function failureNotes(row: CompareRow): string[] {
  const machine = `${row.platform}, ${formatBytes(row.memoryBytes)}, ${formatVcpus(row.vcpus)}`;
  return failureTexts(row).map((text) => `**${row.policy}** on ${machine}: ${escapeCell(text)}`);
}

/** The policy, with a star where no other one beats it. */
function markedPolicy(row: CompareRow): string {
  return row.paretoOptimal === true ? `${policyText(row)} *` : policyText(row);
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
function columnNotes(
  rows: readonly CompareRow[],
  {
    baseline,
    columns,
    rank,
  }: Required<Pick<RowsLook, "baseline" | "columns">> & {
    readonly rank: RowsLook["rank"] | undefined;
  },
): string[] {
  const shown = new Set(columns.map(({ name }) => name));
  const ranked = [...new Set(rows.flatMap((row) => rank ?? usualRank(row)))];
  const by = ranked.map((measure) => headOf(measure, ranked)).join(" and ");
  const waits = (["boot", "workload"] as const).filter((phase) => shown.has(`waits.${phase}.count`));
  const notes = [
    ...(rows.some(({ paretoOptimal }) => paretoOptimal === true)
      ? [`*: no other policy on the same input is at least as good in ${by}, and better in one.`]
      : []),
    ...(shown.has("totalTimeNs")
      ? ["total: from power-on until the workload is done; boot: until init runs; workload: from there on."]
      : []),
    ...(shown.has("bootRatio") || shown.has("totalRatio")
      ? [
          `ratio: ${shown.has("totalRatio") ? "total" : "boot"} time of ${baseline} on the same machine divided by ` +
            `this one's; above 1x is faster than ${baseline}.`,
        ]
      : []),
    ...(shown.has("overheadBytes")
      ? ["overhead: what the host spends for the guest beyond the memory that the guest has touched."]
      : []),
    ...waits.map((phase) => waitsNote(rows, phase)),
    ...(shown.has("assumedShare")
      ? [
          `assumed: part of the boot time that rests on assumed prices, ${shareRange(rows)}; the other prices ` +
            "are measured or derived from published numbers.",
        ]
      : []),
    ...columns
      .filter(({ label }) => label === undefined)
      .map(({ name, doc }) => `${name}: ${doc.charAt(0).toLowerCase()}${doc.slice(1)}`),
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

function waitsNote(rows: readonly CompareRow[], phase: "boot" | "workload"): string {
  const counts = rows.map(({ waits }) => waits[phase].allocations);
  const [low, high] = [counts.reduce((a, b) => Math.min(a, b)), counts.reduce((a, b) => Math.max(a, b))];
  const of = low === high ? formatInteger(low) : `${formatInteger(low)} to ${formatInteger(high)}`;
  const when = phase === "boot" ? "of the boot" : "after init";
  return (
    `waits: allocations ${when}, of ${of}, that waited for memory to be accepted; waited: together; ` +
    "max: the longest; p99: at most so long waited all but 1 % of all of them."
  );
}

/** `12 % to 48 % here`, or one number where all rows have the same. */
function shareRange(rows: readonly RunResult[]): string {
  const shares = rows.map((row) => row.assumedShare);
  const low = formatShare(shares.reduce((a, b) => Math.min(a, b), 1));
  const high = formatShare(shares.reduce((a, b) => Math.max(a, b), 0));
  return low === high ? `${low} here` : `${low} to ${high} here`;
}
