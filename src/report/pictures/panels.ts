/**
 * Small multiples: rows that ran on the same input share a panel, and whatever else tells inputs apart is in its title.
 * So nothing lies on something else only because it ran on another machine.
 */

import { isOfPolicy } from "../../study/settings.js";
import { formatBytes, KiB, MiB } from "../../units.js";
import { formatInteger, formatVcpus } from "../cells.js";
import { policyText, settingsText } from "../row-groups.js";
import type { DocumentRow, ResultDocument } from "./documents.js";
import { rowsIn } from "./series.js";
import { linesOf, textWidth } from "./text-width.js";

/** What tells one input from another, in the order of titles. */
export type PartName =
  | "file"
  | "platform"
  | "memory"
  | "vcpus"
  | "kernel"
  | "prices"
  | "scenario"
  | "boot"
  | "workload"
  | "settings"
  | "run";

interface Part {
  readonly name: PartName;
  /** Of its column in tables. */
  readonly head: string;
  readonly textOf: (row: DocumentRow, file: string) => string;
}

const PARTS: readonly Part[] = [
  { name: "file", head: "file", textOf: (_row, file) => file },
  { name: "platform", head: "platform", textOf: ({ platform }) => platform },
  { name: "memory", head: "memory", textOf: ({ memoryBytes }) => sizeText(memoryBytes) },
  { name: "vcpus", head: "vCPUs", textOf: ({ vcpus }) => formatVcpus(vcpus) },
  { name: "kernel", head: "kernel", textOf: ({ kernel }) => `Linux ${kernel}` },
  { name: "prices", head: "prices", textOf: ({ prices }) => `prices ${prices}` },
  { name: "scenario", head: "scenario", textOf: ({ scenario }) => `scenario ${scenario}` },
  { name: "boot", head: "boot", textOf: ({ boot }) => `boot ${boot}` },
  { name: "workload", head: "workload", textOf: ({ workload }) => `workload ${workload}` },
  { name: "settings", head: "settings", textOf: settingsText },
  { name: "run", head: "run", textOf: () => "" },
];

/** Exact where three digits are not: neighbours would read the same. */
export function sizeText(bytes: number): string {
  const shown = formatBytes(bytes);
  const [, digits, unit] = /^([\d.]+) (\w+)$/.exec(shown)!;
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  if (Number(digits) * KiB ** units.indexOf(unit!) === bytes) return shown;
  return bytes % MiB === 0 ? `${formatInteger(bytes / MiB)} MiB` : `${formatInteger(bytes)} B`;
}

export interface PanelRow {
  readonly row: DocumentRow;
  readonly policy: string;
  readonly parts: Readonly<Record<PartName, string>>;
}

export interface Panel {
  /** What is the input's own, such as `tdx, 64 GiB`; empty where there is one only. */
  readonly title: string;
  readonly rows: readonly PanelRow[];
}

export interface Panels {
  readonly panels: readonly Panel[];
  /** What tells inputs apart, and is not left out of titles. */
  readonly varying: readonly PartName[];
  /** What all have: `4 vCPUs, Linux 7.3`. */
  readonly common: string;
  /** All values of parts that vary, in the order of panels. */
  readonly valuesOf: (name: PartName) => readonly string[];
}

/**
 * @param isShown rows to take; those that are left out still say what varies
 * @param along parts that the picture shows along an axis, and not in titles
 */
export function panelsOf(
  results: readonly ResultDocument[],
  isShown: (row: DocumentRow) => boolean = () => true,
  along: readonly PartName[] = [],
): Panels {
  const rows = partedRows(results);
  const values = new Map(PARTS.map(({ name }) => [name, [...new Set(rows.map(({ parts }) => parts[name]))]]));
  const names = PARTS.map(({ name }) => name).filter((name) => !along.includes(name));
  const varying = names.filter((name) => values.get(name)!.length > 1);
  const common = names
    .filter((name) => !UNNAMED.has(name) && values.get(name)!.length === 1)
    .map((name) => values.get(name)![0]!)
    .filter((text) => text !== "" && !UNSAID.has(text));
  // Numbers by their size, all else in the order given.
  values.set(
    "memory",
    inOrder(rows, "memory", ({ row }) => row.memoryBytes),
  );
  values.set(
    "vcpus",
    inOrder(rows, "vcpus", ({ row }) => row.vcpus),
  );
  const places = varying.map((name) => {
    const own = values.get(name)!;
    return { name, count: own.length, of: new Map(own.map((value, at) => [value, at])) };
  });
  const ranked = rows
    .filter((one) => isShown(one.row))
    .map((one) => ({
      one,
      rank: places.reduce((sum, { name, count, of }) => sum * count + of.get(one.parts[name])!, 0),
    }));
  const byTitle = new Map<string, PanelRow[]>();
  for (const { one } of ranked.toSorted((x, y) => x.rank - y.rank)) {
    const title = varying
      .map((name) => one.parts[name])
      .filter((text) => text !== "")
      .join(", ");
    const own = byTitle.get(title);
    if (own === undefined) byTitle.set(title, [one]);
    else own.push(one);
  }
  return {
    panels: [...byTitle].map(([title, own]) => ({ title, rows: own })),
    varying,
    common: common.join(", "),
    valuesOf: (name) => values.get(name)!,
  };
}

