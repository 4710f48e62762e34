/** Bytes of a trace, from a file or stdin, plain or packed. */

import { createReadStream, statSync } from "node:fs";
import { addAbortSignal, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { damagedGzip, isGzipError, truncatedGzip } from "./gzip.js";
import { checkIsFile } from "./read-file.js";
import { systemErrorText, UsageError } from "./usage-error.js";
import { ZstdReader } from "./zstd.js";

const CHUNK_BYTES = 2 ** 20;
/** zlib does not say where in what it was given an error is: the less it is given, the closer. */
const GZIP_STEP_BYTES = 2 ** 14;
const GZIP_MAGIC = [0x1f, 0x8b];
const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const MAGIC_BYTES = 4;

/** What `-` on the command line stands for. */
export const STDIN_PATH = "/dev/stdin";

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
 * Reads an input and unpacks what begins as gzip or zstd does.
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
    const whole = prepend(first, chunks);
    if (startsWith(first, GZIP_MAGIC)) yield* unzipped(path, whole, position);
    else if (startsWith(first, ZSTD_MAGIC)) yield* unpackedZstd(path, whole);
    else yield* whole;
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

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

async function* unzipped(
  path: string,
  chunks: AsyncGenerator<Uint8Array>,
  position: InputPosition,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(inSteps(chunks), { objectMode: true, highWaterMark: 2 });
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  source.on("error", (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  try {
    for await (const chunk of gunzip) yield chunk as Uint8Array;
  } catch (error) {
    if (!isGzipError(error)) throw error;
    if (error.code === "Z_BUF_ERROR") throw truncatedGzip(inputName(path), position.bytes);
    throw damagedGzip(inputName(path), gunzip.bytesWritten, `within ${GZIP_STEP_BYTES} bytes`, error);
  }
}

async function* inSteps(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += GZIP_STEP_BYTES) yield chunk.subarray(at, at + GZIP_STEP_BYTES);
  }
}

async function* unpackedZstd(path: string, chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let unpacked: Uint8Array[] = [];
  const reader = new ZstdReader(inputName(path), (bytes) => unpacked.push(bytes));
  for await (const chunk of chunks) {
    reader.feed(chunk);
    yield* unpacked;
    unpacked = [];
  }
  reader.end();
}
