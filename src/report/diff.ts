/** Two results side by side: as a table for terminals and in Markdown, as JSON, and as comma-separated values. */

import { csvLine, jsonDocument } from "../results/formats.js";
import { MEASURES } from "../results/measures.js";
import { IDENTITY, type StoredRow } from "../results/read.js";
import type { Diff, FieldChange, MeasureChange, RowDiff, TimeChange } from "../study/diff.js";
import { type EventChange, eventWords } from "../study/diff-events.js";
import type { RepeatsChange } from "../study/diff-repeats.js";
import { formatBytes, formatDuration } from "../units.js";
import { formatInteger, formatVcpus, NO_VALUE, NUMBER_TEXTS } from "./cells.js";
import { diffSentences, isChanged, percentText } from "./diff-lead.js";
import { policyText, settingsText } from "./row-groups.js";
import {
  type Column,
  escapeCell,
  type Line,
  left,
  markdownLines,
  type Paint,
  plainPaint,
  right,
  tableText,
  textOf,
  wrapText,
} from "./table.js";

/** The two files, as they were named. */
export interface DiffNames {
  readonly a: string;
  readonly b: string;
}

const UNITS = new Map(MEASURES.map((measure) => [measure.name, measure]));

const COLUMNS: readonly Column<MeasureChange>[] = [
  left("measure", ({ name }) => name),
  right("A", (one) => valueText(one, one.a)),
  right("B", (one) => valueText(one, one.b)),
  right("change", (one) =>
    one.change === null ? NO_VALUE : signed(one.change, (size) => valueText(one, size)),
  ),
  right("of A", ({ share }) => (share === null ? NO_VALUE : signed(share, percentText))),
  left("", ({ verdict }) => (verdict === "neither" ? "" : verdict)),
];

function valueText({ name }: MeasureChange, value: number | null): string {
  return value === null ? NO_VALUE : NUMBER_TEXTS[UNITS.get(name)!.is](value);
}

function signed(value: number, text: (size: number) => string): string {
  return `${value < 0 ? "-" : "+"}${text(Math.abs(value))}`;
}

/** Most pairs and most lines of each kind that a table for people shows. */
const MOST = { pairs: 8, measures: 10, events: 5, phases: 3, others: 4 };

export function formatDiff(diff: Diff, names: DiffNames, paint: Paint = plainPaint): string {
  const changed = diff.pairs.filter(isChanged).sort((x, y) => weight(y) - weight(x));
  const shown = changed.slice(0, MOST.pairs);
  const hidden = changed.length - shown.length;
  const notes = [
    ...(hidden > 0 ? [`${hidden} more runs differ, by less.`] : []),
    ...unpairedLines(diff),
    "of A: the change as a share of A's value.",
    "Deeper: --json has every measure, phase and event of every pair, --fail-on makes a check of it.",
  ];
  if (shown.length === 0) {
    const lines = diffSentences(diff).flatMap((text) => wrapText(text, paint));
    return textOf([...lines, "", filesText(names), ...unpairedLines(diff)]);
  }
  const groups = shown.map((pair) => ({
    title: rowText(pair.b, diff),
    rows: measuresShown(pair).slice(0, MOST.measures),
    below: linesBelow(pair).map((text): Line => ({ text: `  ${text}` })),
  }));
  const roleOf = ({ verdict }: MeasureChange): "failure" | undefined =>
    verdict === "worse" ? "failure" : undefined;
  return tableText(
    { lead: diffSentences(diff), title: filesText(names), columns: COLUMNS, groups, roleOf, notes },
    paint,
  );
}

/** Sentences, a table of all pairs with the run in its first column, and what accounts for it as a list. */
export function formatDiffMarkdown(diff: Diff, names: DiffNames): string {
  const changed = diff.pairs.filter(isChanged);
  const rows = changed.flatMap((pair) => measuresShown(pair).map((change) => ({ pair, change })));
  const columns: Column<(typeof rows)[number]>[] = [
    left("run", ({ pair }) => rowText(pair.b, diff)),
    ...COLUMNS.map(({ cell, ...look }) => ({
      ...look,
      cell: ({ change }: (typeof rows)[number]) => cell(change),
    })),
  ];
  const list = changed.flatMap((pair) =>
    linesBelow(pair).map((text) => `- ${escapeCell(`${rowText(pair.b, diff)}: ${text}`)}`),
  );
  const table = rows.length === 0 ? [] : [...markdownLines(columns, rows), ""];
  const rest = [...list, ...unpairedLines(diff).map((line) => `- ${escapeCell(line)}`)];
  return textOf([
    ...diffSentences(diff),
    "",
    ...table,
    escapeCell(filesText(names)),
    ...(rest.length > 0 ? ["", ...rest] : []),
  ]);
}

