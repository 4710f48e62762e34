/** A sweep as it is asked for, the stamp that tells it from others, and its runs, a chunk at a time. */

import { dirname, isAbsolute, join } from "node:path";
import { z } from "zod";
import type { PriceSet } from "../../coco/price-set.js";
import { otherVersion } from "../../results/formats.js";
import { RESULT_SCHEMA_VERSION } from "../../results/row.js";
import { scenariosOf } from "../../scenario/load.js";
import type { Assignment } from "../../scenario/set.js";
import { YamlSource } from "../../scenario/yaml.js";
import { CHUNK_POINTS, pointsOfChunk, type Shard } from "../../study/sweep/chunks.js";
import { assignmentsOf, pointCount } from "../../study/sweep/points.js";
import { runIdentity, sweepLine } from "../../study/sweep/record.js";
import { parseStudy, type Study, withoutRepeats } from "../../study/sweep/study-file.js";
import type { RecordedRequests } from "../../workload/after-boot.js";
import { readInputText, sha256 } from "../input-file.js";
import type { PolicyFile, RunScenario } from "../io.js";
import { workloadOf } from "../load.js";
import type { WorkloadLoader } from "../load-recording.js";
import { priceSetsFor } from "../price-sets.js";
import { UsageError } from "../usage-error.js";
import { packageVersion } from "../version.js";

/** Characters of a run's id, of 64: the chance that two of 10^6 runs collide is 3 in 10^8. */
const ID_CHARACTERS = 16;

/** Everything that decides the results of a sweep, except the traces. */
export interface SweepJob {
  readonly study: Study;
  readonly scenarioPath: string;
  readonly scenarioText: string;
  readonly version: string;
  readonly policyFiles: readonly PolicyFile[];
  /** What flags write over the scenario file, before the study does. */
  readonly assignments?: readonly Assignment[];
}

/** What a point has in the place of the scenario file's values. */
export function assignmentsAt({ study, assignments = [] }: SweepJob, point: number): Assignment[] {
  return [...assignments, ...assignmentsOf(study, point)];
}

/**
 * @returns also how many values of axes say what others say, and are left out
 * @throws ScenarioError, UsageError
 */
export function readJob(
  studyPath: string,
  policyFiles: readonly PolicyFile[],
  assignments: readonly Assignment[] = [],
): { readonly job: SweepJob; readonly repeats: number } {
  const { study, repeats } = withoutRepeats(parseStudy(readInputText(studyPath), studyPath));
  const { scenario } = study;
  const scenarioPath = isAbsolute(scenario) ? scenario : join(dirname(studyPath), scenario);
  const scenarioText = readInputText(scenarioPath);
  const version = packageVersion();
  return { job: { study, scenarioPath, scenarioText, version, policyFiles, assignments }, repeats };
}

/** Makes the runs of a chunk. @returns a line of JSON for each, in order @throws ScenarioError for a point that makes no scenario */
export type RunChunk = (chunk: number, loader: WorkloadLoader, runScenario: RunScenario) => string;

/** Reads the scenario file once for all chunks. */
export function chunksOfJob(job: SweepJob): RunChunk {
  const { study, scenarioPath, scenarioText, version } = job;
  const file = new YamlSource(scenarioText, scenarioPath);
  const sets = priceSetsFor(scenarioPath);
  return (chunk, loader, runScenario) => {
    const { first, end } = pointsOfChunk(chunk, pointCount(study));
    // All scenarios first: checking one after the other takes a third of the time that it takes between runs.
    const points = Array.from({ length: end - first }, (_value, at) => {
      const point = first + at;
      const settings = Object.fromEntries(
        assignmentsOf(study, point).map(({ path, value }) => [
          path.join("."),
          value as string | number | boolean,
        ]),
      );
      return { point, settings, scenarios: scenariosOf(file, assignmentsAt(job, point), sets) };
    });
    const lines = points.flatMap(({ point, settings, scenarios }) =>
      scenarios.map((scenario, run) => {
        const identity = runIdentity(scenario, version);
        const id = sha256(identity).slice(0, ID_CHARACTERS);
        const workload = workloadOf(scenario, scenarioPath, loader);
        const result = runScenario(scenario, workload, { check: false });
        return `${sweepLine({ point, run, id }, settings, result)}\n`;
      }),
    );
    return lines.join("");
  };
}

