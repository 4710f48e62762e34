/** Rows as a table for GitHub and other Markdown readers. */

import type { CompareRow } from "../results/row.js";
import { formatBytes, formatDuration } from "../units.js";
import { formatInteger, formatRatio, formatShare, formatVcpus, kernelText, NO_VALUE } from "./cells.js";
import { columnNotes, failureText, problemTexts } from "./notes.js";
import { policyText, settingsText } from "./row-groups.js";

interface Column {
  readonly head: string;
  readonly align: "left" | "right";
  readonly cell: (row: CompareRow) => string;
  /** Left out where this is the same in all rows of a table that has several. */
  readonly onlyIfVaried?: true;
}

const COLUMNS: readonly Column[] = [
  { head: "scenario", align: "left", cell: (row) => row.scenario, onlyIfVaried: true },
  { head: "workload", align: "left", cell: (row) => row.workload, onlyIfVaried: true },
  { head: "kernel", align: "left", cell: kernelText, onlyIfVaried: true },
  { head: "settings", align: "left", cell: settingsText, onlyIfVaried: true },
  { head: "platform", align: "left", cell: (row) => row.platform },
  { head: "memory", align: "right", cell: (row) => formatBytes(row.memoryBytes) },
  { head: "vCPUs", align: "right", cell: (row) => String(row.vcpus) },
  {
    head: "policy",
    align: "left",
    cell: (row) => (row.paretoOptimal === true ? `${policyText(row)} *` : policyText(row)),
  },
  { head: "boot", align: "right", cell: bootCell },
  { head: "ratio", align: "right", cell: (row) => formatRatio(row.bootRatio) },
  { head: "accepted", align: "right", cell: (row) => formatBytes(row.acceptedBytes) },
  { head: "touched", align: "right", cell: (row) => formatBytes(row.touchedBytes) },
  { head: "host", align: "right", cell: (row) => formatBytes(row.hostBytes) },
  { head: "overhead", align: "right", cell: (row) => formatBytes(row.overheadBytes) },
  { head: "stalls", align: "right", cell: (row) => formatInteger(row.stalls.count) },
  { head: "p99", align: "right", cell: (row) => stallCell(row, row.stalls.p99Ns) },
  { head: "max", align: "right", cell: (row) => stallCell(row, row.stalls.maxNs) },
  { head: "assumed", align: "right", cell: (row) => formatShare(row.assumedShare) },
];

/** Prints a table and, as a list below it, failed runs, what went wrong in others and what the columns mean. */
export function formatMarkdown(rows: readonly CompareRow[]): string {
  const columns = COLUMNS.filter(
    ({ onlyIfVaried, cell }) => onlyIfVaried === undefined || new Set(rows.map(cell)).size > 1,
  );
  const lines = [
    tableLine(columns.map(({ head }) => head)),
    tableLine(columns.map(({ align }) => (align === "right" ? "--:" : ":--"))),
    ...rows.map((row) => tableLine(columns.map(({ cell }) => escapeCell(cell(row))))),
    "",
    ...rows.flatMap((row) => failureNotes(row).map((note) => `- ${note}`)),
    ...columnNotes(rows).map((note) => `- ${note}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function bootCell(row: CompareRow): string {
  return row.outcome === "ready" ? formatDuration(row.bootTimeNs) : `**${row.outcome}**`;
}

function failureNotes(row: CompareRow): string[] {
  const machine = `${row.platform}, ${formatBytes(row.memoryBytes)}, ${formatVcpus(row.vcpus)}`;
  const texts = [...(row.outcome === "ready" ? [] : [failureText(row)]), ...problemTexts(row)];
  return texts.map((text) => `**${row.policy}** on ${machine}: ${escapeCell(text)}`);
}

function stallCell(row: CompareRow, ns: number): string {
  return row.stalls.count === 0 ? NO_VALUE : formatDuration(ns);
}

/** One line of a table; the cells are escaped already. */
export function tableLine(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** A bar would end the cell, a line break the table. */
export function escapeCell(text: string): string {
  return text
    .replaceAll("\\", "\\\\")
    .replaceAll("|", "\\|")
    .replaceAll(/\s*\n\s*/g, " ");
}
