// One boot in full: what it took, what waited, what the host spends.
//
//     node run.mjs
import { formatBytes, formatDuration, formatRunSummary, runScenario } from "unaccepted";
import { loadScenarios } from "unaccepted/node";

// A scenario that comes with the package, by its name, or a path; then what is to be another way, as after --set.
const [run] = await loadScenarios("boot", ["platform=tdx", "policy=lazy", "memory=4GiB", "vcpus=4"]);
if (run === undefined) throw new Error("a scenario file makes one run or more");

// `check: true` walks the whole machine for broken invariants on the way, which is slow.
const result = runScenario(run.scenario, run.workload, { check: false });

// Times are nanoseconds and sizes bytes, as their names say.
const { bootTimeNs, overheadBytes, waits } = result;
console.log(`ready after ${formatDuration(bootTimeNs)}, overhead ${formatBytes(overheadBytes)}`);
console.log(`${waits.boot.count} of ${waits.boot.allocations} allocations of the boot waited`);
console.log(formatRunSummary(result));
