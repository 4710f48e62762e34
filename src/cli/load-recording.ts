/** Reads a recording: its description, and the trace beside it. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { LoadedRecording } from "../guest/boot.js";
import { parseYamlWithPositions } from "../scenario/yaml.js";
import { buildRequests } from "../workload/build-requests.js";
import type { PageEvents } from "../workload/events.js";
import { recordingSchema } from "../workload/recording.js";
import { TracefsReader } from "../workload/tracefs.js";
import { systemErrorText, UsageError } from "./usage-error.js";

/**
 * @param path of a recording.yaml
 * @throws UsageError for a file that cannot be read, is damaged, or is not the one described;
 *   ScenarioError for a wrong description; TraceError for a trace that is none
 */
export function loadRecording(path: string): LoadedRecording {
  const recording = parseYamlWithPositions(readInput(path).toString("utf8"), path, recordingSchema);
  const tracePath = join(dirname(path), recording.trace.file);
  const bytes = readInput(tracePath);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== recording.trace.sha256) {
    throw new UsageError(
      `${tracePath}: truncated, damaged or another file: its sha256 begins with ${sha256.slice(0, 12)}, ` +
        `and ${path} says ${recording.trace.sha256.slice(0, 12)}`,
    );
  }
  const events = readTrace(tracePath, bytes);
  return { recording, ...buildRequests(events, recording) };
}

/** The bytes of an input file; @throws UsageError that names it. */
export function readInput(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${path}: ${systemErrorText(error)}`);
  }
}

function readTrace(path: string, bytes: Buffer): PageEvents {
  const reader = new TracefsReader(path);
  reader.feed(path.endsWith(".gz") ? unzip(path, bytes) : bytes);
  return reader.end();
}

function unzip(path: string, bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw new UsageError(`${path}: not a whole gzip file: ${systemErrorText(error)}`);
  }
}
