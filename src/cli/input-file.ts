/** Bytes of input files and of stdin, whole or in pieces, plain or packed: only of what is a file, and only of what fits. */

import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  type Stats,
  statSync,
} from "node:fs";
import { addAbortSignal } from "node:stream";
import { joined } from "../workload/bytes.js";
import { MAGIC_BYTES, type Unpacker, unpackerOf } from "../workload-files/unpack.js";
import { STDIN_PATH } from "./arguments.js";
import { throwIfInterrupted } from "./io.js";
import { systemErrorText, UsageError } from "./usage-error.js";

/** Largest file that is taken for text, and as part of a recording: strings end at 512 MiB. */
export const TEXT_BYTES_MAX: number = 2 ** 28;

const CHUNK_BYTES = 2 ** 20;

/** Pipes that the caller's shell has opened: `/dev/stdin`, `<(command)`. */
const OWN_INPUT = /^\/(dev\/(stdin|fd\/\d+)|proc\/self\/fd\/\d+)$/;

/** @throws UsageError that names the file: not there, not readable, no file, too large */
export function readInput(path: string, maxBytes: number = Number.POSITIVE_INFINITY): Buffer {
  const file = openInput(path);
  try {
    const { size } = attempt(path, () => fstatSync(file));
    if (size <= maxBytes) return attempt(path, () => readFileSync(file));
    throw new UsageError(`${path}: expected a file of at most ${maxBytes} bytes, found ${size}`);
  } finally {
    closeSync(file);
  }
}

export function readInputText(path: string): string {
  const before = ownTexts.get(path);
  if (before !== undefined) return before;
  const text = readInput(path, TEXT_BYTES_MAX).toString("utf8");
  if (OWN_INPUT.test(path)) ownTexts.set(path, text);
  return text;
}

/** A pipe gives its text once, and commands look at a scenario before they read it. */
const ownTexts = new Map<string, string>();

/** Opening a FIFO without a writer would wait for one, so what is there is looked at first. */
function openInput(path: string): number {
  statInput(path);
  return attempt(path, () => openSync(path, "r"));
}

/**
 * For a directory the operating system's own error will do.
 *
 * @throws UsageError for what is not there, and for what never ends or never begins, unless it is a pipe of the caller's
 */
function statInput(path: string): Stats {
  const stats = attempt(path, () => statSync(path));
  const found = kindOf(stats);
  if (found === undefined || OWN_INPUT.test(path)) return stats;
  throw new UsageError(`${path}: expected a file, found ${found}`);
}

function kindOf(stats: Stats): string | undefined {
  if (stats.isFIFO()) return "a FIFO";
  if (stats.isSocket()) return "a socket";
  if (stats.isCharacterDevice() || stats.isBlockDevice()) return "a device";
  return undefined;
}

/**
 * @returns pieces of 1 MiB, the last one less, in memory that is used again
 * @throws UsageError that names a file that cannot be read
 */
export function* fileChunks(path: string): Generator<Uint8Array> {
  const chunk = new Uint8Array(CHUNK_BYTES);
  const file = openInput(path);
  try {
    for (;;) {
      const bytes = attempt(path, () => filled(file, chunk));
      if (bytes > 0) yield chunk.subarray(0, bytes);
      if (bytes < CHUNK_BYTES) return;
    }
  } finally {
    closeSync(file);
  }
}

/** Reads until the chunk is full or the file ends: a pipe gives less at a time. @returns how much there is */
function filled(file: number, chunk: Uint8Array): number {
  let bytes = 0;
  while (bytes < chunk.length) {
    const some = readSync(file, chunk, bytes, chunk.length - bytes, null);
    if (some === 0) break;
    bytes += some;
  }
  return bytes;
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new UsageError(`${path}: ${systemErrorText(error)}`);
  }
}

export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Position in a file, in bytes as stored. */
export interface InputPosition {
  bytes: number;
  /** Undefined for stdin. */
  readonly totalBytes: number | undefined;
}

export function inputName(path: string): string {
  return path === STDIN_PATH ? "stdin" : path;
}

export function inputPosition(path: string): InputPosition {
  return { bytes: 0, totalBytes: path === STDIN_PATH ? undefined : statInput(path).size };
}

/** A chunk can unpack to gigabytes: an interrupt gets a turn now and then. */
const TURN_BYTES = 2 ** 26;

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
  const name = inputName(path);
  const source = path === STDIN_PATH ? process.stdin : createReadStream(path, { highWaterMark: CHUNK_BYTES });
  /** The first chunk, with more appended where it is too short to tell. */
  let first: Uint8Array = new Uint8Array(0);
  let unpacker: Unpacker | undefined;
  let unpackedBytes = 0;
  try {
    for await (const chunk of addAbortSignal(interrupted, source) as AsyncIterable<Uint8Array>) {
      position.bytes += chunk.length;
      if (unpacker === undefined) first = joined(first, chunk);
      if (first.length < MAGIC_BYTES) continue;
      const bytes = unpacker === undefined ? first : chunk;
      unpacker ??= unpackerOf(name, first);
      for (const piece of unpacker.feed(bytes)) {
        yield piece;
        unpackedBytes += piece.length;
        if (unpackedBytes < TURN_BYTES) continue;
        unpackedBytes = 0;
        await throwIfInterrupted(interrupted);
      }
    }
    if (unpacker === undefined) {
      unpacker = unpackerOf(name, first);
      yield* unpacker.feed(first);
    }
    yield* unpacker.end();
  } catch (error) {
    interrupted.throwIfAborted();
    if (error instanceof Error && "syscall" in error)
      throw new UsageError(`${name}: ${systemErrorText(error)}`);
    throw error;
  } finally {
    source.destroy();
  }
}
