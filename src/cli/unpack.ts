/** Unpacks a file that is packed, and lets another one pass. */

import { GZIP_MAGIC, GzipReader } from "./gzip.js";
import { isZstd, ZstdReader } from "./zstd.js";

/** What of a file must be there to tell. */
export const MAGIC_BYTES = 4;

/** `feed` it piece by piece, then take what `end` has left. */
export interface Unpacker {
  /** @returns pieces that must not be kept @throws TraceError for damage */
  feed(chunk: Uint8Array): Iterable<Uint8Array>;
  /** @throws TraceError for a file that is cut short */
  end(): Iterable<Uint8Array>;
}

/**
 * @param file name for messages
 * @param first its first bytes, `MAGIC_BYTES` of them or all
 */
export function unpackerOf(file: string, first: Uint8Array): Unpacker {
  if (GZIP_MAGIC.every((byte, index) => first[index] === byte)) return new GzipReader(file);
  if (isZstd(first)) return new ZstdReader(file);
  return { feed: (chunk) => [chunk], end: () => [] };
}
