/** Bytes of a trace, from a file or stdin, plain or packed. */

import { createReadStream, statSync } from "node:fs";
import { addAbortSignal, type Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { checkIsFile } from "./read-file.js";
import { MAGIC_BYTES, unpackerOf } from "./unpack.js";
import { systemErrorText, UsageError } from "./usage-error.js";

const CHUNK_BYTES = 2 ** 20;
/** A chunk can unpack to gigabytes: whoever interrupts gets a turn now and then. */
const TURN_BYTES = 2 ** 26;

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
        await setImmediate();
        interrupted.throwIfAborted();
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
