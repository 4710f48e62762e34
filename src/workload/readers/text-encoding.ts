/** Converts text to UTF-8 without a mark: from UTF-8 with a byte order mark, or the UTF-16 of Windows. */

import { joined } from "../bytes.js";
import { TraceError } from "../trace-error.js";

const UTF8_MARK = [0xef, 0xbb, 0xbf];
const LITTLE_ENDIAN_MARK = [0xff, 0xfe];
/** Not read, and not to be taken for UTF-16. */
const UTF32_MARK = [0xff, 0xfe, 0, 0];
const BIG_ENDIAN_MARK = [0xfe, 0xff];
/** Text without a mark is UTF-16 if it has this many ASCII characters. */
const TOLD_BY_CHARACTERS = 8;

const encoder = new TextEncoder();

export interface TextEncoding {
  /** Bytes of a mark, which is not part of the text. */
  readonly markBytes: number;
  /** @returns UTF-8 @throws TraceError */
  feed(chunk: Uint8Array): Uint8Array;
  /** @throws TraceError for text that ends within a character */
  end(): void;
}

/** @param first bytes of the file, some dozen or all */
export function encodingOf(file: string, first: Uint8Array): TextEncoding {
  const begins = (mark: readonly number[]): boolean => mark.every((byte, index) => first[index] === byte);
  if (begins(UTF8_MARK)) return { ...PLAIN, markBytes: UTF8_MARK.length };
  if (begins(UTF32_MARK)) return PLAIN;
  if (begins(LITTLE_ENDIAN_MARK)) return new Utf16(file, false, LITTLE_ENDIAN_MARK.length);
  if (begins(BIG_ENDIAN_MARK)) return new Utf16(file, true, BIG_ENDIAN_MARK.length);
  if (isAsciiOfUtf16(first, 0)) return new Utf16(file, false, 0);
  if (isAsciiOfUtf16(first, 1)) return new Utf16(file, true, 0);
  return PLAIN;
}

const PLAIN: TextEncoding = { markBytes: 0, feed: (chunk) => chunk, end: () => undefined };

/** @param low position of the low byte of a character */
function isAsciiOfUtf16(first: Uint8Array, low: 0 | 1): boolean {
  if (first.length < 2 * TOLD_BY_CHARACTERS) return false;
  for (let at = 0; at < 2 * TOLD_BY_CHARACTERS; at += 2) {
    const character = first[at + low]!;
    const isText = character >= 0x20 ? character < 0x7f : [0x09, 0x0a, 0x0d].includes(character);
    if (!isText || first[at + 1 - low] !== 0) return false;
  }
  return true;
}

class Utf16 implements TextEncoding {
  readonly markBytes: number;
  readonly #file: string;
  readonly #isBigEndian: boolean;
  readonly #decoder = new TextDecoder("utf-16le", { fatal: true, ignoreBOM: true });
  #offset: number;
  /** The first byte of a character whose second has not come yet. */
  #half: Uint8Array = new Uint8Array(0);

  constructor(file: string, isBigEndian: boolean, markBytes: number) {
    this.#file = file;
    this.#isBigEndian = isBigEndian;
    this.markBytes = markBytes;
    this.#offset = markBytes;
  }

  feed(chunk: Uint8Array): Uint8Array {
    const bytes = joined(this.#half, chunk.slice());
    const length = bytes.length - (bytes.length % 2);
    this.#half = bytes.slice(length);
    if (this.#isBigEndian) for (let at = 0; at < length; at += 2) bytes.subarray(at, at + 2).reverse();
    const text = this.#decode(bytes.subarray(0, length), true);
    this.#offset += chunk.length;
    return encoder.encode(text);
  }

  end(): void {
    if (this.#half.length > 0) this.#fail("its end within one; the trace is truncated");
    this.#decode(this.#half, false);
  }

  #decode(bytes: Uint8Array, stream: boolean): string {
    try {
      return this.#decoder.decode(bytes, { stream });
    } catch {
      return this.#fail("half of a pair; the file is damaged");
    }
  }

  #fail(found: string): never {
    throw new TraceError(this.#file, { offset: this.#offset }, "whole characters of UTF-16", found);
  }
}