/** How far a pair is apart, for the order of pairs. */
function weight({ a, b, measures }: RowDiff): number {
  if (a.outcome !== b.outcome) return Number.POSITIVE_INFINITY;
  const shares = measures.flatMap(({ name, share }) =>
    ["bootTimeNs", "totalTimeNs", "overheadBytes"].includes(name) ? [Math.abs(share ?? 0)] : [],
  );
  return Math.max(0, ...shares);
}

function filesText({ a, b }: DiffNames): string {
  return `A is ${a}, B is ${b}`;
}

/** Those that have a name for people, or else the first of the others. */
function measuresShown({ measures }: RowDiff): readonly MeasureChange[] {
  const labelled = measures.filter(({ name }) => {
    const { label, relative } = UNITS.get(name)!;
    return label !== undefined && relative === undefined;
  });
  return labelled.length > 0 ? labelled : measures.slice(0, MOST.measures);
}

/** What tells a row from others: always policy, platform and size, the rest where it differs. */
function rowText(row: StoredRow, { pairs, unpaired }: Diff): string {
  const all = [...pairs.map(({ b }) => b), ...unpaired.a, ...unpaired.b];
  const varied = (["scenario", "kernel", "workload", "boot"] as const).filter(
    (name) => new Set(all.map((one) => one[name])).size > 1,
  );
  const settings = settingsText(row);
  return [
    `${policyText(row)} on ${row.platform}`,
    formatBytes(row.memoryBytes),
    formatVcpus(row.vcpus),
    ...varied.map((name) => `${name} ${row[name]}`),
    ...(settings === "" ? [] : [settings]),
  ].join(", ");
}

function linesBelow(pair: RowDiff): string[] {
  const { inputs, others, phases, times, repeats, measures } = pair;
  const hidden = measures.length - Math.min(measuresShown(pair).length, MOST.measures);
  const moved = phases
    .slice(0, MOST.phases)
    .map(({ name, changeNs }) => `${name} ${signed(changeNs, formatDuration)}`);
  return [
    ...inputs.map((one) => `ran on another ${fieldText(one)}`),
    ...others.slice(0, MOST.others).map(fieldText),
    ...(others.length > MOST.others ? [`and ${others.length - MOST.others} more that are no numbers`] : []),
    ...(hidden > 0 ? [`and ${hidden} more measure${hidden === 1 ? "" : "s"}`] : []),
    ...(times.at(-1) === undefined ? [] : timeLines(times.at(-1)!)),
    ...(moved.length === 0
      ? []
      : [`phases of the boot: ${moved.join(", ")}${phases.length > MOST.phases ? ", ..." : ""}`]),
    ...(repeats === undefined ? [] : repeatsLines(repeats)),
  ];
}

function fieldText({ name, a, b }: FieldChange): string {
  return `${name}: ${shownValue(name, b)}, A ${shownValue(name, a)}`;
}

const LONGEST = 60;

