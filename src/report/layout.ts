/** Tables and sentences as lines that are not longer than their place is wide. */

import stringWidth from "string-width";
import type { Place } from "./paint.js";

/** How a column looks; names stand to the left, numbers to the right. */
export interface ColumnLook {
  readonly head: string;
  readonly align: "left" | "right";
  /**
   * Where there is no room for all columns, those of the highest rank go first, all with the same rank
   * together; the first column stays. Its place among the columns if not given: the last goes first.
   */
  readonly rank?: number | undefined;
  /** Whether a cell is never broken into lines, such as what is to be typed. */
  readonly isWhole?: boolean;
}

const GAP = "  ";
const RULE = "─";
/** What is printed of a table. */
export interface Layout {
  /** The lines of the heads and one rule below them, if any column has a head. */
  readonly head: readonly string[];
  /** The lines of each row. */
  readonly body: readonly (readonly string[])[];
  /** A sentence that names the columns for which there is no room, if there are any. */
  readonly leftOut: readonly string[];
}

/**
 * Makes a table as narrow as its place: first heads take several lines, then names do, the longest most;
 * columns with a head are left out, by rank, when that is not enough.
 */
export function layOut(
  columns: readonly ColumnLook[],
  rows: readonly (readonly string[])[],
  { width }: Place,
): Layout {
  const extents = columns.map((column, at) =>
    extentOf(
      column,
      rows.map((cells) => cells[at]!),
      at === 0,
    ),
  );
  const hasHead = columns.some(({ head }) => head !== "");
  const ranks = columns.map(({ rank }, at) => (at === 0 ? Number.NEGATIVE_INFINITY : (rank ?? at)));
  let shown = [...columns.keys()];
  while (hasHead && leastWidth(shown.map((at) => extents[at]!)) > width) {
    const last = Math.max(...shown.map((at) => ranks[at]!));
    const fewer = shown.filter((at) => ranks[at]! < last);
    // A name alone tells nothing.
    if (fewer.length < 2) break;
    shown = fewer;
  }
  const widths = widthsWithin(
    width,
    shown.map((at) => extents[at]!),
  );
  const wrapped = (texts: readonly string[]): string[][] =>
    shown.map((at, place) => wrapCell(texts[at]!, widths[place]!, at === 0));
  const heads = hasHead ? [wrapped(columns.map(({ head }) => head))] : [];
  const cells = rows.map(wrapped);
  const lines = printedLines(
    shown.map((at) => columns[at]!.align),
    heads.map(atBottom),
    cells,
  ).values();
  const take = (count: number): string[] => Array.from({ length: count }, () => lines.next().value!);
  return {
    head: heads.flatMap((head) => take(heightOf(head) + 1)),
    body: cells.map((row) => take(heightOf(row))),
    leftOut: leftOutText(
      columns.filter((_column, at) => !shown.includes(at)),
      width,
      leastWidth(extents),
    ),
  };
}

function leftOutText(columns: readonly ColumnLook[], width: number, needed: number): string[] {
  if (columns.length === 0) return [];
  const names = columns.map(({ head }) => head).join(", ");
  return [
    `Left out to fit ${width} characters: ${names}; ${needed} fit all ` +
      `(a wider terminal or, into a pipe or file, COLUMNS=${needed}).`,
  ];
}

/** Characters that a column takes: as it stands, and with its words one below the other. */
interface Extent {
  readonly full: number;
  readonly least: number;
  readonly isText: boolean;
}

/** A column of text that is narrower than this is not made narrower yet. */
const NARROW_TEXT = 12;
/** Words of sentences that are longer are broken; names of rows are not as long as there is another way. */
const LONG_WORD = 20;
/** Of the lines of a name after its first, which else would look like the next row. */
const HANGING = "  ";

