/** A boot of 16 GiB as a page asks for one after another, its workload loaded, and beside it a loop over plain buddy lists. */

import { Bench } from "tinybench";
import { loadScenarios } from "../src/cli/load.js";
import { parseAssignment } from "../src/scenario/set.js";
import { runScenario } from "../src/study/run-scenario.js";
import { Recorder } from "../src/timeline/recorder.js";
import { MAX_PAGE_ORDER } from "../src/units.js";
import { PlainBuddy } from "./plain-buddy.js";

const SETTINGS = ["memory=16GiB", "platform=[tdx, snp]", "policy=[lazy, eager]", "vcpus=[1, 64]"];
const PAIRS = 200_000;

/** Of all threads, so that collecting garbage counts, and what else the machine does counts little. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Prints medians in milliseconds, and how often the loop would fit into each. */
export async function benchBoot(): Promise<void> {
  const runs = loadScenarios(["boot"], SETTINGS.map(parseAssignment));
  const bench = new Bench({
    now: cpuMs,
    iterations: 20,
    time: 0,
    warmupIterations: 10,
    warmupTime: 0,
    throws: true,
  });
  for (const { scenario, recording } of runs) {
    const { platform, policy, vcpus } = scenario;
    bench.add(`${platform.kind} ${policy}, ${vcpus} vCPUs`, () => {
      runScenario(scenario, recording, { check: false });
    });
    if (vcpus > 1) continue;
    bench.add(`${platform.kind} ${policy}, observed for a timeline`, () => {
      const recorder = new Recorder();
      runScenario(scenario, recording, { check: false, recorder });
      recorder.timeline();
    });
  }
  const plain = new PlainBuddy(1);
  plain.free(0, MAX_PAGE_ORDER);
  bench.add(`${PAIRS} pages split out of a block of 4 MiB and merged again, plain buddy lists`, () => {
    for (let pair = 0; pair < PAIRS; pair++) plain.free(plain.take(0), 0);
  });
  await bench.run();
  const results = bench.tasks.map(
    ({ result }) => (result as { latency: { p50: number; rme: number } }).latency,
  );
  const loopMs = results.at(-1)!.p50;
  console.log("\nboots of 16 GiB, the workload loaded (tinybench), medians of CPU time");
  console.table(
    results.map(({ p50, rme }, at) => ({
      name: bench.tasks[at]!.name,
      "CPU ms": p50.toFixed(1),
      "±%": rme.toFixed(1),
      "times the loop": (p50 / loopMs).toFixed(2),
    })),
  );
}
