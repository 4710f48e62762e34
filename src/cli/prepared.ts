/** Recordings of the package as requests, which the build has prepared: found by what they come from, and checked. */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { RecordedRequests } from "../workload/after-boot.js";
import { preparedRequests } from "../workload-files/prepared.js";
import { sha256 } from "./input-file.js";

/**
 * Beside the program that has made them, so that they never are those of another; a program that runs from its sources
 * has none. Each is named after the SHA-256 of its description, and packed with gzip, which has a checksum.
 */
const DIRECTORY: URL = new URL("../recordings/", import.meta.url);

/**
 * @param description text of a recording.yaml
 * @param directory where prepared recordings are
 * @returns what `describedRequests` makes of it and the trace that it names by its digest; undefined where nothing is
 *   prepared for it, or not whole
 */
export function preparedFor(description: string, directory: URL = DIRECTORY): RecordedRequests | undefined {
  const digest = sha256(description);
  try {
    return preparedRequests(gunzipSync(readFileSync(new URL(`${digest}.gz`, directory))), digest);
  } catch {
    return undefined;
  }
}
