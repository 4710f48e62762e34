/** Widest line of the reports for terminals, in characters. */
export const REPORT_WIDTH = 110;

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
