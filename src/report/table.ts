/** One model of a table, and how it is printed: for terminals, at most `REPORT_WIDTH` wide, and as Markdown. */

import CliTable from "cli-table3";

/** The role of a text, for the caller that colours it. */
export type TextRole = "title" | "failure" | "note";

/** Returns the text with or without terminal codes around it. It must not change what is read. */
export type Paint = (role: TextRole, text: string) => string;

export const plainPaint: Paint = (_role, text) => text;

/** How a column looks; names stand to the left, numbers to the right. */
export interface ColumnLook {
  readonly head: string;
  readonly align: "left" | "right";
}

/** A column of rows of one kind. Cells have one line and may have terminal codes in them. */
export interface Column<Row> extends ColumnLook {
  readonly cell: (row: Row) => string;
}

export function left<Row>(head: string, cell: (row: Row) => string): Column<Row> {
  return { head, align: "left", cell };
}

export function right<Row>(head: string, cell: (row: Row) => string): Column<Row> {
  return { head, align: "right", cell };
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
  const [head, rule, ...body] = tableLines(columns, cellsOf(columns, all));
  const lines = lead.flatMap(wrapText);
  if (lead.length > 0) lines.push("");
  if (title !== "") lines.push(paint("title", title), "");
  lines.push(head!, rule!);
  const printed = body.values();
  for (const [index, group] of groups.entries()) {
    if (index > 0) lines.push("");
    if (group.title !== undefined) lines.push(paint("title", group.title));
    for (const row of group.rows) {
      const [line, role] = [printed.next().value!, roleOf?.(row)];
      lines.push(role === undefined ? line : paint(role, line));
      lines.push(...wrapLines(belowRow?.(row) ?? [], paint));
    }
    lines.push(...wrapLines(group.below ?? [], paint));
  }
  const sentences = notes.map((text): Line => ({ text, role: "note" }));
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

const GAP = "  ";
const RULE = "─";
const FRAME =
  "top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid right right-mid";

/** A gap between the columns and, if any has a head, one rule below the heads. */
export function tableLines(columns: readonly ColumnLook[], rows: readonly (readonly string[])[]): string[] {
  const hasHead = columns.some(({ head }) => head !== "");
  const printer = new CliTable({
    head: hasHead ? columns.map(({ head }) => head) : [],
    colAligns: columns.map(({ align }) => align),
    chars: {
      ...Object.fromEntries(FRAME.split(" ").map((edge) => [edge, ""])),
      middle: GAP,
      mid: RULE,
      "mid-mid": RULE.repeat(GAP.length),
    },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0, compact: true },
  });
  printer.push(...rows.map((cells) => [...cells]));
  return printer
    .toString()
    .split("\n")
    .map((line) => line.trimEnd());
}

export function alignedLines(
  aligns: readonly ColumnLook["align"][],
  rows: readonly (readonly string[])[],
): string[] {
  return tableLines(
    aligns.map((align) => ({ head: "", align })),
    rows,
  );
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

/** Widest line of the reports for terminals, in characters. */
export const REPORT_WIDTH = 110;

function wrapLines(lines: readonly Line[], paint: Paint): string[] {
  return lines.flatMap(({ text, role }) =>
    wrapText(text).map((line) => (role === undefined ? line : paint(role, line))),
  );
}

/**
 * Breaks a sentence into lines of at most `REPORT_WIDTH` characters, the second and later
 * ones indented by two spaces more than the first. A word that is longer than a line keeps
 * a line of its own.
 */
export function wrapText(text: string): string[] {
  const [first, ...words] = text.trim().split(/\s+/);
  const indent = text.length - text.trimStart().length;
  const lines: string[] = [];
  let line = " ".repeat(indent) + first!;
  for (const word of words) {
    if (line.length + 1 + word.length > REPORT_WIDTH) {
      lines.push(line);
      line = " ".repeat(indent + 2) + word;
    } else {
      line += ` ${word}`;
    }
  }
  return [...lines, line];
}
