/** Rows that ran on the same input, and the words that say which input that was. */

import { PLATFORM_KINDS, PLATFORMS, type PlatformKind } from "../coco/platforms.js";
import { DEFAULT_PRICES } from "../coco/price-set.js";
import { FIRMWARES } from "../firmware/firmwares.js";
import { behaviourOf, policies } from "../policy/policies.js";
import { type Measure, measuresIn } from "../results/measures.js";
import { isSound, problemsOf } from "../results/problems.js";
import type { CompareRow, Repeats, RunResult } from "../results/row.js";
import { bestFirst, usualRank } from "../study/compare.js";
import { isOfPolicy } from "../study/settings.js";
import { formatBytes, formatDuration } from "../units.js";
import { formatVcpus, kernelText, NO_VALUE, NUMBER_TEXTS } from "./cells.js";
import { headOf } from "./measure-columns.js";
import { type Column, type Line, left, titledGroups } from "./table.js";

/** Each part of a title; the ones that are the same everywhere are said only once. */
const PARTS: readonly ((row: CompareRow) => string)[] = [
  (row) => `scenario ${row.scenario}`,
  (row) => `prices ${row.prices}`,
  (row) => `Linux ${kernelText(row)}`,
  (row) => formatVcpus(row.vcpus),
  (row) => `workload ${row.workload}`,
  (row) => settingsText(row),
];

/** What goes without saying where all rows have it. */
const UNSAID = `prices ${DEFAULT_PRICES}`;

/** What can tell an input from others, one column each where every input has one run only. */
type InputColumn = readonly [head: string, cell: (row: CompareRow) => string];

const INPUT_COLUMNS: readonly InputColumn[] = [
  ["scenario", (row) => row.scenario],
  ["platform", (row) => row.platform],
  ["prices", (row) => row.prices],
  ["memory", (row) => formatBytes(row.memoryBytes)],
  ["Linux", kernelText],
  ["vCPUs", (row) => String(row.vcpus)],
  ["workload", (row) => row.workload],
];

/** Rows of which each has an input of its own. */
export interface OwnInputs {
  /** What they differ in, in the place of titles. */
  readonly columns: Column<CompareRow>[];
  /** What of platform and memory all share, which no title of a group says; may be empty. */
  readonly machine: string;
}

/** Undefined where some input has several rows, or there is one input only. */
export function ownInputs(rows: readonly CompareRow[]): OwnInputs | undefined {
  const titleOf = (row: CompareRow): string =>
    joinParts([...INPUT_COLUMNS.map(([, cell]) => cell(row)), settingsText(row)]);
  const titles = new Set(rows.map(titleOf));
  if (titles.size === 1 || titles.size < rows.length) return undefined;
  const paths = new Set(rows.flatMap(({ settings }) => Object.keys(settings)));
  const ofSettings = [...paths]
    .filter((path) => !isOfPolicy(path))
    .map((path): InputColumn => [settingName(path), ({ settings }) => valueCell(path, settings[path])]);
  const differs = ([, cell]: InputColumn): boolean => new Set(rows.map(cell)).size > 1;
  return {
    columns: [...INPUT_COLUMNS, ...ofSettings].filter(differs).map(([head, cell]) => left(head, cell)),
    machine: joinParts(
      INPUT_COLUMNS.filter((column) => ["platform", "memory"].includes(column[0]) && !differs(column)).map(
        ([, cell]) => cell(rows[0]!),
      ),
    ),
  };
}

function valueCell(path: string, value: Setting | undefined): string {
  return value === undefined || value === "" ? NO_VALUE : settingValue(path, value);
}

/**
 * Groups rows by everything that describes their input but the policy and its parameters; settings that
 * all share are the title. Within a group the best comes first, after all of them those with problems,
 * and last those that did not get ready. Problems of a run stand below it.
 *
 * @param below further lines below the rows of a group
 * @param sort what is better; if absent what the rows are ranked by
 */
export function groupedRows<Row extends CompareRow>(
  rows: readonly Row[],
  below: (group: readonly Row[]) => Line[],
  sort?: readonly Measure[],
): {
  readonly title: string;
  readonly groups: readonly {
    readonly title: string;
    readonly rows: readonly Row[];
    readonly below: readonly Line[];
  }[];
  readonly belowRow: (row: Row) => readonly Line[];
} {
  const values = PARTS.map((part) => new Set(rows.map(part)));
  const common = PARTS.flatMap((_part, index) =>
    values[index]!.size === 1 ? [...values[index]!] : [],
  ).filter((part) => part !== UNSAID);
  const titleOf = (row: Row): string => {
    const own = PARTS.flatMap((part, index) => (values[index]!.size > 1 ? [part(row)] : []));
    return joinParts([`${row.platform}, ${formatBytes(row.memoryBytes)}`, ...own]);
  };
  return {
    title: joinParts(common),
    groups: titledGroups(rows, titleOf).map(({ title, rows: own }) => {
      const sorted = own.toSorted(soundFirst(sort ?? usualRank(own[0]!)));
      return { title, rows: sorted, below: below(sorted) };
    }),
    belowRow: linesBelow,
  };
}

