/** Guests of many sizes: which boot, which lose memory, and where their tables lie; for people, as Markdown and as JSON. */

import { DEFAULT_PRICES } from "../coco/price-set.js";
import { jsonDocument } from "../results/formats.js";
import type { SizeCell } from "../study/size-matrix.js";
import { formatBytes, formatDuration, GiB, MiB } from "../units.js";
import { formatInteger, formatVcpus, NO_VALUE } from "./cells.js";
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

const COLUMNS: readonly Column<SizeCell>[] = [
  right("size", sizeText),
  left("edk2", ({ version }) => version),
  left("Linux", ({ kernel }) => kernel),
  right("boot", ({ outcome, bootTimeNs }) => (outcome === "ready" ? formatDuration(bootTimeNs) : outcome)),
  right("lost", ({ lostBytes }) => bytesText(lostBytes)),
  right("table at", ({ table }) => (table === undefined ? NO_VALUE : `0x${table.address.toString(16)}`)),
  right("bytes", ({ table }) => (table === undefined ? NO_VALUE : formatInteger(table.tableBytes))),
  right("kept", ({ table }) => (table === undefined ? NO_VALUE : formatInteger(table.keptBytes))),
  right("missed", ({ table }) => (table === undefined ? NO_VALUE : bytesText(table.missedBytes))),
];

const NOTES = [
  "table: header and bitmap of unaccepted memory, where the EFI stub puts it; kept: what the kernel reserves for it, in " +
    "whole pages; missed: bytes of it that the kernel does not reserve, and faults on when it looks there.",
  "lost: RAM that the kernel never gets. The kernel is lazy.",
];

/** A table with a part for each platform, and below it why guests ended. */
export function formatSizes(cells: readonly SizeCell[], paint: Paint): string {
  return tableText(
    {
      lead: [conclusionOf(cells)],
      columns: COLUMNS,
      groups: titledGroups(cells, ({ platform, vcpus, prices }) =>
        [platform, formatVcpus(vcpus), ...(prices === DEFAULT_PRICES ? [] : [`prices ${prices}`])].join(", "),
      ),
      roleOf: ({ outcome }: SizeCell) => (outcome === "ready" ? undefined : ("failure" as const)),
      notes: [...reasonsOf(cells), ...NOTES],
    },
    paint,
  );
}

export function formatSizesMarkdown(cells: readonly SizeCell[]): string {
  const machine = [
    left("platform", ({ platform }: SizeCell) => platform),
    ...(cells.every(({ prices }) => prices === DEFAULT_PRICES)
      ? []
      : [left("prices", ({ prices }: SizeCell) => prices)]),
  ];
  return textOf([
    conclusionOf(cells),
    "",
    ...markdownLines([...machine, ...COLUMNS], cells),
    "",
    ...[...reasonsOf(cells), ...NOTES].map((note) => `- ${note}`),
  ]);
}

export function formatSizesJson(cells: readonly SizeCell[]): string {
  return jsonDocument({ cells });
}

/** How many get ready, and which do not; sizes that fail everywhere are named alone. */
function conclusionOf(cells: readonly SizeCell[]): string {
  const ended = cells.filter(({ outcome }) => outcome !== "ready");
  const poor = cells.filter(({ outcome, lostBytes }) => outcome === "ready" && lostBytes > 0);
  const parts = [
    `${cells.length - ended.length - poor.length} get ready with all their memory`,
    ...(poor.length === 0 ? [] : [`${poor.length} lose some: ${namesOf(poor, cells)}`]),
    ...(ended.length === 0 ? [] : [`${ended.length} do not get ready: ${namesOf(ended, cells)}`]),
  ];
  return `Of ${cells.length} guests ${parts.join(". ")}.`;
}

/** A part of the cells by size, with versions of firmware and kernel where not all of them are in it. */
function namesOf(part: readonly SizeCell[], all: readonly SizeCell[]): string {
  const of = (cell: SizeCell, cells: readonly SizeCell[]): SizeCell[] =>
    cells.filter(
      ({ platform, memoryBytes }) => platform === cell.platform && memoryBytes === cell.memoryBytes,
    );
  const several = new Set(all.map(({ platform }) => platform)).size > 1;
  const names = part.map((cell) => {
    const [mine, every] = [of(cell, part), of(cell, all)];
    const only = (of: (one: SizeCell) => string, what: string): string => {
      const own = new Set(mine.map(of));
      return own.size < new Set(every.map(of)).size ? ` ${what} ${[...own].join(", ")}` : "";
    };
    const versions = `${only(({ version }) => version, "edk2")}${only(({ kernel }) => kernel, "Linux")}`;
    return `${sizeText(cell)}${several ? ` on ${cell.platform}` : ""}${versions === "" ? "" : ` with${versions}`}`;
  });
  return [...new Set(names)].join("; ");
}

/** Each size to the MiB: one more decides. */
function sizeText({ memoryBytes }: SizeCell): string {
  return memoryBytes % GiB === 0 && memoryBytes >= 4 * GiB
    ? `${formatInteger(memoryBytes / GiB)} GiB`
    : `${formatInteger(memoryBytes / MiB)} MiB`;
}

function bytesText(bytes: number): string {
  return bytes === 0 ? NO_VALUE : formatBytes(bytes);
}

/** Each reason once, with the first guest that has it. */
function reasonsOf(cells: readonly SizeCell[]): string[] {
  const first = new Map<string, SizeCell>();
  for (const cell of cells) {
    if (cell.reason !== undefined && !first.has(cell.reason)) first.set(cell.reason, cell);
  }
  return [...first].map(([reason, cell]) => `${sizeText(cell)} (${cell.outcome}): ${reason}.`);
}
