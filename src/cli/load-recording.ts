/** Reads workloads, a recording's description and the trace next to it, or a trace alone; and all files of a recording. */

import { createHash, type Hash } from "node:crypto";
import { readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseYamlWithPositions } from "../scenario/yaml.js";
import type { RecordingFiles } from "../verify/recording-files.js";
import type { LoadedWorkload, RecordedRequests } from "../workload/after-boot.js";
import { generate, parseGeneratedWorkload } from "../workload/generators/index.js";
import { type Recording, recordingSchema } from "../workload/recording.js";
import { type Assembly, assembled, assembledAround, pathFrom } from "../workload-files/assemble.js";
import { gunzipWhole } from "../workload-files/gzip.js";
import {
  describedRequests,
  requireDigest,
  undescribedRequests,
} from "../workload-files/recorded-requests.js";
import { DESCRIPTION, type WorkloadOnMachine } from "../workload-files/workloads.js";
import { STANDARD_BOOT } from "./bundled.js";
import { gunzipped, gunzippedTrace } from "./gunzip.js";
import { fileChunks, inputPosition, readInput, readInputText, TEXT_BYTES_MAX } from "./input-file.js";
import { preparedFor } from "./prepared.js";
import { withLenientHint } from "./read-trace.js";
import { systemErrorText, UsageError } from "./usage-error.js";

export interface LoaderOptions {
  /** Recordings that are loaded already, as `recordings` of another loader gives them. */
  readonly recordings?: ReadonlyMap<string, RecordedRequests>;
  /** Whether lines of a trace that cannot be read are left out; undefined where nobody can ask for it. */
  readonly lenient?: boolean | undefined;
  /** The boot in front of what is no boot: path of its description. */
  readonly standardBoot?: string;
}

/** Loads each workload once, however many runs replay it. */
export class WorkloadLoader {
  readonly #recordings: Map<string, RecordedRequests>;
  readonly #workloads = new Map<string, LoadedWorkload>();
  readonly #lenient: boolean | undefined;
  readonly #standardBoot: string;

  constructor({ recordings = new Map(), lenient, standardBoot = STANDARD_BOOT }: LoaderOptions = {}) {
    this.#recordings = new Map(recordings);
    this.#lenient = lenient;
    this.#standardBoot = standardBoot;
  }

  get recordings(): ReadonlyMap<string, RecordedRequests> {
    return this.#recordings;
  }

  /** For a loader that is to load the same, and need not read what this one has read. */
  get options(): LoaderOptions {
    return { recordings: this.#recordings, lenient: this.#lenient, standardBoot: this.#standardBoot };
  }

  /**
   * @param path of a recording.yaml, or of a trace of any format. A recording that begins on a machine
   *   that is up comes after the standard boot.
   * @returns the same object for the same path
   * @throws UsageError for a file that cannot be read; WorkloadError for one that is damaged or not the one
   *   described; ScenarioError for a wrong description; TraceError for a file that is not a trace
   */
  load(path: string): LoadedWorkload {
    return this.#once(resolve(path), () => assembled(path, this.#standardBoot));
  }

  /**
   * The workload that a scenario's `generate:...` makes on its machine: a boot, or what follows the
   * standard one.
   *
   * @returns the same object for the same workload, machine and seed
   * @throws GeneratorError for a workload that no generator makes; scenarios are checked for that
   */
  generate({ workload, memoryBytes, vcpus, seed }: WorkloadOnMachine): LoadedWorkload {
    return this.#once(JSON.stringify([workload, memoryBytes, vcpus, seed]), () => {
      const machine = { memoryBytes, vcpus, nodes: 1 };
      return assembledAround(generate(parseGeneratedWorkload(workload), machine, seed), this.#standardBoot);
    });
  }

  #once(key: string, begin: () => Assembly): LoadedWorkload {
    const known = this.#workloads.get(key);
    if (known !== undefined) return known;
    const assembly = begin();
    let step = assembly.next();
    while (step.done !== true) step = assembly.next(this.recording(step.value));
    this.#workloads.set(key, step.value);
    return step.value;
  }

  /**
   * The requests of one recording or trace, without what is put together with it.
   *
   * @throws what `load` throws
   */
  recording(path: string): RecordedRequests {
    const key = resolve(path);
    const recording = this.#recordings.get(key) ?? readRequests(path, this.#lenient);
    this.#recordings.set(key, recording);
    return recording;
  }
}

function readRequests(path: string, lenient: boolean | undefined): RecordedRequests {
  try {
    return DESCRIPTION.test(path) ? readRecording(path, lenient) : readTrace(path, lenient);
  } catch (error) {
    throw lenient === undefined ? error : withLenientHint(error);
  }
}

function readRecording(path: string, lenient: boolean | undefined): RecordedRequests {
  const text = readInputText(path);
  const prepared = preparedFor(text);
  if (prepared !== undefined) {
    tracePathOf(prepared.recording, path);
    return prepared;
  }
  const recording = parseYamlWithPositions(text, path, recordingSchema);
  const tracePath = tracePathOf(recording, path);
  return describedRequests({ path: tracePath, chunks: traceChunks(tracePath) }, recording, lenient);
}

/** @throws WorkloadError where another trace is there than the one that is described; UsageError where none is */
function tracePathOf(recording: Recording, path: string): string {
  const tracePath = pathFrom(path, recording.trace.file);
  const hash = createHash("sha256");
  for (const chunk of fileChunks(tracePath)) hash.update(chunk);
  requireDigest(tracePath, path, hash.digest("hex"), recording);
  return tracePath;
}

function readTrace(path: string, lenient: boolean | undefined): RecordedRequests {
  const hash = createHash("sha256");
  return undescribedRequests({ path, chunks: traceChunks(path, hash) }, () => hash.digest("hex"), lenient);
}

/** Packed files of up to so many bytes are unpacked at once, into up to so many. */
const PACKED_BYTES_MAX = 2 ** 25;
const UNPACKED_BYTES_MAX = 2 ** 28;

/** A trace in pieces, unpacked where Node does that at once. @param hash is given all bytes as they are stored */
function* traceChunks(path: string, hash?: Hash): Generator<Uint8Array> {
  const { totalBytes = 0 } = inputPosition(path);
  if (totalBytes > 0 && totalBytes <= PACKED_BYTES_MAX) {
    const bytes = readInput(path);
    hash?.update(bytes);
    yield gunzippedTrace(bytes, UNPACKED_BYTES_MAX) ?? bytes;
    return;
  }
  for (const chunk of fileChunks(path)) {
    hash?.update(chunk);
    yield chunk;
  }
}

/**
 * A recording's directory, for verification.
 *
 * @throws UsageError when the directory cannot be read, or has a file twice, packed and unpacked; `read` throws
 *   it for a file that is missing or too large, and TraceError for a damaged one
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
  if (stored.has("recording.yaml")) {
    const path = join(directory, "recording.yaml");
    tracePathOf(parseYamlWithPositions(readInputText(path), path, recordingSchema), path);
  }
  return {
    name: basename(resolve(directory)),
    list: () => [...new Set([...stored].map((name) => name.replace(/\.gz$/, "")))].sort(),
    read: (name) => {
      if (stored.has(name)) return readInput(join(directory, name), TEXT_BYTES_MAX);
      if (!stored.has(`${name}.gz`)) return undefined;
      const packed = join(directory, `${name}.gz`);
      const bytes = readInput(packed, TEXT_BYTES_MAX);
      return gunzipped(bytes, TEXT_BYTES_MAX) ?? gunzipWhole(packed, bytes, TEXT_BYTES_MAX);
    },
  };
}