function extentOf(
  { head, align, isWhole = false }: ColumnLook,
  cells: readonly string[],
  isFirst: boolean,
): Extent {
  const most = (lengthOf: (text: string) => number, texts: readonly string[]): number =>
    texts.reduce((length, text) => Math.max(length, lengthOf(text)), 0);
  const full = most(shownLength, [head, ...cells]);
  const isText = align === "left" && !isWhole;
  const wordLength = (text: string): number => {
    const start = startOf(text).length;
    const [first, ...later] = wordsOf(text.trim());
    const indent = start + (isFirst ? HANGING.length : 0);
    return most(shownLength, later) === 0
      ? start + shownLength(first!)
      : Math.max(start + shownLength(first!), indent + most(shownLength, later));
  };
  const longest = most(wordLength, isText ? [head, ...cells] : [head]);
  const least = isText
    ? Math.max(isFirst ? longest : Math.min(longest, LONG_WORD), NARROW_TEXT)
    : Math.max(longest, most(shownLength, cells));
  return { full, least: Math.min(full, least), isText };
}

function leastWidth(extents: readonly Extent[]): number {
  return extents.reduce((sum, { least }) => sum + least, GAP.length * (extents.length - 1));
}

/** The width of each column: heads of numbers give way first, then the widest text as long as it is that. */
function widthsWithin(width: number, extents: readonly Extent[]): number[] {
  const widths = extents.map(({ full }) => full);
  let excess = widths.reduce((sum, own) => sum + own, GAP.length * (extents.length - 1)) - width;
  for (const [at, { full, least, isText }] of extents.entries()) {
    if (isText || excess <= 0) continue;
    widths[at] = Math.max(least, full - excess);
    excess -= full - widths[at]!;
  }
  const texts = [...extents.keys()].filter((at) => extents[at]!.isText);
  while (excess > 0) {
    const wide = texts.filter((at) => widths[at]! > extents[at]!.least);
    // Only the words of a name are left to be broken, and they are long.
    const at = widest(wide.length > 0 ? wide : texts, widths);
    if (at === undefined || widths[at]! <= NARROW_TEXT) break;
    widths[at]!--;
    excess--;
  }
  return widths;
}

function widest(places: readonly number[], widths: readonly number[]): number | undefined {
  return places.reduce<number | undefined>(
    (most, at) => (most === undefined || widths[at]! > widths[most]! ? at : most),
    undefined,
  );
}

function heightOf(cells: readonly (readonly string[])[]): number {
  return cells.reduce((height, lines) => Math.max(height, lines.length), 1);
}

function atBottom(cells: readonly string[][]): string[][] {
  const height = heightOf(cells);
  return cells.map((lines) => [...Array<string>(height - lines.length).fill(""), ...lines]);
}

/** A gap between the columns and, if there is a head, one rule below it. */
function printedLines(
  aligns: readonly ColumnLook["align"][],
  heads: readonly string[][][],
  rows: readonly string[][][],
): string[] {
  const all = [...heads, ...rows];
  // A column that is empty keeps a place.
  const widths = aligns.map((_align, at) =>
    all.reduce((most, cells) => cells[at]!.reduce((width, line) => Math.max(width, widthOf(line)), most), 1),
  );
  const linesOf = (row: readonly string[][]): string[] => {
    const cells = row.map(styledLines);
    return Array.from({ length: heightOf(cells) }, (_line, line) =>
      cells
        .map((lines, at) => padded(lines[line] ?? "", widths[at]!, aligns[at]!))
        .join(GAP)
        .trimEnd(),
    );
  };
  const rule = RULE.repeat(widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1)));
  return [...heads.flatMap((head) => [...linesOf(head), rule]), ...rows.flatMap(linesOf)];
}

function padded(text: string, width: number, align: ColumnLook["align"]): string {
  const space = " ".repeat(width - widthOf(text));
  return align === "left" ? text + space : space + text;
}

