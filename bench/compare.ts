/** Whole runs: importing the recorded trace, one run of each policy, and the comparison that `npm start` makes. */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { loadScenarios } from "../src/cli/load.js";
import { compare } from "../src/study/compare.js";
import { runScenario } from "../src/study/run-scenario.js";
import { buildRequests } from "../src/workload/build-requests.js";
import { TracefsReader } from "../src/workload/tracefs.js";
import { type Measure, runMs } from "./measure.js";

export function measures(): readonly Measure[] {
  const loaded = loadScenarios(["workloads/boot.yaml"], []);
  const recording = loaded[0]!.recording;
  const scenarios = loaded.map(({ scenario }) => scenario);
  const trace = gunzipSync(readFileSync("workloads/recorded/linux-6.12.95-1c4g/boot.trace.gz"));
  const row = (name: string, run: () => unknown): Measure => ({
    name: `whole/${name}`,
    goal: "for reading",
    unit: "ms",
    better: "less",
    peer: "CPU time of this process",
    sample: () => runMs(run),
  });
  return [
    row("import-boot-trace", () => {
      const reader = new TracefsReader("boot.trace");
      reader.feed(trace);
      buildRequests(reader.end(), recording.recording);
    }),
    ...scenarios
      .filter((s) => s.platform.kind === "tdx" && s.memoryBytes > 2 ** 33)
      .map((scenario) =>
        row(`tdx-64gib-${scenario.policy}`, () => runScenario(scenario, recording, { check: false })),
      ),
    row(`compare-${scenarios.length}-runs`, () =>
      compare(scenarios, (scenario) => runScenario(scenario, recording, { check: false })),
    ),
  ];
}
