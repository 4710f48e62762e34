/**
 * Events of other kinds, which are most of some traces. The name of one that TextReader has read tells the same kind of
 * event again, behind a task, a CPU and a time as they usually are.
 */

import { NEWLINE, SPACE } from "../bytes.js";
import { RecentTexts } from "../recent-texts.js";

/** Kinds that are known at a time. */
const KINDS = 16;
const OPEN_BRACKET = 0x5b;

/** Not 0 if one of four bytes is `byte`, which is given four times. */
function has(four: number, byte: number): number {
  // Bytes that are the same become 0, and subtracting 1 from these alone sets bit 7 where it was not.
  const zeros = four ^ byte;
  return (zeros - 0x01010101) & ~zeros & 0x80808080;
}

export class OtherLines {
  /** From the colon after the time to what divides the name from the fields. */
  readonly #heads = new RecentTexts(KINDS);
  readonly #names: string[] = [];
  /** Lines of each name that were skipped and not yet taken. */
  readonly #counts: number[] = [];

  /**
   * @param line with one character for each byte
   * @param column of the event's name, after a time, a colon and spaces
   * @param endColumn after the name and what divides it from the fields
   */
  remember(line: string, column: number, endColumn: number, name: string): void {
    // A line that ends with its name is a kind of its own.
    if (line.charCodeAt(endColumn - 1) !== SPACE || endColumn >= line.length) return;
    const head = Uint8Array.from(line.slice(line.lastIndexOf(":", column - 1), endColumn), (character) =>
      character.charCodeAt(0),
    );
    const known = this.#names.indexOf(name);
    const number = known >= 0 ? known : this.#names.push(name) - 1;
    this.#counts[number] ??= 0;
    this.#heads.keep(new DataView(head.buffer), 0, head.length, number);
  }

  /**
   * @param colon after the time of a line
   * @param limit up to which there are bytes, and the line is not too long
   * @returns the start of the next line where this one is of a kind that is known, or -1
   */
  skip(bytes: Uint8Array, view: DataView, colon: number, limit: number): number {
    const slot = this.#heads.slotAt(view, colon);
    if (slot < 0) return -1;
    let at = colon + this.#heads.length(slot);
    // Another bracket could be that of another CPU; then all before it is the name of a task.
    for (; at + 4 <= limit; at += 4) {
      const four = view.getInt32(at, true);
      if ((has(four, 0x0a0a0a0a) | has(four, 0x5b5b5b5b)) !== 0) break;
    }
    while (at < limit && bytes[at] !== NEWLINE && bytes[at] !== OPEN_BRACKET) at++;
    if (at >= limit || bytes[at] !== NEWLINE) return -1;
    this.#counts[this.#heads.number(slot)]!++;
    return at + 1;
  }

  /** Tells how many lines of each name were skipped since it did so last. @returns how many there were */
  take(tell: (name: string, lines: number) => void): number {
    let sum = 0;
    for (const [number, lines] of this.#counts.entries()) {
      if (lines === 0) continue;
      sum += lines;
      this.#counts[number] = 0;
      tell(this.#names[number]!, lines);
    }
    return sum;
  }
}
