/** Files read piece by piece and at once, for whoever cannot wait. */

import { closeSync, openSync, readSync, statSync } from "node:fs";
import { checkIsFile } from "./read-file.js";
import { systemErrorText, UsageError } from "./usage-error.js";

const CHUNK_BYTES = 2 ** 20;

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
