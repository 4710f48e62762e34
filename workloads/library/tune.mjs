// The best setting of a knob, and what another one costs.
//
//     node tune.mjs
import {
  formatBytes,
  formatDuration,
  gridSize,
  parseConstraint,
  parseKnob,
  parseObjective,
  parseScenario,
  runScenario,
  tune,
  withSeed,
} from "unaccepted";
import { loadWorkload } from "unaccepted/node";

const TEXT = "name: mine\nworkload: linux-7.3.4-debian-1c4g\nplatform: tdx\npolicy: lazy\nmemory: 2GiB\n";
const workload = await loadWorkload("linux-7.3.4-debian-1c4g");

// As after --knob, --objective and --constraint: a place of the scenario and its values; a measure to make small, a sum
// of them, or several in order; what has to hold. Mistakes throw, and say in which column.
const knobs = [parseKnob("firmware.preAcceptLimit=64MiB,128MiB,256MiB,512MiB,1GiB")];
const request = {
  knobs,
  objective: parseObjective("bootTimeNs,overheadBytes"),
  constraints: [parseConstraint("acceptedBytes<=2GiB")],
  budget: 20,
  // Runs of each setting, where anything is random.
  seeds: 1,
};

const { findings } = await tune(request, {
  // Is asked for runs: of the scenario with its knobs set, or as it stands, with its own seed or a later one.
  async run(values, seed) {
    const assignments = Object.entries(values).map(([path, value]) => `${path}=${value}`);
    const [scenario] = parseScenario(TEXT, "mine.yaml", assignments);
    if (scenario === undefined) throw new Error("a scenario file makes one run or more");
    return runScenario(withSeed(scenario, seed), workload, { check: false });
  },
});

console.log(`${findings.points.length} of ${gridSize(knobs)} settings tried`);
const { best, curves } = findings;
if (best === null) throw new Error("no setting gets ready and keeps to the constraints");
for (const [path, value] of Object.entries(best.knobs)) {
  console.log(`best: ${path} ${formatBytes(Number(value))}, bootTimeNs ${formatDuration(best.bootTimeNs)}`);
}
for (const { points } of curves) {
  for (const { value, loss } of points) {
    const text = loss === null ? "does not do" : `${(100 * loss).toFixed(1)} % worse`;
    console.log(`  ${formatBytes(Number(value))}: ${text}`);
  }
}