function linesBelow(row: CompareRow): Line[] {
  return [
    ...failureTexts(row).map((text): Line => ({ text: `  ${text}`, role: "failure" })),
    ...(row.repeats === undefined ? [] : [{ text: `  ${repeatsText(row.repeats)}` }]),
  ];
}

function soundFirst(sort: readonly Measure[]): (a: CompareRow, b: CompareRow) => number {
  const rank = (row: CompareRow): number => (isSound(row) ? 0 : row.outcome === "ready" ? 1 : 2);
  const byMeasures = bestFirst(sort);
  return (a, b) => rank(a) - rank(b) || (a.outcome === "ready" ? byMeasures(a, b) : 0);
}

/** How a run that is not ready ended, `oom after 1.24 s: no free page of order 0`, and what else went wrong. */
export function failureTexts(run: RunResult): string[] {
  const { outcome, reason, bootTimeNs } = run;
  const ended = `${outcome} after ${formatDuration(bootTimeNs)}${reason === undefined ? "" : `: ${reason}`}`;
  return [...(outcome === "ready" ? [] : [ended]), ...problemsOf(run).map(({ text }) => text)];
}

/** `5 seeds: boot 10.4 s ± 12 ms, ...`, for a run that was repeated. */
function repeatsText(repeats: Repeats): string {
  const measures = measuresIn("repeat");
  const parts = measures.flatMap((measure) => {
    const { mean, halfWidth } = repeats[measure.name];
    if (mean === 0 && halfWidth === 0) return [];
    const [middle, half] = [mean, halfWidth].map((value) => NUMBER_TEXTS[measure.is](Math.round(value)));
    return `${headOf(measure, measures)} ${middle} ± ${half}`;
  });
  const bad = repeats.failed === 0 ? "" : `, ${repeats.failed} of them failed`;
  return `${repeats.runs} seeds${bad}: ${parts.join(", ")}`;
}

/** Assumptions of a row that hold for no real firmware. */
export function whatIfNotes(rows: readonly RunResult[]): string[] {
  return [...policies().byName.values()]
    .filter((policy) => behaviourOf(policy).firmwareAcceptsAtExit)
    .flatMap(({ name: policy }) =>
      confidentialIn(rows.filter((row) => row.policy === policy)).flatMap((kind) => {
        const { name, acceptanceProtocol } = FIRMWARES[PLATFORMS[kind].defaultFirmware];
        if (acceptanceProtocol) return [];
        return `${policy} on ${kind} is a what-if: ${name.toUpperCase()} has no acceptance protocol, and is simulated with OVMF's.`;
      }),
    );
}

export function confidentialIn(rows: readonly RunResult[]): PlatformKind[] {
  return PLATFORM_KINDS.filter(
    (kind) => PLATFORMS[kind].isConfidential && rows.some(({ platform }) => platform === kind),
  );
}

/** The policy, and of its parameters those that tell it from others: `background threads=2`. */
export function policyText(row: Pick<CompareRow, "policy" | "settings">): string {
  const own = Object.entries(row.settings).filter(([path]) => isOfPolicy(path));
  return [
    row.policy,
    ...own.map(([path, value]) => settingText(path.slice("strategy.".length), value, "=")),
  ].join(" ");
}

/** As a scenario file says it: `host.pageSize 2 MiB, platform.tdcallNs 900`, or empty. */
export function settingsText(row: Pick<CompareRow, "settings">): string {
  return joinParts(
    Object.entries(row.settings)
      .filter(([path]) => !isOfPolicy(path))
      .map(([path, value]) => settingText(path, value, " ")),
  );
}

function settingText(path: string, value: Setting, separator: string): string {
  return `${settingName(path)}${separator}${value === "" ? "none" : settingValue(path, value)}`;
}

type Setting = CompareRow["settings"][string];

/** As a scenario file has it. */
export function settingName(path: string): string {
  return path.replace("platform.parameters.", "platform.").replace(/Bytes$/, "");
}

function settingValue(path: string, value: Setting): string {
  if (typeof value !== "number") return String(value);
  if (path.endsWith("Bytes")) return formatBytes(value);
  return path.endsWith("Ns") ? formatDuration(value) : String(value);
}

function joinParts(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(", ");
}
