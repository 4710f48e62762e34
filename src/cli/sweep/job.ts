/** A sweep as it is asked for, and its runs, a chunk at a time. */

import { dirname, isAbsolute, join } from "node:path";
import { scenariosOf } from "../../scenario/load.js";
import { YamlSource } from "../../scenario/yaml.js";
import { pointsOfChunk } from "../../study/sweep/chunks.js";
import { assignmentsOf, pointCount } from "../../study/sweep/points.js";
import { runIdentity, sweepLine } from "../../study/sweep/record.js";
import { parseStudy, type Study, withoutRepeats } from "../../study/sweep/study-file.js";
import { readInputText, sha256 } from "../input-file.js";
import type { RunScenario } from "../io.js";
import { workloadOf } from "../load.js";
import type { WorkloadLoader } from "../load-recording.js";
import { packageVersion } from "../version.js";

/** Characters of a run's id, of 64: two among 10^6 runs are the same with a chance of 3 in 10^8. */
const ID_CHARACTERS = 16;

/** All that decides the results of a sweep, but for the traces. */
export interface SweepJob {
  readonly study: Study;
  readonly scenarioPath: string;
  readonly scenarioText: string;
  readonly version: string;
}

/**
 * Reads a study and its scenario.
 *
 * @returns also how many values of axes say what others say, and are left out
 * @throws ScenarioError, UsageError
 */
export function readJob(studyPath: string): { readonly job: SweepJob; readonly repeats: number } {
  const { study, repeats } = withoutRepeats(parseStudy(readInputText(studyPath), studyPath));
  const { scenario } = study;
  const scenarioPath = isAbsolute(scenario) ? scenario : join(dirname(studyPath), scenario);
  const scenarioText = readInputText(scenarioPath);
  return { job: { study, scenarioPath, scenarioText, version: packageVersion() }, repeats };
}

/**
 * Simulates the points of a chunk.
 *
 * @returns a line of JSON for each run, in order
 * @throws ScenarioError for a point that makes no scenario
 */
export function runChunk(
  { study, scenarioPath, scenarioText, version }: SweepJob,
  chunk: number,
  loader: WorkloadLoader,
  runScenario: RunScenario,
): string {
  const file = new YamlSource(scenarioText, scenarioPath);
  const { first, end } = pointsOfChunk(chunk, pointCount(study));
  // All scenarios first: checking one after the other takes a third of the time that it takes between runs.
  const points = Array.from({ length: end - first }, (_value, at) => {
    const point = first + at;
    const assignments = assignmentsOf(study, point);
    const settings = Object.fromEntries(
      assignments.map(({ path, value }) => [path.join("."), value as string | number | boolean]),
    );
    return { point, settings, scenarios: scenariosOf(file, assignments) };
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
}
