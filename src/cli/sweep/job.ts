import { dirname, isAbsolute, join } from "node:path";
import { parseStudy, type Study, withoutRepeats } from "../../study/sweep/study-file.js";
import { readInputText } from "../read-file.js";
import { packageVersion } from "../version.js";

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
