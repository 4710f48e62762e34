/** Whole runs: importing the recorded trace, one run of each policy, and the comparison that `npm start` makes. */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Bench } from "tinybench";
import { loadScenarios } from "../src/cli/load.js";
import { compare } from "../src/study/compare.js";
import { runScenario } from "../src/study/run-scenario.js";
import { buildRequests } from "../src/workload/build-requests.js";
import { TracefsReader } from "../src/workload/tracefs.js";

const loaded = loadScenarios(["workloads/boot.yaml"], []);
const recording = loaded[0]!.recording;
const scenarios = loaded.map(({ scenario }) => scenario);
const trace = gunzipSync(readFileSync("workloads/recorded/linux-6.12.95-1c4g/boot.trace.gz"));

/** Runs them and prints a table: milliseconds for each, and a rate where one is meant. */
export async function benchWholeRuns(): Promise<void> {
  const bench = new Bench({ time: 1000, warmupTime: 300, throws: true });
  bench.add("import trace", () => {
    const reader = new TracefsReader("boot.trace");
    reader.feed(trace);
    buildRequests(reader.end(), recording.recording);
  });
  for (const scenario of scenarios.filter((s) => s.platform.kind === "tdx" && s.memoryBytes > 2 ** 33)) {
    bench.add(`run tdx 64 GiB ${scenario.policy}`, () => {
      runScenario(scenario, recording, { check: false });
    });
  }
  bench.add(`compare, ${scenarios.length} runs`, async () => {
    await compare(scenarios, (scenario) => runScenario(scenario, recording, { check: false }));
  });
  await bench.run();
  console.log("\nwhole runs (tinybench)");
  console.table(
    bench.tasks.map(({ name, result }) => {
      const { latency } = result as { latency: { p50: number; rme: number; samplesCount: number } };
      return {
        name,
        "median ms": latency.p50.toFixed(2),
        "±%": latency.rme.toFixed(1),
        runs: latency.samplesCount,
        rate: name === "import trace" ? `${(trace.length / 1e3 / latency.p50).toFixed(0)} MB/s` : "",
      };
    }),
  );
}
