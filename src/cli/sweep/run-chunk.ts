import { createHash } from "node:crypto";
import { scenariosOf } from "../../scenario/load.js";
import { YamlSource } from "../../scenario/yaml-source.js";
import { pointsOfChunk } from "../../study/sweep/chunks.js";
import { assignmentsOf, pointCount } from "../../study/sweep/points.js";
import { sweepLine } from "../../study/sweep/record.js";
import { runIdentity } from "../../study/sweep/run-id.js";
import type { RunScenario } from "../context.js";
import { workloadOf } from "../load.js";
import type { WorkloadLoader } from "../load-recording.js";
import type { SweepJob } from "./job.js";

/** Characters of a run's id, of 64: two among 10^6 runs are the same with a chance of 3 in 10^8. */
const ID_CHARACTERS = 16;

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
  const lines: string[] = [];
  const file = new YamlSource(scenarioText, scenarioPath);
  const { first, end } = pointsOfChunk(chunk, pointCount(study));
  for (let point = first; point < end; point++) {
    const assignments = assignmentsOf(study, point);
    const settings = Object.fromEntries(
      assignments.map(({ path, value }) => [path.join("."), value as string | number | boolean]),
    );
    const scenarios = scenariosOf(file, assignments);
    for (const [run, scenario] of scenarios.entries()) {
      const identity = runIdentity(scenario, version);
      const id = createHash("sha256").update(identity).digest("hex").slice(0, ID_CHARACTERS);
      const workload = workloadOf(scenario, scenarioPath, loader);
      const result = runScenario(scenario, workload, { check: false });
      lines.push(`${sweepLine({ point, run, id }, settings, result)}\n`);
    }
  }
  return lines.join("");
}
