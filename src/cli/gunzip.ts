/** Node's own zlib, several times as fast as the one of browsers, for files that are whole. */

import { gunzipSync, type InputType } from "node:zlib";
import { GZIP_MAGIC } from "../workload-files/gzip.js";
import { MAGIC_BYTES } from "../workload-files/unpack.js";
import { isZstd } from "../workload-files/zstd.js";

/** With `info` set, what the declarations leave out: the result, and what the work was done by. */
type GunzipWithInfo = (
  bytes: InputType,
  options: { readonly info: true; readonly maxOutputLength: number },
) => { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };

/**
 * @param maxBytes that may come of it
 * @returns undefined for what is not gzip, is damaged, is cut short, has anything behind its last member or becomes
 *   more: `GzipReader` says what is wrong with it and where
 */
export function gunzipped(bytes: Uint8Array, maxBytes: number): Uint8Array | undefined {
  if (!isGzip(bytes)) return undefined;
  try {
    const options = { info: true, maxOutputLength: maxBytes } as const;
    const { buffer, engine } = (gunzipSync as unknown as GunzipWithInfo)(bytes, options);
    return engine.bytesWritten === bytes.length ? buffer : undefined;
  } catch {
    return undefined;
  }
}

function isGzip(bytes: Uint8Array): boolean {
  return GZIP_MAGIC.every((byte, index) => bytes[index] === byte);
}

/** The same for a trace: not what is packed again, which would be unpacked once more. */
export function gunzippedTrace(bytes: Uint8Array, maxBytes: number): Uint8Array | undefined {
  const trace = gunzipped(bytes, maxBytes);
  const first = trace?.subarray(0, MAGIC_BYTES) ?? bytes;
  return isGzip(first) || isZstd(first) ? undefined : trace;
}
