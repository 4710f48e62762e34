/** Reads workloads, a recording's description and the trace next to it, or a trace alone; and all files of a recording. */

import { createHash, type Hash } from "node:crypto";
import { readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { formatRemarks, PageEventCounts, whyUnusable } from "../report/trace-import.js";
import type { Scenario } from "../scenario/scenario.js";
import { parseYamlWithPositions } from "../scenario/yaml.js";
import type { RecordingFiles } from "../verify/recording-files.js";
import {
  beginsAfterBoot,
  describeTrace,
  followingBoot,
  type LoadedWorkload,
  type RecordedRequests,
} from "../workload/after-boot.js";
import { buildRequests } from "../workload/build-requests.js";
import { cpuBringUp } from "../workload/cpu-bring-up.js";
import { generate, parseGeneratedWorkload } from "../workload/generators/index.js";
import { type Recording, recordingSchema } from "../workload/recording.js";
import { STANDARD_BOOT } from "./bundled.js";
import { gunzipWhole } from "./gzip.js";
import { fileChunks, readInput, readInputText, TEXT_BYTES_MAX } from "./input-file.js";
import { readEvents, type TraceFile, workloadName } from "./read-trace.js";
import { systemErrorText, UsageError } from "./usage-error.js";

const DESCRIPTION = /\.ya?ml$/;

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

  /**
   * @param path of a recording.yaml, or of a trace of any format. A recording that begins on a machine
   *   that is up comes after the standard boot.
   * @returns the same object for the same path
   * @throws UsageError for a file that cannot be read, is damaged, or is not the one described;
   *   ScenarioError for a wrong description; TraceError for a file that is not a trace
   */
  load(path: string): LoadedWorkload {
    const key = resolve(path);
    const known = this.#workloads.get(key);
    if (known !== undefined) return known;
    const own = this.#recording(path);
    const workload = beginsAfterBoot(own.recording)
      ? followingBoot(this.#boot(this.#standardBoot), own)
      : this.#boot(path);
    this.#workloads.set(key, workload);
    return workload;
  }

  /**
   * The workload that a scenario's `generate:...` makes on its machine: a boot, or what follows the
   * standard one.
   *
   * @returns the same object for the same workload, machine and seed
   * @throws GeneratorError for a workload that no generator makes; scenarios are checked for that
   */
  generate({ workload, memoryBytes, vcpus, seed }: Scenario): LoadedWorkload {
    const key = JSON.stringify([workload, memoryBytes, vcpus, seed]);
    const known = this.#workloads.get(key);
    if (known !== undefined) return known;
    const own = generate(parseGeneratedWorkload(workload), { memoryBytes, vcpus, nodes: 1 }, seed);
    const loaded = beginsAfterBoot(own.recording) ? followingBoot(this.#boot(this.#standardBoot), own) : own;
    this.#workloads.set(key, loaded);
    return loaded;
  }

  /** A recording with the requests that further CPUs of its machine would have made, taken from another one. */
  #boot(path: string): LoadedWorkload {
    const own = this.#recording(path);
    const { cpuBringUp: mentioned } = own.recording;
    if (mentioned === undefined) return own;
    const otherPath = join(dirname(path), mentioned);
    const bringUp = cpuBringUp(this.#recording(otherPath).requests);
    if (bringUp === undefined) throw new UsageError(`${otherPath}: has no milestones smpInit and smpDone`);
    return { ...own, bringUp };
  }

  #recording(path: string): RecordedRequests {
    const key = resolve(path);
    const recording =
      this.#recordings.get(key) ??
      (DESCRIPTION.test(path) ? readRecording(path, this.#lenient) : readTrace(path, this.#lenient));
    this.#recordings.set(key, recording);
    return recording;
  }
}

function readRecording(path: string, lenient: boolean | undefined): RecordedRequests {
  const { recording, tracePath } = describedTrace(path);
  const trace = readEvents(tracePath, fileChunks(tracePath), recording.kernel, lenient);
  return usable(tracePath, trace, recording);
}

/** A recording's description and the trace that it describes; @throws UsageError where another one is there */
function describedTrace(path: string): { readonly recording: Recording; readonly tracePath: string } {
  const recording = parseYamlWithPositions(readInputText(path), path, recordingSchema);
  const tracePath = join(dirname(path), recording.trace.file);
  const hash = createHash("sha256");
  for (const chunk of fileChunks(tracePath)) hash.update(chunk);
  const [sha256, expected] = [hash.digest("hex"), recording.trace.sha256];
  if (sha256 === expected) return { recording, tracePath };
  throw new UsageError(
    `${tracePath}: truncated, damaged or another file: its sha256 begins with ${sha256.slice(0, 12)}, ` +
      `and ${path} says ${expected.slice(0, 12)}`,
  );
}

function readTrace(path: string, lenient: boolean | undefined): RecordedRequests {
  const hash = createHash("sha256");
  const trace = readEvents(path, hashed(fileChunks(path), hash), undefined, lenient);
  const described = describeTrace(workloadName(path), trace.events, trace.kernel);
  return usable(path, trace, { ...described, trace: { ...described.trace, sha256: hash.digest("hex") } });
}

/** The requests of a trace; @throws UsageError if there are none to make. */
function usable(
  path: string,
  { events, counts, flags, details }: TraceFile,
  recording: Recording,
): RecordedRequests {
  const { requests, report } = buildRequests(events, recording);
  const pageEvents = new PageEventCounts();
  pageEvents.add(events);
  const unusable = whyUnusable({
    allocations: report.allocations,
    failed: report.failed,
    pageEvents: pageEvents.byTracepoint,
    otherEvents: details.otherEvents,
    counts,
  });
  if (unusable !== undefined) throw new UsageError(`${path}: ${unusable}`);
  // Events of other tracepoints and flags that decide nothing are in most traces, and no part of what is replayed.
  const remarks = formatRemarks({ ...counts, otherEvents: 0 }, { ...flags, idle: [] }, details);
  return { recording, requests, report, ...(remarks.length === 0 ? {} : { remarks }) };
}

function* hashed(chunks: Iterable<Uint8Array>, hash: Hash): Generator<Uint8Array> {
  for (const chunk of chunks) {
    hash.update(chunk);
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
  if (stored.has("recording.yaml")) describedTrace(join(directory, "recording.yaml"));
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
