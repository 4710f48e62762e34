// Workloads that are made for a machine, with other seeds, and how much the seed matters.
//
//     node generators.mjs
import { formatDuration, GENERATORS, repeatsOf, runScenario, withSeed } from "unaccepted";
import { loadScenarios, loadWorkload } from "unaccepted/node";

for (const { name, summary, parameters } of GENERATORS) {
  console.log(`generate:${name}?${Object.keys(parameters).join("=..&")}=..: ${summary}`);
}

const [run] = await loadScenarios("boot", [
  "platform=snp",
  "policy=lazy",
  "memory=1GiB",
  "vcpus=2",
  "workload=generate:database?size=64MiB",
]);
if (run === undefined) throw new Error("a scenario file makes one run or more");

// The same scenario with the seeds that follow its own: `unaccepted compare ... --repeat 3`.
const results = [];
for (const later of [0, 1, 2]) {
  const scenario = withSeed(run.scenario, later);
  // What is generated depends on memory, CPUs and seed, so it is made for each scenario.
  results.push(runScenario(scenario, await loadWorkload(scenario), { check: false }));
}
const { runs, totalTimeNs } = repeatsOf(results);
console.log(`${runs} seeds: total ${formatDuration(totalTimeNs.mean)} ± ${formatDuration(totalTimeNs.halfWidth)}`);
