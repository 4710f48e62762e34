import { NEWLINE, nextLine } from "./bytes.js";

/** Longer than any line of a trace; what is longer is not text. */
export const LONGEST_LINE_BYTES = 65536;

/** Cuts a stream of bytes into runs of whole lines without copying them, but for lines across two chunks. */
export class WholeLines {
  readonly #scan: (bytes: Uint8Array, start: number, end: number) => void;
  /** The start of a line whose end has not come yet. */
  #rest: Uint8Array = new Uint8Array(0);

  /** @param scan is given whole lines; the byte before `end` is a newline */
  constructor(scan: (bytes: Uint8Array, start: number, end: number) => void) {
    this.#scan = scan;
  }

  /** Takes the next bytes, which may end anywhere; they are not kept. @returns whether lines have a sane length */
  feed(bytes: Uint8Array): boolean {
    // A plain array whatever class the caller has (Buffer), so that the code that scans stays fast.
    const chunk = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    let start = 0;
    if (end > 0 && this.#rest.length > 0) {
      start = nextLine(chunk, 0);
      const line = joined(this.#rest, chunk.subarray(0, start));
      this.#rest = new Uint8Array(0);
      this.#scan(line, 0, line.length);
    }
    this.#scan(chunk, start, end);
    if (end < chunk.length) this.#rest = joined(this.#rest, chunk.subarray(end));
    return this.#rest.length <= LONGEST_LINE_BYTES;
  }

  /** Scans a last line that has no newline as if it had one. */
  end(): void {
    if (this.#rest.length === 0) return;
    const line = joined(this.#rest, Uint8Array.of(NEWLINE));
    this.#scan(line, 0, line.length);
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
