/** A recording's directory on disk. */

import { readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseYamlWithPositions } from "../scenario/yaml.js";
import type { RecordingFiles } from "../verify/recording-files.js";
import { recordingSchema } from "../workload/recording.js";
import { gunzipWhole } from "./gzip.js";
import { readInput, readInputText, TEXT_BYTES_MAX } from "./input-file.js";
import { checkSha256 } from "./load-recording.js";
import { systemErrorText, UsageError } from "./usage-error.js";

/**
 * @throws UsageError when the directory cannot be read, or has a file twice, packed and unpacked; `read` throws
 *   it for a file that is none or too large, and TraceError for a damaged one
 */
export function openRecording(directory: string): RecordingFiles {
  let stored: Set<string>;
  try {
    stored = new Set(readdirSync(directory));
  } catch (error) {
    throw new UsageError(`${directory}: cannot read this directory: ${systemErrorText(error)}`);
  }
  const twice = [...stored].find((name) => stored.has(`${name}.gz`));
  if (twice !== undefined) {
    throw new UsageError(`${join(directory, twice)}: expected one file of this name, found ${twice}.gz too`);
  }
  if (stored.has("recording.yaml")) checkTrace(directory);
  return {
    name: basename(resolve(directory)),
    list: () => [...new Set([...stored].map((name) => name.replace(/\.gz$/, "")))].sort(),
    read: (name) => {
      if (stored.has(name)) return readInput(join(directory, name), TEXT_BYTES_MAX);
      if (!stored.has(`${name}.gz`)) return undefined;
      const packed = join(directory, `${name}.gz`);
      return gunzipWhole(packed, readInput(packed, TEXT_BYTES_MAX), TEXT_BYTES_MAX);
    },
  };
}

/** A recording that says what its trace is must have that one; @throws UsageError */
function checkTrace(directory: string): void {
  const path = join(directory, "recording.yaml");
  const { trace } = parseYamlWithPositions(readInputText(path), path, recordingSchema);
  checkSha256(join(directory, trace.file), trace.sha256, path);
}
