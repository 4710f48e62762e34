/** Bytes of a trace, from a file or stdin, plain or packed. */

import { createReadStream, statSync } from "node:fs";
import { addAbortSignal, type Readable } from "node:stream";
import { STDIN_PATH } from "./arguments.js";
import { GZIP_MAGIC, GzipReader } from "./gzip.js";
import { checkIsFile } from "./input-file.js";
import { listen } from "./io.js";
import { systemErrorText, UsageError } from "./usage-error.js";
import { isZstd, ZstdReader } from "./zstd.js";

const CHUNK_BYTES = 2 ** 20;
/** A chunk can unpack to gigabytes: whoever interrupts gets a turn now and then. */
const TURN_BYTES = 2 ** 26;

/** How far a file has been read, as it lies on the disk. */
export interface InputPosition {
  bytes: number;
  /** Undefined for stdin. */
  readonly totalBytes: number | undefined;
}

/** Name of an input for messages. */
export function inputName(path: string): string {
  return path === STDIN_PATH ? "stdin" : path;
}

/** @throws UsageError for a file that is not there */
export function inputPosition(path: string): InputPosition {
  if (path === STDIN_PATH) return { bytes: 0, totalBytes: undefined };
  try {
    const stats = statSync(path);
    checkIsFile(path, stats);
    return { bytes: 0, totalBytes: stats.size };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${path}: ${systemErrorText(error)}`);
  }
}

/**
 * Reads an input and unpacks what begins as gzip or zstd does. The pieces must not be kept.
 *
 * @param path of a file, or `STDIN_PATH`
 * @param position is kept up to date
 * @throws UsageError for a file that cannot be read; TraceError for one that is packed and damaged;
 *   the reason of `interrupted` when that is aborted
 */
export async function* readInputChunks(
  path: string,
  position: InputPosition,
  interrupted: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const source = path === STDIN_PATH ? process.stdin : createReadStream(path, { highWaterMark: CHUNK_BYTES });
  try {
    const chunks = counted(addAbortSignal(interrupted, source), position);
    const first = await firstBytes(chunks);
    const unpacker = unpackerOf(inputName(path), first);
    let unpackedBytes = 0;
    for await (const chunk of prepend(first, chunks)) {
      for (const piece of unpacker.feed(chunk)) {
        yield piece;
        unpackedBytes += piece.length;
        if (unpackedBytes < TURN_BYTES) continue;
        unpackedBytes = 0;
        await listen(interrupted);
      }
    }
    yield* unpacker.end();
  } catch (error) {
    interrupted.throwIfAborted();
    if (error instanceof Error && "syscall" in error)
      throw new UsageError(`${inputName(path)}: ${systemErrorText(error)}`);
    throw error;
  } finally {
    source.destroy();
  }
}

async function* counted(source: Readable, position: InputPosition): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    position.bytes += (chunk as Uint8Array).length;
    yield chunk as Uint8Array;
  }
}

async function firstBytes(chunks: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  let first = Buffer.alloc(0);
  while (first.length < MAGIC_BYTES) {
    const next = await chunks.next();
    if (next.done === true) break;
    first = Buffer.concat([first, next.value]);
  }
  return first;
}

async function* prepend(first: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  yield* rest;
}

/** What of a file must be there to tell. */
const MAGIC_BYTES = 4;

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

/**
 * Unpacks a file that is packed, and lets another one pass.
 *
 * @param chunks of which the first has `MAGIC_BYTES` or is all
 * @returns pieces that must not be kept
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
