/** The matrix of firmware, kernels and choices: for people, as Markdown and as JSON. */

import { jsonDocument } from "../results/formats.js";
import type { MatrixCell } from "../study/matrix/run-matrix.js";
import { formatBytes, formatDuration } from "../units.js";
import { NO_VALUE } from "./cells.js";
import {
  type Column,
  columnsOf,
  markdownLines,
  type Paint,
  type TableRow,
  tableText,
  textOf,
} from "./table.js";

const COLUMNS: readonly Column[] = [
  { head: "choice", align: "left" },
  { head: "kernel", align: "left" },
  { head: "visible", align: "right" },
  { head: "lost", align: "right" },
  { head: "accepted by", align: "left" },
  { head: "boot", align: "right" },
];

/** A table with a part for each firmware, and below it why guests ended. */
export function formatMatrix(cells: readonly MatrixCell[], paint: Paint): string {
  const groups: { readonly title: string; readonly rows: TableRow[] }[] = [];
  for (const cell of cells) {
    const title = `${cell.firmware} on ${cell.platform}, ${formatBytes(cell.memoryBytes)}`;
    if (groups.at(-1)?.title !== title) groups.push({ title, rows: [] });
    const failed = cell.outcome !== "ready";
    groups.at(-1)!.rows.push({ cells: cellsOf(cell), ...(failed ? { role: "failure" } : {}) });
  }
  return tableText({ columns: COLUMNS, groups, notes: [...reasonsOf(cells), ...NOTES] }, paint);
}

/** The same as one table for GitHub and other Markdown readers. */
export function formatMatrixMarkdown(cells: readonly MatrixCell[]): string {
  const columns = [...columnsOf(["platform", "firmware"], 2), ...COLUMNS];
  const rows = cells.map((cell) => [cell.platform, cell.firmware, ...cellsOf(cell)]);
  const notes = [...reasonsOf(cells), ...NOTES];
  return textOf([...markdownLines(columns, rows), "", ...notes.map((note) => `- ${note}`)]);
}

/** JSON as scripts read it. */
export function formatMatrixJson(cells: readonly MatrixCell[]): string {
  return jsonDocument({ cells });
}

const NOTES = [
  "choice: accept-all and leave-to-kernel are what a VMM or a switch of the firmware says; with acpi... the memory " +
    "above 4 GiB is ACPI's, alone or beside the map, which the kernel compares or not; with loader-... a boot loader " +
    "ends boot services in place of the kernel's stub.",
  "kernel: drops does not know unaccepted memory, knows takes it, asks takes it and tells the firmware, " +
    "zero-page takes it in the form of the series v10.",
  "lost: RAM that the kernel never gets. accepted by: up to the moment init runs; exit is the firmware as boot " +
    "services end, prm the firmware as memory goes online.",
];

function cellsOf({
  vmm,
  kernel,
  visibleBytes,
  lostBytes,
  acceptedBy,
  bootTimeNs,
  outcome,
}: MatrixCell): string[] {
  const { firmware, exitBootServices: exit, stub, kernel: byKernel, prm } = acceptedBy;
  const accepted = Object.entries({ firmware, exit, stub, kernel: byKernel, prm })
    .filter(([, bytes]) => bytes > 0)
    .map(([who, bytes]) => `${who} ${formatBytes(bytes)}`);
  return [
    vmm,
    kernel,
    formatBytes(visibleBytes),
    lostBytes === 0 ? NO_VALUE : formatBytes(lostBytes),
    accepted.join(", "),
    outcome === "ready" ? formatDuration(bootTimeNs) : outcome,
  ];
}

/** Each reason once, with the firmware of the first cell that has it. */
function reasonsOf(cells: readonly MatrixCell[]): string[] {
  const first = new Map<string, MatrixCell>();
  for (const cell of cells) {
    if (cell.reason !== undefined && !first.has(cell.reason)) first.set(cell.reason, cell);
  }
  return [...first].map(
    ([reason, { outcome, firmware }]) => `${outcome} (first with ${firmware}): ${reason}.`,
  );
}
