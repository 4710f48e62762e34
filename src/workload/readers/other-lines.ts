/**
 * Events of other kinds, which are most of some traces. A line that differs from one that TextReader has read in
 * nothing but the digits of its time and what follows the name tells of the same kind of event again.
 */

import { NEWLINE, SPACE } from "../bytes.js";
import type { LineStart } from "./line-format.js";

/** No such line is longer. */
const LINE_BYTES_MAX = 384;
const OPEN_BRACKET = 0x5b;
const ZERO = 0x30;

/** Task, CPU, flags and time. No comment, remark or frame of a call chain begins so, whatever follows. */
const START = /^ .*\[\d+\] +(?:[^\s\d]\S* +)?(\d+\.\d+): +$/d;

export class OtherLines {
  /** Name of the kind of event that was read last; undefined before the first. */
  name: string | undefined = undefined;
  /** The line up to the first byte after the name. */
  readonly #head: Uint8Array = new Uint8Array(LINE_BYTES_MAX);
  #timeColumn = 0;
  #timeEndColumn = 0;
  #headEnd = 0;

  /**
   * @param line with one character for each byte
   * @param nameEndColumn after the name and what divides it from the fields
   */
  remember(line: string, { eventColumn }: LineStart, nameEndColumn: number, name: string): void {
    this.name = undefined;
    const time = START.exec(line.slice(0, eventColumn))?.indices?.[1];
    if (time === undefined || nameEndColumn > LINE_BYTES_MAX) return;
    // A line that ends with its name is a kind of its own.
    if (line.charCodeAt(nameEndColumn - 1) !== SPACE || nameEndColumn >= line.length) return;
    [this.#timeColumn, this.#timeEndColumn] = time;
    this.#headEnd = nameEndColumn;
    for (let at = 0; at < nameEndColumn; at++) this.#head[at] = line.charCodeAt(at);
    this.name = name;
  }

  /**
   * @param end of the bytes
   * @returns the start of the next line where this one is of the same kind, or -1 where TextReader has to say
   */
  skip(bytes: Uint8Array, lineStart: number, end: number): number {
    if (this.name === undefined || lineStart + LINE_BYTES_MAX > end) return -1;
    const head = this.#head;
    const headEnd = this.#headEnd;
    for (let at = 0; at < headEnd; at++) {
      const byte = bytes[lineStart + at]!;
      if (byte === head[at]) continue;
      // Where one time has a digit the other has one, so that both are as long.
      if (at < this.#timeColumn || at >= this.#timeEndColumn) return -1;
      if (!isDigit(byte) || !isDigit(head[at]!)) return -1;
    }
    // Another bracket could be that of another CPU; then all before it is the name of a task.
    for (let at = lineStart + headEnd; at < lineStart + LINE_BYTES_MAX; at++) {
      const byte = bytes[at]!;
      if (byte === NEWLINE) return at + 1;
      if (byte === OPEN_BRACKET) return -1;
    }
    return -1;
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}
