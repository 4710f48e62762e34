import { dirname, isAbsolute, join } from "node:path";
import { parseStudy, type Study } from "../../study/sweep/study-file.js";
import { readInput } from "../load-recording.js";
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
  const study = parseStudy(readInput(studyPath).toString("utf8"), studyPath);
  const { scenario } = study;
  const scenarioPath = isAbsolute(scenario) ? scenario : join(dirname(studyPath), scenario);
  return {
    study,
    scenarioPath,
    scenarioText: readInput(scenarioPath).toString("utf8"),
    version: packageVersion(),
  };
}
