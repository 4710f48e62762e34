// Policies side by side on a scenario of your own: the rows are those of `unaccepted compare mine.yaml --json`.
//
//     node compare.mjs
import { compare, formatJson, formatTable, parseScenario, runnerOf, ScenarioError } from "unaccepted";
import { loadWorkload } from "unaccepted/node";

const FILE = "mine.yaml";
const TEXT = `
name: mine
workload: linux-7.3.4-debian-1c4g
platform: tdx
policy: [eager, lazy]
memory: 4GiB
vcpus: 16
`;

// Lists make a scenario for each combination. A mistake is told with its line and column.
try {
  parseScenario(TEXT.replace("lazy", "lasy"), FILE);
} catch (error) {
  if (error instanceof ScenarioError) console.log(error.message);
}
const scenarios = parseScenario(TEXT, FILE);

// A recording that comes with the package, by its name; or the path of a trace of yours. It comes with the boot that
// goes before it, if it has none, and with what each further CPU asks for as it comes up.
const workload = await loadWorkload("linux-7.3.4-debian-1c4g");

const runs = scenarios.map((scenario) => ({ scenario, workload }));
const rows = await compare(scenarios, runnerOf(runs));
console.log(formatTable(rows));

// The same as data: `rows` themselves, or text for a file.
console.log(rows.map(({ policy, bootTimeNs }) => `${policy}: ${bootTimeNs} ns`).join(", "));
console.log(formatJson(rows).slice(0, 40));
