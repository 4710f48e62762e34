/** A reading that is damaged, or does not say what it should: one line for people, with its place. */
export class CalibrateError extends Error {
  override readonly name = "CalibrateError";

  /** @param line and column, both from 1 */
  constructor(file: string, line: number, column: number, expected: string, found: string) {
    super(`${file}:${line}:${column}: expected ${expected}, found ${found}`);
  }
}

/** What stands in a text, short enough for an error message. */
export function found(text: string): string {
  if (text === "") return "nothing";
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text);
}
