/** The matrix of firmware, kernels and choices: for people, as Markdown and as JSON. */

import { FIRMWARES } from "../firmware/firmwares.js";
import { jsonDocument } from "../results/formats.js";
import type { MatrixCell } from "../study/matrix.js";
import { formatBytes, formatDuration } from "../units.js";
import { NO_VALUE } from "./cells.js";
import {
  type Column,
  left,
  markdownLines,
  type Paint,
  right,
  tableText,
  textOf,
  titledGroups,
} from "./table.js";

const COLUMNS: readonly Column<MatrixCell>[] = [
  left("choice", ({ vmm }) => vmm),
  left("kernel", ({ kernel }) => kernel),
  right("visible", ({ visibleBytes }) => formatBytes(visibleBytes), 8),
  right("lost", ({ lostBytes }) => (lostBytes === 0 ? NO_VALUE : formatBytes(lostBytes))),
  right("kept", keptText, 9),
  left("accepted by", acceptedText),
  right("boot", ({ outcome, bootTimeNs }) => (outcome === "ready" ? formatDuration(bootTimeNs) : outcome)),
];

/** A table with a part for each firmware, and below it why guests ended. */
export function formatMatrix(cells: readonly MatrixCell[], paint: Paint): string {
  const titleOf = (cell: MatrixCell): string =>
    `${nameOf(cell)} on ${cell.platform}, ${formatBytes(cell.memoryBytes)}`;
  const table = {
    lead: [conclusionOf(cells)],
    columns: COLUMNS,
    groups: titledGroups(cells, titleOf),
    roleOf: ({ outcome }: MatrixCell) => (outcome === "ready" ? undefined : ("failure" as const)),
    notes: [...reasonsOf(cells), ...NOTES],
  };
  return tableText(table, paint);
}

/** The same as one table for GitHub and other Markdown readers. */
export function formatMatrixMarkdown(cells: readonly MatrixCell[]): string {
  const machine = [left("platform", ({ platform }: MatrixCell) => platform), left("firmware", nameOf)];
  const notes = [...reasonsOf(cells), ...NOTES];
  return textOf([
    conclusionOf(cells),
    "",
    ...markdownLines([...machine, ...COLUMNS], cells),
    "",
    ...notes.map((note) => `- ${note}`),
  ]);
}

/** How guests end, and which kernels never lose memory. */
function conclusionOf(cells: readonly MatrixCell[]): string {
  const ended = cells.filter(({ outcome }) => outcome !== "ready");
  const poor = cells.filter(({ outcome, lostBytes }) => outcome === "ready" && lostBytes > 0);
  const most = poor.reduce((bytes, { lostBytes }) => Math.max(bytes, lostBytes), 0);
  const losers = new Set(poor.map(({ kernel }) => kernel));
  const kernels = [...new Set(cells.map(({ kernel }) => kernel))].filter((kernel) => !losers.has(kernel));
  return (
    `Of ${cells.length} combinations of firmware, choice and kernel, ${cells.length - ended.length - poor.length} ` +
    `get ready with all memory, ${poor.length} ${poor.length === 0 ? "without some" : `lose up to ${formatBytes(most)}`}, ` +
    `and ${ended.length} do not get ready. ` +
    `Kernels that never lose memory: ${kernels.length === 0 ? "none" : kernels.join(", ")}.`
  );
}

export function formatMatrixJson(cells: readonly MatrixCell[]): string {
  return jsonDocument({ cells });
}

const NOTES = [
  "choice: accept-all and leave-to-kernel are what a VMM or a switch of the firmware says; with acpi... the memory " +
    "above 4 GiB is ACPI's, alone or beside the map, which the kernel compares or not; with loader-... a boot loader " +
    "ends boot services in place of the kernel's stub, which of them has no room to spare for the firmware's map with " +
    "loader-exact-map; with generic-image a TD gets OvmfPkgX64 and not IntelTdxX64, with no-metadata Debian's image of " +
    "2022.11 and 4 MiB, and odd-size is a guest of 2815 MiB with 2 CPUs.",
  "kernel: drops does not know unaccepted memory, knows takes it, asks takes it and tells the firmware, " +
    "zero-page takes it in the form of the series v10.",
  "lost: RAM that the kernel never gets. kept: what the firmware holds for itself. accepted by: up to the moment init runs; exit is the firmware as boot " +
    "services end, prm the firmware as memory goes online.",
];

/** The firmware with the tag of edk2 that it was built from, where that is not the one its own name says. */
function nameOf({ firmware, version }: MatrixCell): string {
  return version === undefined || FIRMWARES[firmware].version !== undefined
    ? firmware
    : `${firmware} ${version}`;
}

/** What neither the kernel has nor anybody could: the firmware's own, and what is no RAM below 1 MiB. */
function keptText({ memoryBytes, visibleBytes, lostBytes }: MatrixCell): string {
  return visibleBytes === 0 ? NO_VALUE : formatBytes(memoryBytes - visibleBytes - lostBytes);
}

function acceptedText({ acceptedBy }: MatrixCell): string {
  const { firmware, exitBootServices: exit, stub, kernel, prm } = acceptedBy;
  return Object.entries({ firmware, exit, stub, kernel, prm })
    .filter(([, bytes]) => bytes > 0)
    .map(([by, bytes]) => `${by} ${formatBytes(bytes)}`)
    .join(", ");
}

/** Each reason once, with the firmware of the first cell that has it. */
function reasonsOf(cells: readonly MatrixCell[]): string[] {
  const first = new Map<string, MatrixCell>();
  for (const cell of cells) {
    if (cell.reason !== undefined && !first.has(cell.reason)) first.set(cell.reason, cell);
  }
  return [...first].map(([reason, cell]) => `${cell.outcome} (first with ${nameOf(cell)}): ${reason}.`);
}
