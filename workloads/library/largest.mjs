// The largest guest that is ready before a deadline.
//
//     node largest.mjs
import { formatBytes, isSound, largestWith, parseScenario, runScenario, withDeadline } from "unaccepted";
import { loadWorkload } from "unaccepted/node";

const GIB = 2 ** 30;
const DEADLINE_NS = 10e9;
const TEXT = "name: mine\nworkload: linux-7.3.4-debian-1c4g\nplatform: tdx\npolicy: lazy\nmemory: 1GiB\nvcpus: 2\n";
const workload = await loadWorkload("linux-7.3.4-debian-1c4g");

// Doubles the size from the first on, then halves the gap down to the step, as what is slow gets slower with size.
const { holds, fails, tries } = await largestWith(GIB, 64 * GIB, GIB, async (sizeBytes) => {
  const [scenario] = parseScenario(TEXT, "mine.yaml", [`memory=${sizeBytes}`]);
  if (scenario === undefined) throw new Error("a scenario file makes one run or more");
  // A run that is late has the outcome "deadline", and a reason.
  return isSound(withDeadline(runScenario(scenario, workload, { check: false }), DEADLINE_NS));
});
const [most, next] = [holds, fails].map((size) => (size === undefined ? "none" : formatBytes(size)));
console.log(`tdx lazy: ${most} boots within 10 s, ${next} does not; ${tries} sizes tried`);
