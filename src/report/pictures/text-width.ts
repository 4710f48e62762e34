/** How wide text is where nobody has a screen to measure it on: as DejaVu Sans draws it, which is wider than most. */

/** Advance widths of DejaVu Sans 2.37 for U+0020 to U+007E, in hundredths of its size (table hmtx of its file). */
const WIDTHS: readonly number[] = (
  "32 40 46 84 64 95 78 27 39 39 50 84 32 36 32 34 64 64 64 64 64 64 64 64 64 64 34 34 84 84 84 53 " +
  "100 68 69 70 77 63 58 77 75 29 29 66 56 86 75 79 60 79 69 63 61 73 68 99 69 61 69 39 34 39 84 50 " +
  "50 61 63 55 63 62 35 63 63 28 28 58 28 97 63 61 63 63 41 52 39 63 59 82 59 59 52 64 34 64 84"
)
  .split(" ")
  .map(Number);
const FIRST = 0x20;
/** Of other characters, such as those of East Asia. */
const WIDE = 100;
/** Of bold letters, against plain ones. */
const BOLD = 1.12;

/** @returns pixels */
export function textWidth(text: string, fontSize: number, isBold = false): number {
  let hundredths = 0;
  for (const character of text) hundredths += WIDTHS[character.codePointAt(0)! - FIRST] ?? WIDE;
  return (hundredths / 100) * fontSize * (isBold ? BOLD : 1);
}

/**
 * Lines that are at most so many pixels wide. All words are there, in their order; one that is wider than a line is
 * parted, best behind a dot or the like.
 */
export function linesOf(text: string, width: number, fontSize: number, isBold = false): string[] {
  const fits = (line: string): boolean => textWidth(line, fontSize, isBold) <= width;
  const lines: string[] = [];
  const add = (part: string, before: string): void => {
    const longer = `${lines.at(-1)}${before}${part}`;
    if (lines.length > 0 && fits(longer)) lines[lines.length - 1] = longer;
    else lines.push(part);
  };
  // A number keeps its unit.
  for (const word of text.split(/(?<!\d) /)) {
    const parts = fits(word) ? [word] : word.split(/(?<=[./?&=_-])/).flatMap((part) => pieces(part, fits));
    for (const [at, part] of parts.entries()) add(part, at === 0 ? " " : "");
  }
  return lines;
}

/** A part as it is, or in pieces that each fit. */
function pieces(part: string, fits: (line: string) => boolean): string[] {
  const own: string[] = [];
  for (const character of part) {
    const longer = `${own.at(-1) ?? ""}${character}`;
    if (own.length > 0 && fits(longer)) own[own.length - 1] = longer;
    else own.push(character);
  }
  return own;
}
