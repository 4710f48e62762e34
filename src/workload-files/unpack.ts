/** Takes files as they are stored, packed as gzip or zstd or not at all. */

import { GZIP_MAGIC, GzipReader } from "./gzip.js";
import { isZstd, ZstdReader } from "./zstd.js";

/** Call `feed` for each piece, then take the rest from `end`. */
export interface Unpacker {
  /** @returns pieces that must not be kept @throws TraceError for damage */
  feed(chunk: Uint8Array): Iterable<Uint8Array>;
  /** @throws TraceError for a file that is cut short */
  end(): Iterable<Uint8Array>;
}

/** Bytes needed to tell how a file is packed. */
export const MAGIC_BYTES = 4;

/** @param first bytes of the file, `MAGIC_BYTES` of them or all */
export function unpackerOf(file: string, first: Uint8Array): Unpacker {
  if (GZIP_MAGIC.every((byte, index) => first[index] === byte)) return new GzipReader(file);
  if (isZstd(first)) return new ZstdReader(file);
  return { feed: (chunk) => [chunk], end: () => [] };
}

/**
 * Unpacks a file that is packed, and lets another one pass. The pieces must not be kept.
 *
 * @param chunks of which the first has `MAGIC_BYTES` or is all
 * @throws TraceError for damage
 */
export function* unpacked(file: string, chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  let unpacker: Unpacker | undefined;
  for (const chunk of chunks) {
    unpacker ??= unpackerOf(file, chunk);
    yield* unpacker.feed(chunk);
  }
  if (unpacker !== undefined) yield* unpacker.end();
}
