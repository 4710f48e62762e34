/** One model of a table, and how it is printed: for terminals, at most `REPORT_WIDTH` wide, and as Markdown. */

import CliTable from "cli-table3";

/** What a piece of text is, for whoever colours it. */
export type TextRole = "title" | "failure" | "note";

/** Returns the text with or without terminal codes around it. It must not change what is read. */
export type Paint = (role: TextRole, text: string) => string;

/** Leaves every text as it is. */
export const plainPaint: Paint = (_role, text) => text;

/** A column; names stand to the left, numbers to the right. */
export interface Column {
  readonly head: string;
  readonly align: "left" | "right";
}

/** Text of one or more lines, told from others by its role. */
export interface Line {
  readonly text: string;
  readonly role?: TextRole;
}

/** A row with one cell a column. Cells have one line and may have terminal codes in them. */
export interface TableRow {
  readonly cells: readonly string[];
  /** Of the whole row. */
  readonly role?: TextRole;
  readonly below?: readonly Line[];
}

/** Rows to read against each other. */
export interface TableGroup {
  readonly title?: string;
  readonly rows: readonly TableRow[];
  readonly below?: readonly Line[];
}

/** A whole table. */
export interface Table {
  /** What all groups have in common; may be empty. */
  readonly title?: string;
  readonly columns: readonly Column[];
  readonly groups: readonly TableGroup[];
  /** Sentences at the end. */
  readonly notes: readonly string[];
}

/** Columns of which the first few stand to the left. */
export function columnsOf(heads: readonly string[], left = 1): Column[] {
  return heads.map((head, at) => ({ head, align: at < left ? "left" : "right" }));
}

/** The table as text: the title, head and rule, the groups with an empty line between them, the notes. */
export function tableText({ title = "", columns, groups, notes }: Table, paint: Paint): string {
  const cells = groups.flatMap(({ rows }) => rows.map((row) => row.cells));
  const [head, rule, ...body] = tableLines(columns, cells);
  const lines = title === "" ? [] : [paint("title", title), ""];
  lines.push(head!, rule!);
  const printed = body.values();
  for (const [index, group] of groups.entries()) {
    if (index > 0) lines.push("");
    if (group.title !== undefined) lines.push(paint("title", group.title));
    for (const { role, below = [] } of group.rows) {
      const line = printed.next().value!;
      lines.push(role === undefined ? line : paint(role, line), ...wrapLines(below, paint));
    }
    lines.push(...wrapLines(group.below ?? [], paint));
  }
  const sentences = notes.map((text): Line => ({ text, role: "note" }));
  return textOf([...lines, "", ...wrapLines(sentences, paint)]);
}

/** Lines with a newline behind each. */
export function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

const GAP = "  ";
const RULE = "─";

/**
 * A table without a frame: a gap between the columns and, if any has a head, one rule below the heads.
 *
 * @returns the lines: head and rule if there are heads, then one for each row
 */
export function tableLines(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const hasHead = columns.some(({ head }) => head !== "");
  const printer = new CliTable({
    head: hasHead ? columns.map(({ head }) => head) : [],
    colAligns: columns.map(({ align }) => align),
    chars: {
      top: "",
      "top-mid": "",
      "top-left": "",
      "top-right": "",
      bottom: "",
      "bottom-mid": "",
      "bottom-left": "",
      "bottom-right": "",
      left: "",
      "left-mid": "",
      right: "",
      "right-mid": "",
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

/** Rows without heads, aligned. */
export function alignedLines(
  aligns: readonly Column["align"][],
  rows: readonly (readonly string[])[],
): string[] {
  return tableLines(
    aligns.map((align) => ({ head: "", align })),
    rows,
  );
}

/** A table for GitHub and other Markdown readers; the cells are escaped here. */
export function markdownLines(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  return [
    tableLine(columns.map(({ head }) => head)),
    tableLine(columns.map(({ align }) => (align === "right" ? "--:" : ":--"))),
    ...rows.map((cells) => tableLine(cells.map(escapeCell))),
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
