/** Unpacks gzip, and says where it is damaged. */

import { constants, gunzipSync } from "node:zlib";
import { TraceError } from "../workload/trace-error.js";

/**
 * @param maxBytes most that it may unpack to
 * @throws TraceError for a file that is cut short, damaged or unpacks to more
 */
export function gunzipWhole(file: string, bytes: Uint8Array, maxBytes?: number): Uint8Array {
  try {
    return gunzipSync(bytes, maxBytes === undefined ? {} : { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError) {
      throw new TraceError(
        file,
        { offset: 0 },
        `what unpacks to at most ${maxBytes ?? 2 ** 32} bytes`,
        "more",
      );
    }
    if (!isGzipError(error)) throw error;
    if (error.code === "Z_BUF_ERROR") throw truncatedGzip(file, bytes.length);
    throw damagedGzip(file, damagedByte(bytes), "here", error);
  }
}

/** Of zlib, not of reading the file. */
export function isGzipError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && ((error as NodeJS.ErrnoException).code ?? "").startsWith("Z_");
}

/** @param offset where the file ends */
export function truncatedGzip(file: string, offset: number): TraceError {
  return new TraceError(file, { offset }, "the rest of a gzip file", "its end; the file is truncated");
}

/** @param where seen from the offset */
export function damagedGzip(file: string, offset: number, where: string, error: Error): TraceError {
  return new TraceError(file, { offset }, "whole gzip data", `damage ${where} (${error.message})`);
}

/** The byte that zlib stumbles over, which lies at or behind the damage: it does not say, so it is sought. */
function damagedByte(bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (isGoodSoFar(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function isGoodSoFar(start: Uint8Array): boolean {
  try {
    gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH });
    return true;
  } catch (error) {
    if (isGzipError(error)) return false;
    throw error;
  }
}