/** What goes without saying where all rows have it. */
const UNSAID: ReadonlySet<string> = new Set(["prices default"]);
const UNNAMED: ReadonlySet<PartName> = new Set(["file", "scenario", "boot"]);

function inOrder(rows: readonly PanelRow[], name: PartName, numberOf: (row: PanelRow) => number): string[] {
  return [...new Set(rows.toSorted((a, b) => numberOf(a) - numberOf(b)).map(({ parts }) => parts[name]))];
}

/** Each row with its parts; rows that agree in all of them and in the policy are told apart by file, or by number. */
function partedRows(results: readonly ResultDocument[]): PanelRow[] {
  const settings = settingsTexts(rowsIn(results));
  const rows = results.flatMap((result) =>
    rowsIn([result]).map((row) => {
      const parts = PARTS.map(({ name, textOf }) => {
        return [name, name === "settings" ? settings.get(row)! : textOf(row, result.file)] as const;
      });
      return { row, policy: policyText(row), parts: Object.fromEntries(parts) as Record<PartName, string> };
    }),
  );
  const withoutFile = rows.map(({ policy, parts }) => JSON.stringify([policy, { ...parts, file: "" }]));
  const isOneFile = new Set(withoutFile).size === rows.length;
  const seen = new Map<string, number>();
  const counts = rows.map((row, at) => {
    const key = `${isOneFile ? "" : row.parts.file} ${withoutFile[at]}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
    return seen.get(key)!;
  });
  const hasTwins = Math.max(0, ...counts) > 1;
  return rows.map((row, at) => ({
    ...row,
    parts: {
      ...row.parts,
      file: isOneFile ? "" : row.parts.file,
      run: hasTwins ? `run ${counts[at]}` : "",
    },
  }));
}

/** Settings besides those of the policy; with all digits where fewer would make different ones read the same. */
function settingsTexts(rows: readonly DocumentRow[]): ReadonlyMap<DocumentRow, string> {
  const exact = new Map(
    rows.map((row) => {
      const own = Object.entries(row.settings).filter(([path]) => !isOfPolicy(path));
      return [row, own.map(([path, value]) => `${path} ${value}`).join(", ")];
    }),
  );
  const readable = new Map(rows.map((row) => [row, settingsText(row)]));
  const isTold = new Set(exact.values()).size === new Set(readable.values()).size;
  return isTold ? readable : exact;
}

/** Cells of a table that say which row it is, after those of `tableHeads`. */
export function tableCells({ policy, parts }: PanelRow, varying: readonly PartName[]): string[] {
  return [...varying.map((name) => parts[name].replace(/^(prices|scenario|boot|workload) /, "")), policy];
}

export function tableHeads(
  varying: readonly PartName[],
): { readonly head: string; readonly align: "left" }[] {
  const heads = varying.map((name) => PARTS.find((part) => part.name === name)!.head);
  return [...heads, "policy"].map((head) => ({ head, align: "left" }));
}

/** Of one policy or another name with its bar, in pixels. */
export const LINE_HEIGHT = 19;
const NAMES_MOST = 200;
/** Of a value in words on the right of a bar. */
const VALUE_WIDTH = 58;

/** What names left of panels take, in pixels. */
export function namesWidth(names: readonly string[]): number {
  return Math.min(NAMES_MOST, Math.max(0, ...names.map((name) => textWidth(name, 11)))) + 12;
}

/** How much longer than its longest bar an axis is, so that a value in words has its place. */
export function roomFor(width: number): number {
  return 1 / (1 - VALUE_WIDTH / Math.max(width, 2 * VALUE_WIDTH));
}

/** All panels of a row together, so that the picture is shown 800 pixels wide. */
const ALL_WIDTH = 720;
export const GAP = 18;
/** More are no picture any more. */
export const MOST_PANELS = 12;
const MOST_COLUMNS = 3;
const TITLE_SIZE = 12;
const TITLE_LINE = 15;
/** Below panels: numbers of an axis, and its title. */
const BELOW = { none: 8, numbers: 24, title: 40 } as const;

export interface PanelLayout {
  readonly columns: number;
  /** Of one panel, in pixels. */
  readonly width: number;
  /** Between two columns. */
  readonly gap: number;
}

/**
 * The panels that are drawn, a column for each value of what varies last where that makes a whole grid.
 *
 * @param aside pixels left of all panels, such as names of policies take
 * @param most columns
 */
export function laidOut(
  { panels, varying, valuesOf }: Panels,
  aside: number = 0,
  most: number = MOST_COLUMNS,
  gap: number = GAP,
): PanelLayout & { readonly shown: readonly Panel[]; readonly cut: readonly string[] } {
  const shown = panels.slice(0, MOST_PANELS);
  const last = varying.at(-1);
  const across = last === undefined ? 1 : valuesOf(last).length;
  const isGrid = across <= most && across > 1 && shown.length % across === 0;
  const columns = isGrid ? across : Math.min(shown.length, shown.length === 4 ? 2 : most);
  const width = columnWidth(columns, aside, gap);
  const cut =
    shown.length === panels.length
      ? []
      : [`${shown.length} of ${formatInteger(panels.length)} inputs are drawn; the table has all.`];
  return { shown, columns, width, gap, cut };
}

/** Panels that are not of rows. @param aside as of `laidOut` */
export function gridOf(
  count: number,
  aside: number,
  gap: number = GAP,
): PanelLayout & { readonly most: number } {
  const shown = Math.min(count, MOST_PANELS);
  const columns = Math.min(shown, shown === 4 || shown === 8 ? 4 : MOST_COLUMNS);
  return { columns, width: columnWidth(columns, aside, gap), gap, most: MOST_PANELS };
}

export function columnWidth(columns: number, aside: number, gap: number = GAP): number {
  return Math.floor((ALL_WIDTH - aside - (columns - 1) * gap) / columns);
}

/**
 * @param values with `panel`, the title of the panel that each belongs to
 * @param below what stands below each panel
 * @param spec of one panel, without data
 */
export function panelSpec(
  { columns, width, gap }: PanelLayout,
  titles: readonly string[],
  values: readonly object[],
  below: keyof typeof BELOW,
  spec: object,
  more: object = {},
): object {
  if (titles.length === 1) {
    // What panels have each for themselves, layers of a single one have together.
    const { resolve: _betweenPanels, ...rest } = more as { readonly resolve?: object };
    return { data: { values }, width, ...spec, ...rest };
  }
  const wrapped = new Map(
    titles.map((title) => [
      title,
      title.split("\n").flatMap((line) => linesOf(line, width, TITLE_SIZE, true)),
    ]),
  );
  // An axis that panels share stands below the last row, if that is full.
  const isShared = !("resolve" in more) && titles.length % columns === 0;
  const most = Math.max(...[...wrapped.values()].map(({ length }) => length));
  // Titles stand right above their panels.
  const textOf = (title: string): string => wrapped.get(title)!.join("\n");
  const shown = values.map((value) => ({
    ...value,
    panel: textOf((value as { readonly panel: string }).panel),
  }));
  return {
    data: { values: shown },
    facet: {
      field: "panel",
      type: "nominal",
      sort: titles.map(textOf),
      title: null,
      header: { labelExpr: "split(datum.label, '\\n')", labelFontSize: TITLE_SIZE, labelPadding: 6 },
    },
    columns,
    // Labels of axes that stick out would move their panel.
    bounds: "flush",
    spacing: { row: BELOW[isShared ? "none" : below] + most * TITLE_LINE + 12, column: gap },
    spec: { width, ...spec },
    ...(isShared || "resolve" in more ? {} : { resolve: { axis: { x: "independent" } } }),
    ...more,
  };
}

/** Ticks of a logarithmic axis, from a thousandth to a million. */
export const LOG_TICKS: readonly number[] = [-3, -2, -1, 0, 1, 2, 3, 4, 5].flatMap((power) =>
  [1, 2, 5].map((digit) => Number((digit * 10 ** power).toPrecision(1))),
);

/** `All: 4 vCPUs, Linux 7.3.`, or empty. */
export function commonSentence({ common }: Panels): string {
  return common === "" ? "" : ` All: ${common}.`;
}