function shownValue(name: string, value: unknown): string {
  if (value === undefined) return "none";
  if (name.endsWith("Bytes") && typeof value === "number") return formatBytes(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
}

const TIME_WORDS = { bootTimeNs: "boot", totalTimeNs: "total" } as const;

function timeLines({ name, changeNs, events, otherNs }: TimeChange): string[] {
  const shown = events.slice(0, MOST.events);
  const rest = events.length - shown.length;
  return [
    ...shown.map((one) => `${TIME_WORDS[name]}: ${eventText(one)}`),
    ...(rest > 0 ? [`${TIME_WORDS[name]}: and ${rest} more event${rest === 1 ? "" : "s"}`] : []),
    ...(otherNs === null || Math.round(otherNs) === 0 || events.length === 0
      ? []
      : [
          `${TIME_WORDS[name]}: ${signed(otherNs, formatDuration)} of ${signed(changeNs, formatDuration)} is no event's: own work, waiting`,
        ]),
  ];
}

/** `vmgexitPsc (an exit ...): +8,064 at 3.55 µs, +28.6 ms`, or with both prices. */
function eventText({ event, a, b, byCountNs, byPriceNs }: EventChange): string {
  const words = eventWords(event);
  const count = b.count - a.count;
  const [before, after] = [a.priceNs, b.priceNs].map((ns) => (ns === null ? undefined : formatDuration(ns)));
  const parts = [
    ...(count === 0
      ? []
      : [`${signed(count, formatInteger)} at ${before ?? after}, ${signed(byCountNs, formatDuration)}`]),
    ...(byPriceNs === 0
      ? []
      : [
          `${formatInteger(b.count)} at ${after} rather than ${before}, ${signed(byPriceNs, formatDuration)}`,
        ]),
  ];
  return `${event}${words === undefined ? "" : ` (${words})`}: ${parts.join("; ")}`;
}

function repeatsLines({ runs, means, whyNot }: RepeatsChange): string[] {
  const count = `${runs.a} and ${runs.b} runs`;
  if (whyNot !== undefined) return [`whether that is chance cannot be said: ${whyNot}`];
  if (means.length === 0) return [`over seeds: the means are the same (${count})`];
  return means.map(({ name, change, halfWidth, isSignificant }) => {
    const { is } = UNITS.get(name)!;
    const text = (value: number): string => NUMBER_TEXTS[is](Math.round(value));
    const verdict = isSignificant ? "more than chance" : "no more than chance";
    return `over seeds: ${name} ${signed(change, text)} ± ${text(halfWidth)}, ${verdict} (${count})`;
  });
}

function unpairedLines(diff: Diff): string[] {
  const { a, b } = diff.unpaired;
  return [
    ...a.map((row) => `only in A: ${rowText(row, diff)}`),
    ...b.map((row) => `only in B: ${rowText(row, diff)}`),
  ];
}

/** `{ a, b, pairs, unpaired }`: files, and for each pair what it ran on and all that differs. */
export function formatDiffJson({ pairs, unpaired }: Diff, names: DiffNames): string {
  return jsonDocument({
    ...names,
    pairs: pairs.map(({ a, b, ...changes }) => ({
      ...identityOf(b),
      outcome: { a: a.outcome, b: b.outcome },
      isChanged: isChanged({ a, b, ...changes }),
      ...changes,
    })),
    unpaired: { a: unpaired.a.map(identityOf), b: unpaired.b.map(identityOf) },
  });
}

function identityOf(row: StoredRow): object {
  return Object.fromEntries(IDENTITY.map((name) => [name, row[name]]));
}

/** A line for each measure, phase, event and price that differs; what it ran on is in front of each. */
export function formatDiffCsv({ pairs }: Diff): string {
  const head = [...IDENTITY, "name", "a", "b", "change", "share", "verdict", "meanChange", "meanHalfWidth"];
  const lines = pairs.flatMap((pair) => {
    const identity = IDENTITY.map((name) =>
      name === "settings" ? JSON.stringify(pair.b.settings) : pair.b[name],
    );
    const plain = (name: string, a: number | null, b: number | null): string => {
      const change = (b ?? 0) - (a ?? 0);
      const share = a === null || a === 0 ? null : change / a;
      return csvLine([...identity, name, a, b, change, share, "neither", null, null]);
    };
    const events = pair.times.find(({ name }) => name === "totalTimeNs") ?? pair.times.at(-1);
    return [
      ...pair.measures.map(({ name, a, b, change, share, verdict }) => {
        const mean = pair.repeats?.means.find((one) => one.name === name);
        return csvLine([...identity, name, a, b, change, share, verdict, mean?.change, mean?.halfWidth]);
      }),
      ...pair.phases.map(({ name, aNs, bNs }) => plain(`phases.${name}`, aNs, bNs)),
      ...(events?.events ?? []).flatMap(({ event, a, b }) => [
        ...(a.count === b.count ? [] : [plain(`costs.${event}`, a.count, b.count)]),
        ...(a.priceNs === null || b.priceNs === null || a.priceNs === b.priceNs
          ? []
          : [plain(`prices.${event}`, a.priceNs, b.priceNs)]),
      ]),
    ];
  });
  return [csvLine(head), ...lines].join("");
}
