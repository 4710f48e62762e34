/** One model of a table, and how it is printed: for terminals, as wide as there is room, and as Markdown. */

import { type ColumnLook, layOut, wrapText } from "./layout.js";
import type { Paint, TextRole } from "./paint.js";

export { alignedLines, type ColumnLook, tableLines, wrapText } from "./layout.js";
export { type Paint, type Place, plainPaint, type TextRole } from "./paint.js";

/** A column of rows of one kind. Cells have one line and may have terminal codes in them. */
export interface Column<Row> extends ColumnLook {
  readonly cell: (row: Row) => string;
}

export function left<Row>(head: string, cell: (row: Row) => string, rank?: number): Column<Row> {
  return { head, align: "left", cell, rank };
}

export function right<Row>(head: string, cell: (row: Row) => string, rank?: number): Column<Row> {
  return { head, align: "right", cell, rank };
}

/** Text of one or more lines, told from others by its role. */
export interface Line {
  readonly text: string;
  readonly role?: TextRole;
}

export interface Table<Row> {
  /** The conclusion: sentences that come before all else. */
  readonly lead?: readonly string[];
  /** The part of the titles that all groups share; may be empty. */
  readonly title?: string;
  readonly columns: readonly Column<Row>[];
  readonly groups: readonly {
    readonly title?: string;
    readonly rows: readonly Row[];
    readonly below?: readonly Line[];
  }[];
  readonly roleOf?: (row: Row) => TextRole | undefined;
  readonly belowRow?: (row: Row) => readonly Line[];
  readonly notes: readonly string[];
}

/** The table as text: the title, head and rule, the groups with an empty line between them, the notes. */
export function tableText<Row>(
  { lead = [], title = "", columns, groups, roleOf, belowRow, notes }: Table<Row>,
  paint: Paint,
): string {
  const all = groups.flatMap(({ rows }) => rows);
  const { head, body, leftOut } = layOut(columns, cellsOf(columns, all), paint);
  const titleLines = (text: string): string[] => wrapLines([{ text, role: "title" }], paint);
  const lines = lead.flatMap((text) => wrapText(text, paint));
  if (lead.length > 0) lines.push("");
  if (title !== "") lines.push(...titleLines(title), "");
  lines.push(...head);
  const printed = body.values();
  for (const [index, group] of groups.entries()) {
    if (index > 0) lines.push("");
    if (group.title !== undefined) lines.push(...titleLines(group.title));
    for (const row of group.rows) {
      const [own, role] = [printed.next().value!, roleOf?.(row)];
      lines.push(...(role === undefined ? own : own.map((line) => paint(role, line))));
      lines.push(...wrapLines(belowRow?.(row) ?? [], paint));
    }
    lines.push(...wrapLines(group.below ?? [], paint));
  }
  const sentences = [...leftOut, ...notes].map((text): Line => ({ text, role: "note" }));
  return textOf([...lines, "", ...wrapLines(sentences, paint)]);
}

/** Rows with the same title, by the order in which the titles come. */
export function titledGroups<Row>(
  rows: readonly Row[],
  titleOf: (row: Row) => string,
): { readonly title: string; readonly rows: readonly Row[] }[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const title = titleOf(row);
    if (!groups.get(title)?.push(row)) groups.set(title, [row]);
  }
  return Array.from(groups, ([title, own]) => ({ title, rows: own }));
}

export function cellsOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[][] {
  return rows.map((row) => columns.map(({ cell }) => cell(row)));
}

export function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

/** A table for GitHub and other Markdown readers; the cells are escaped here. */
export function markdownLines<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  return [
    tableLine(columns.map(({ head }) => head)),
    tableLine(columns.map(({ align }) => (align === "right" ? "--:" : ":--"))),
    ...cellsOf(columns, rows).map((cells) => tableLine(cells.map(escapeCell))),
  ];
}

/** One line of a Markdown table; the cells are escaped already. */
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

function wrapLines(lines: readonly Line[], paint: Paint): string[] {
  return lines.flatMap(({ text, role }) =>
    wrapText(text, paint).map((line) => (role === undefined ? line : paint(role, line))),
  );
}
