/** What a directory of results says of the sweep it belongs to. */

import { z } from "zod";
import { otherVersion } from "../../results/formats.js";
import { RESULT_SCHEMA_VERSION } from "../../results/row.js";
import { CHUNK_POINTS } from "../../study/sweep/chunks.js";
import { pointCount } from "../../study/sweep/points.js";
import type { RecordedRequests } from "../../workload/after-boot.js";
import { sha256 } from "../input-file.js";
import { UsageError } from "../usage-error.js";
import type { SweepJob } from "./job.js";

/** Equal for sweeps with equal results. */
export interface SweepStamp {
  /** Of the rows. */
  readonly schemaVersion: typeof RESULT_SCHEMA_VERSION;
  readonly study: string;
  readonly version: string;
  readonly points: number;
  readonly chunkPoints: number;
  /** SHA-256 of each thing that decides the results. */
  readonly inputs: { readonly study: string; readonly scenario: string; readonly workloads: string };
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
  inputs: z.strictObject({ study: digest, scenario: digest, workloads: digest }),
  sha256: digest,
});

/**
 * The stamp of a sweep.
 *
 * @param recordings that it replays; where they lie does not matter
 */
export function stampOf(
  { study, scenarioText, version }: SweepJob,
  recordings: ReadonlyMap<string, RecordedRequests>,
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
    },
  } as const;
  return { ...fields, sha256: digestOf(fields) };
}

/** The text of a stamp's file. */
export function stampText(stamp: SweepStamp): string {
  return `${JSON.stringify(stamp, undefined, 2)}\n`;
}

/**
 * Reads the text of a stamp's file; undefined for one that is damaged.
 *
 * @throws UsageError for one of rows that this program does not read
 */
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

/** What two sweeps differ in, in words: `version`, `study and workloads`. */
export function differenceOf(a: SweepStamp, b: SweepStamp): string {
  const inputs = (["study", "scenario", "workloads"] as const).filter(
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