/** A style that goes on in the next line of a cell ends and begins with each: other cells stand between them. */
function styledLines(lines: readonly string[]): string[] {
  let open: string | undefined;
  return lines.map((line) => {
    const begun = (open ?? "") + line;
    for (const [code] of line.matchAll(STYLES)) open = END_OF_STYLE.has(code) ? code : undefined;
    return open === undefined ? begun : begun + END_OF_STYLE.get(open)!;
  });
}

/** The table without title, groups and notes. */
export function tableLines(
  columns: readonly ColumnLook[],
  rows: readonly (readonly string[])[],
  place: Place,
): string[] {
  const { head, body, leftOut } = layOut(columns, rows, place);
  return [...head, ...body.flat(), ...leftOut.flatMap((text) => wrapText(text, place))];
}

export function alignedLines(
  aligns: readonly ColumnLook["align"][],
  rows: readonly (readonly string[])[],
  place: Place,
): string[] {
  return tableLines(
    aligns.map((align) => ({ head: "", align })),
    rows,
    place,
  );
}

/**
 * Breaks a sentence into lines that fit, the second and later ones indented by two spaces more than the
 * first. A word that is longer than a line keeps a line of its own.
 */
export function wrapText(text: string, { width }: Place): string[] {
  const indent = startOf(text);
  if (shownLength(text) <= width) return [text.trimEnd()];
  return filled(indent, wordsOf(text.trim()), width, `${indent}${HANGING}`);
}

function startOf(text: string): string {
  return " ".repeat(text.length - text.trimStart().length);
}

/** A number keeps its unit. */
const WORD_GAP = /(?<!\d)\s+|\s+(?!(?:[KMGTP]?i?B|[nµm]?s|%)(?!\w))/;

function wordsOf(text: string): string[] {
  return text.split(WORD_GAP);
}

function filled(start: string, words: readonly string[], width: number, indent: string): string[] {
  const [first, ...others] = words;
  const lines: string[] = [];
  let line = start + first!;
  for (const word of others) {
    if (shownLength(line) + 1 + shownLength(word) > width) {
      lines.push(line);
      line = indent + word;
    } else {
      line += ` ${word}`;
    }
  }
  return [...lines, line];
}

/** The lines of a cell; where a word is longer than the column it is broken, best after a mark. */
function wrapCell(text: string, width: number, isFirst: boolean): string[] {
  if (shownLength(text) <= width) return [text];
  const start = startOf(text);
  const indent = isFirst ? `${start}${HANGING}` : start;
  const lines = filled(start, wordsOf(text.trim()), width, indent);
  return lines.flatMap((line) => broken(line, width, indent));
}

/** After which a long word is broken. */
const MARKS: readonly string[] = "/-.,:=&?|".split("");

function broken(line: string, width: number, indent: string): string[] {
  if (shownLength(line) <= width || line.includes(ESCAPE)) return [line];
  const mark = Math.max(...MARKS.map((one) => line.lastIndexOf(one, width - 1)));
  const end = mark > width / 2 ? mark + 1 : width;
  return [line.slice(0, end), ...broken(`${indent}${line.slice(end)}`, width, indent)];
}

/** Without terminal codes. */
function shownLength(text: string): number {
  return text.replaceAll(STYLES, "").length;
}

/** What terminal codes begin with. */
const ESCAPE = "\u001b";
const STYLES = new RegExp(`${ESCAPE}\\[\\d+m`, "g");
/** What ends each that a text role may have: bold, dim, red (ECMA-48, 8.3.117). */
const END_OF_STYLE: ReadonlyMap<string, string> = new Map(
  [
    [1, 22],
    [2, 22],
    [31, 39],
  ].map(([code, end]) => [`${ESCAPE}[${code}m`, `${ESCAPE}[${end}m`]),
);

const ASCII = /^[ -~]*$/;

/** Columns of a terminal, without terminal codes: some characters take two or none. */
function widthOf(text: string): number {
  const shown = text.replaceAll(STYLES, "");
  return ASCII.test(shown) ? shown.length : stringWidth(shown);
}
