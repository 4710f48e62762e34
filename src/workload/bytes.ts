export const NEWLINE = 0x0a;
export const SPACE = 0x20;

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Arguments that a function can be called with are few. */
const CHARACTERS_AT_ONCE = 4096;
const utf8 = new TextDecoder();

/**
 * One character from U+0000 to U+00FF for each byte. No label of TextDecoder says that: "latin1" is
 * windows-1252 (WHATWG Encoding, section 4.2), which has other characters for 0x80 to 0x9f.
 */
export function byteText(bytes: Uint8Array): string {
  if (isAscii(bytes)) return utf8.decode(bytes);
  let text = "";
  for (let at = 0; at < bytes.length; at += CHARACTERS_AT_ONCE) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHARACTERS_AT_ONCE));
  }
  return text;
}

function isAscii(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if (bytes[at]! >= 0x80) return false;
  return true;
}

/** The start of the line after the one that `at` is in, or the end of the bytes. */
export function nextLine(bytes: Uint8Array, at: number): number {
  const newline = bytes.indexOf(NEWLINE, at);
  return newline === -1 ? bytes.length : newline + 1;
}

/** Longer than any line of a trace; anything longer is not text. */
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
    if (end < chunk.length) this.#rest = joined(this.#rest, chunk.slice(end));
    return this.#rest.length <= LONGEST_LINE_BYTES;
  }

  /** Scans a last line that has no newline as if it had one. */
  end(): void {
    if (this.#rest.length === 0) return;
    const line = joined(this.#rest, Uint8Array.of(NEWLINE));
    this.#scan(line, 0, line.length);
  }
}

/** Concatenates two; returns the second itself if the first is empty. */
export function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