/** Equal for sweeps with equal results. */
export interface SweepStamp {
  /** Of the rows. */
  readonly schemaVersion: typeof RESULT_SCHEMA_VERSION;
  readonly study: string;
  readonly version: string;
  readonly points: number;
  readonly chunkPoints: number;
  /** SHA-256 of each input that decides the results. */
  readonly inputs: {
    readonly study: string;
    readonly scenario: string;
    readonly workloads: string;
    /** Of files of policies, where there are any. */
    readonly policies?: string;
    /** Of prices of machines, where runs have any. */
    readonly prices?: string;
  };
  /** SHA-256 of all fields above. */
  readonly sha256: string;
}

const digest: z.ZodType<string> = z.string().regex(/^[0-9a-f]{64}$/);
const stampSchema: z.ZodType<SweepStamp> = z.strictObject({
  schemaVersion: z.literal(RESULT_SCHEMA_VERSION),
  study: z.string(),
  version: z.string(),
  points: z.int().min(1),
  chunkPoints: z.literal(CHUNK_POINTS),
  inputs: z.strictObject({
    study: digest,
    scenario: digest,
    workloads: digest,
    policies: digest.exactOptional(),
    prices: digest.exactOptional(),
  }),
  sha256: digest,
});

/** @param recordings that it replays; where they lie does not matter. @param prices of the machines it runs on, in their order */
export function stampOf(
  { study, scenarioText, version, policyFiles }: SweepJob,
  recordings: ReadonlyMap<string, RecordedRequests>,
  prices: readonly (PriceSet | undefined)[] = [],
): SweepStamp {
  const fields = {
    schemaVersion: RESULT_SCHEMA_VERSION,
    study: study.name,
    version,
    points: pointCount(study),
    chunkPoints: CHUNK_POINTS,
    inputs: {
      study: digestOf(study),
      scenario: digestOf(scenarioText),
      workloads: digestOf([...recordings.values()]),
      ...(policyFiles.length === 0
        ? {}
        : { policies: digestOf(policyFiles.map(({ text }) => sha256(text)).toSorted()) }),
      ...(prices.every((set) => set === undefined) ? {} : { prices: digestOf(prices) }),
    },
  } as const;
  return { ...fields, sha256: digestOf(fields) };
}

/** What all chunks of a sweep have in common; threads share the columns of the traces. */
export interface SweepData {
  readonly job: SweepJob;
  readonly stamp: SweepStamp;
  readonly shard: Shard;
  readonly directory: string;
  readonly recordings: ReadonlyMap<string, RecordedRequests>;
}

export function stampText(stamp: SweepStamp): string {
  return `${JSON.stringify(stamp, undefined, 2)}\n`;
}

/** Undefined for a stamp that is damaged. @throws UsageError for one of rows that this program does not read */
export function parseStamp(path: string, text: string): SweepStamp | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return undefined;
  }
  const other = Number.isInteger((document as { schemaVersion?: unknown } | null)?.schemaVersion)
    ? otherVersion(document as object)
    : undefined;
  if (other !== undefined) throw new UsageError(`${path}: ${other}`);
  const { data } = stampSchema.safeParse(document);
  if (data === undefined) return undefined;
  const { sha256, ...fields } = data;
  return digestOf(fields) === sha256 ? data : undefined;
}

/** The differences of two sweeps in words: `version`, `study and workloads`. */
export function differenceOf(a: SweepStamp, b: SweepStamp): string {
  const inputs = (["study", "scenario", "workloads", "policies", "prices"] as const).filter(
    (name) => a.inputs[name] !== b.inputs[name],
  );
  return [...(a.version === b.version ? [] : ["version"]), ...inputs].join(" and ");
}

/** SHA-256 of plain data: objects, lists, text, numbers, and typed arrays with every bit of theirs. */
function digestOf(value: unknown): string {
  return sha256(
    JSON.stringify(value, (_key, part: unknown) =>
      ArrayBuffer.isView(part) ? sha256(new Uint8Array(part.buffer, part.byteOffset, part.byteLength)) : part,
    ),
  );
}
