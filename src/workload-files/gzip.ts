/**
 * Unpacks gzip as it comes, and refuses what `gzip -t` refuses: damage in any member, and anything
 * but zeros after the last one (RFC 1952, section 2.2; GNU gzip, gzip.c: get_method).
 */

import { Z_NO_FLUSH, Z_STREAM_END, ZStream, zlibInflate, zlibInflateInit2, zlibInflateReset } from "pako";
import { TraceError } from "../workload/trace-error.js";

/** The largest window, in a gzip wrapper (zlib.h: inflateInit2). */
const GZIP_WINDOW_BITS = 31;
const PIECE_BYTES = 2 ** 17;

export const GZIP_MAGIC: readonly number[] = [0x1f, 0x8b];

export class GzipReader {
  readonly #file: string;
  readonly #stream = new ZStream();
  /** Used again for every piece. */
  readonly #piece = new Uint8Array(PIECE_BYTES);
  /** Of the chunk in the file. */
  #offset = 0;
  #place: "in a member" | "after a member" | "in padding" = "in a member";

  constructor(file: string) {
    this.#file = file;
    zlibInflateInit2(this.#stream, GZIP_WINDOW_BITS);
  }

  /** @returns pieces that must not be kept @throws TraceError at the byte that shows the damage */
  *feed(chunk: Uint8Array): Generator<Uint8Array> {
    const stream = this.#stream;
    stream.input = chunk;
    stream.next_in = 0;
    stream.avail_in = chunk.length;
    while (stream.avail_in > 0 && this.#place !== "in padding") {
      if (this.#place === "after a member" && !this.#beginsMember(chunk)) break;
      yield* this.#inflate();
    }
    if (this.#place === "in padding") this.#skipZeros(chunk);
    this.#offset += chunk.length;
  }

  /** @throws TraceError if the file is cut short */
  end(): readonly Uint8Array[] {
    if (this.#place !== "in a member") return [];
    const expected = "the rest of a gzip file";
    throw new TraceError(this.#file, { offset: this.#offset }, expected, "its end; the file is truncated");
  }

  #beginsMember(chunk: Uint8Array): boolean {
    if (chunk[this.#stream.next_in] === 0) {
      this.#place = "in padding";
      return false;
    }
    this.#place = "in a member";
    zlibInflateReset(this.#stream);
    return true;
  }

  #skipZeros(chunk: Uint8Array): void {
    const stream = this.#stream;
    const at = chunk.findIndex((byte, index) => index >= stream.next_in && byte !== 0);
    if (at === -1) return;
    const expected = "nothing but zeros after the zeros that follow a gzip member";
    throw new TraceError(this.#file, { offset: this.#offset + at }, expected, "more; the file is damaged");
  }

  /** Unpacks what there is of a member. */
  *#inflate(): Generator<Uint8Array> {
    const stream = this.#stream;
    do {
      stream.output = this.#piece;
      stream.next_out = 0;
      stream.avail_out = PIECE_BYTES;
      const status = zlibInflate(stream, Z_NO_FLUSH);
      if (stream.next_out > 0) yield this.#piece.subarray(0, stream.next_out);
      if (status === Z_STREAM_END) {
        this.#place = "after a member";
        return;
      }
      // Z_BUF_ERROR alone has no message: there was nothing to do.
      if (status < 0 && stream.msg !== "") this.#fail(stream.msg);
    } while (stream.avail_in > 0 || stream.avail_out === 0);
  }

  #fail(message: string): never {
    // It is noticed when the last byte that is looked at has come.
    const offset = this.#offset + this.#stream.next_in - 1;
    throw new TraceError(this.#file, { offset }, "whole gzip data", `damage here (${message})`);
  }
}

/** @throws TraceError for a file that is cut short, damaged or unpacks to more than `maxBytes` */
export function gunzipWhole(
  file: string,
  bytes: Uint8Array,
  maxBytes: number = Number.POSITIVE_INFINITY,
): Uint8Array {
  const reader = new GzipReader(file);
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for (const piece of reader.feed(bytes)) {
    sizeBytes += piece.length;
    if (sizeBytes > maxBytes) {
      throw new TraceError(file, { offset: 0 }, `what unpacks to at most ${maxBytes} bytes`, "more");
    }
    pieces.push(piece.slice());
  }
  reader.end();
  const whole = new Uint8Array(sizeBytes);
  let end = 0;
  for (const piece of pieces) {
    whole.set(piece, end);
    end += piece.length;
  }
  return whole;
}
