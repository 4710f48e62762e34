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

/** Lines that are at most so many pixels wide, but for a longer word. All words are there, in their order. */
export function linesOf(text: string, width: number, fontSize: number, isBold = false): string[] {
  const lines: string[] = [];
  // A number keeps its unit.
  for (const word of text.split(/(?<!\d) /)) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && textWidth(longer, fontSize, isBold) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
