import { createHash } from "node:crypto";
import { dirname, isAbsolute, join } from "node:path";
import { CHUNK_POINTS } from "../../study/sweep/chunks.js";
import { pointCount } from "../../study/sweep/points.js";
import { parseStudy, type Study } from "../../study/sweep/study-file.js";
import type { RecordedRequests } from "../../workload/after-boot.js";
import { readInputText } from "../read-file.js";
import { packageVersion } from "../version.js";

/** All that decides the results of a sweep, but for the traces. */
export interface SweepJob {
  readonly study: Study;
  readonly scenarioPath: string;
  readonly scenarioText: string;
  readonly version: string;
}

/** Reads a study and its scenario; @throws ScenarioError, UsageError */
export function readJob(studyPath: string): SweepJob {
  const study = parseStudy(readInputText(studyPath), studyPath);
  const { scenario } = study;
  const scenarioPath = isAbsolute(scenario) ? scenario : join(dirname(studyPath), scenario);
  return {
    study,
    scenarioPath,
    scenarioText: readInputText(scenarioPath),
    version: packageVersion(),
  };
}

/** What a directory of results says of the sweep it belongs to. Equal for equal results. */
export interface SweepStamp {
  readonly schemaVersion: 1;
  readonly study: string;
  readonly version: string;
  readonly points: number;
  readonly chunkPoints: number;
  /** Of the study, the scenario, the version and the traces. */
  readonly sha256: string;
}

/**
 * The stamp of a sweep.
 *
 * @param recordings that it replays; where they lie does not matter
 */
export function stampOf(
  { study, scenarioText, version }: SweepJob,
  recordings: ReadonlyMap<string, RecordedRequests>,
): SweepStamp {
  const { name, description: _description, ...decisive } = study;
  // A description has the checksum of its trace; a trace without one is told by its requests.
  const replayed = Array.from(recordings.values(), ({ recording, requests: { kind, gfp, thinkNs } }) =>
    [recording, kind, gfp, thinkNs].map((part) =>
      ArrayBuffer.isView(part) ? sha256(new Uint8Array(part.buffer)) : JSON.stringify(part),
    ),
  );
  const content = JSON.stringify([decisive, scenarioText, version, replayed]);
  return {
    schemaVersion: 1,
    study: name,
    version,
    points: pointCount(study),
    chunkPoints: CHUNK_POINTS,
    sha256: sha256(content),
  };
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
