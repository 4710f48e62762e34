/** Bytes of input files, whole or in pieces: only of what is a file, and only of what fits. */

import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync, readSync, type Stats, statSync } from "node:fs";
import { systemErrorText, UsageError } from "./usage-error.js";

/** Largest file that is taken for text, and as part of a recording: strings end at 512 MiB. */
export const TEXT_BYTES_MAX: number = 2 ** 28;

/** Of a piece of a file. */
const CHUNK_BYTES = 2 ** 20;

/** Pipes that the caller's shell has opened: `/dev/stdin`, `<(command)`. */
const OWN_INPUT = /^\/(dev\/(stdin|fd\/\d+)|proc\/self\/fd\/\d+)$/;

/**
 * The bytes of an input file.
 *
 * @param maxBytes largest size that is read
 * @throws UsageError that names it: not there, not readable, no file, too large
 */
export function readInput(path: string, maxBytes: number = Number.POSITIVE_INFINITY): Buffer {
  let descriptor: number | undefined;
  try {
    // Opening a FIFO without a writer would wait for one, so it is looked at first.
    checkIsFile(path, statSync(path));
    descriptor = openSync(path, "r");
    const { size } = fstatSync(descriptor);
    if (size > maxBytes) {
      throw new UsageError(`${path}: expected a file of at most ${maxBytes} bytes, found ${size}`);
    }
    return readFileSync(descriptor);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${path}: ${systemErrorText(error)}`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** A scenario, study or result; @throws UsageError as `readInput` */
export function readInputText(path: string): string {
  return readInput(path, TEXT_BYTES_MAX).toString("utf8");
}

/**
 * Of a directory the operating system itself says that it is none to be read.
 *
 * @throws UsageError for what never ends or never begins, unless it is a pipe of the caller's
 */
export function checkIsFile(path: string, stats: Stats): void {
  const found = kindOf(stats);
  if (found === undefined || OWN_INPUT.test(path)) return;
  throw new UsageError(`${path}: expected a file, found ${found}`);
}

function kindOf(stats: Stats): string | undefined {
  if (stats.isFIFO()) return "a FIFO";
  if (stats.isSocket()) return "a socket";
  if (stats.isCharacterDevice() || stats.isBlockDevice()) return "a device";
  return undefined;
}

/**
 * The bytes of a file.
 *
 * @returns pieces of 1 MiB, the last one less, in memory that is used again
 * @throws UsageError that names a file that cannot be read
 */
export function* fileChunks(path: string): Generator<Uint8Array> {
  const chunk = new Uint8Array(CHUNK_BYTES);
  // Opening a FIFO without a writer would wait for one.
  checkIsFile(
    path,
    attempt(path, () => statSync(path)),
  );
  const file = attempt(path, () => openSync(path, "r"));
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

/** SHA-256 in hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
