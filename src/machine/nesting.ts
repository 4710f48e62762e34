import type { Lines } from "./lines.js";
import { MachineError } from "./statement.js";

/** Deeper than any machine is described, and far from where a recursive parser runs out of stack. */
const DEEPEST = 500;

/**
 * Refuses a text whose brackets or elements are nested so deep that no parser should go in.
 *
 * @param kind of the text, for the message
 * @param marks all that opens and closes
 * @param opens whether one of them opens
 * @throws MachineError
 */
export function refuseDeep(
  text: string,
  lines: Lines,
  kind: string,
  marks: RegExp,
  opens: (mark: string) => boolean,
): void {
  let depth = 0;
  for (const { 0: mark, index } of text.matchAll(marks)) {
    depth = opens(mark) ? depth + 1 : Math.max(0, depth - 1);
    if (depth <= DEEPEST) continue;
    const { line, column } = lines.placeOf(index);
    throw new MachineError(line, column, `${kind} nested at most ${DEEPEST} deep`, "a deeper one");
  }
}

/** Brackets of JSON and TOML. */
export function refuseDeepBrackets(text: string, lines: Lines, kind: string): void {
  refuseDeep(text, lines, kind, /[[\]{}]/g, (mark) => mark === "[" || mark === "{");
}
